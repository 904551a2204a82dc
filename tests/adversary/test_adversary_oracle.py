"""The oracle itself: it finds what is planted in any format and coding, and nothing else."""

from __future__ import annotations

import base64
import gzip
import zlib
from dataclasses import replace

import brotli
import pytest
import zstandard

from proxy.demo.people import cast
from tests.adversary.decodings import UNDO
from tests.adversary.oracle import Oracle, fold, name_words
from tests.adversary.planting import WRAPPINGS, plant
from tests.leak.layers import LAYERS, Layer, nests
from tests.leak.spellings import NEUTRAL, Author, Identifier, filler_words

PEOPLE = cast(600)
ORACLE = Oracle(PEOPLE)
PACKINGS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": lambda data: zlib.compress(data, wbits=-15),
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "gzip then br": lambda data: brotli.compress(gzip.compress(data)),
}
CHARSETS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("outer", LAYERS, ids=lambda layer: layer.name)
def test_it_finds_one_person_planted_in_any_nesting(outer: Layer) -> None:
    author = Author(PEOPLE)
    for inner in LAYERS:
        if nests(outer, inner):
            (said,) = author.texts(1, outer.charset if outer.charset != "utf-8" else inner.charset)
            document = outer.write([NEUTRAL[0], inner.write([said.text]), NEUTRAL[1]])
            found = ORACLE.people(document.encode())
            assert found, f"{outer.name} > {inner.name}: {said.text!r}"


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_it_finds_one_person_planted_under_any_coding(layer: Layer, packing: str) -> None:
    (said,) = Author(PEOPLE[len(layer.name) :]).texts(1, layer.charset)
    assert ORACLE.people(PACKINGS[packing](layer.write([NEUTRAL[0], said.text]).encode()))


@pytest.mark.parametrize("charset", CHARSETS)
def test_it_finds_everybody_in_any_charset(charset: str) -> None:
    author = Author(PEOPLE)
    for said in author.texts(60):
        body = f"note : {said.text}".encode(charset)
        assert ORACLE.people(body), said.text
        assert ORACLE.people(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)), said.text


def test_it_finds_every_identifier_of_every_spelling() -> None:
    for said in Author(PEOPLE).texts(3000):
        for piece in said.pieces:
            if isinstance(piece, Identifier):
                assert ORACLE.people(piece.text.encode()), piece


def test_half_a_name_is_found_near_its_person() -> None:
    person = next(p for p in PEOPLE if p.family_name == "Le Gall" and "-" in p.given_name)
    assert not ORACLE.people(b"zqa1 Le Gall")
    assert ORACLE.near(b"zqa1 Le Gall", [person])


def test_the_filler_names_nobody() -> None:
    """Else the search for half names could not be so strict."""
    wrapped = [layer.write([*NEUTRAL, *filler_words()]) for layer in LAYERS]
    for document in wrapped:
        assert not ORACLE.near(document.encode(), PEOPLE)
    words = set().union(*(fold(document).split() for document in wrapped))
    assert not words & set().union(*map(name_words, PEOPLE))


def test_a_leak_in_clear_is_found_in_a_large_file() -> None:
    noise = bytes(range(256)) * 400
    for said in Author(PEOPLE).texts(5):
        for charset in ("utf-8", "utf-16-le"):
            assert ORACLE.in_clear(noise + b"\n" + said.text.encode(charset) + b"\n" + noise)
    assert not ORACLE.in_clear(noise)


def test_it_reads_base64_beside_a_pseudonym_but_not_the_pseudonym() -> None:
    """Its random letters are no message; the word next to it may be one."""
    secret = base64.b64encode(b"rendu par Camille Durand")
    token = b"zqxxf4gkzx7b6ctzkkoamozww5rayi"  # reads as Latin-1 of a sort
    (read,) = UNDO["base64"](b"t=" + token + b" " + secret)
    assert b"Camille Durand" in read
    assert base64.b64decode(token[3:] + b"=")[4:12] not in read


def test_it_finds_each_of_a_thousand_planted_leaks() -> None:
    missed = [planted.how for planted in plant(PEOPLE, 1000) if not ORACLE.people(planted.body)]
    assert not missed


def test_planted_leaks_are_many_kinds_and_deep() -> None:
    hows = [planted.how.split(" > ") for planted in plant(PEOPLE, 1000)]
    assert max(map(len, hows)) >= 5
    steps = {step for how in hows for step in how}
    assert steps >= {*WRAPPINGS, "markup", "deltas", "e-mail hash", "phone", "INE", "e-mail"}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_it_raises_no_false_alarm(wrapping: str) -> None:
    """The same bodies about people who are not of the cast."""
    strangers = [
        replace(
            person,
            given_name=person.given_name[::-1] + "qwxz",
            family_name="Wqzx" + person.family_name[::-1],
            email=f"qwxz{number}@ailleurs.example",
            phone=f"09{number:08d}",
            national_id="",
        )
        for number, person in enumerate(PEOPLE[:40])
    ]
    for planted in plant(strangers, 40):
        assert not ORACLE.people(WRAPPINGS[wrapping](planted.body)), planted.how
