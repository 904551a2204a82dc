"""Bodies that are rewritten as they pass give what they give when they are read whole."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import quopri
import zlib
from typing import Any
from urllib.parse import quote_plus

import brotli
import pytest
import zstandard
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from proxy.content.data import NO_FIELDS, BodyFields
from proxy.content.limits import Limits
from proxy.content.streaming import Passage, StreamRewriter
from proxy.content.streaming.passage import Span
from proxy.content.streaming.reader import reader_of
from proxy.errors import Refused
from proxy.reasons import Reason
from tests.proxy.content.content_toy import (
    ALLOW_RULE,
    DROP_RULE,
    ELEMENT,
    PROTECT,
    RESTORE,
    RULE,
    SECRETS,
    Toy,
    automaton,
    run,
)

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
SMALL = Span(stretch=64, long=256, hold=96, word=128)
"""Bounds at which every way through a reader is taken by short bodies."""
LIMITS = Limits()
RECORDS = BodyFields(
    automaton(
        (("value", ELEMENT, "name"), RULE),
        (("value", ELEMENT, "photo"), DROP_RULE),
        (("value", ELEMENT, "note"), ALLOW_RULE),
        (("name",), RULE),
    ),
    {"photo": DROP_RULE, "name": RULE},
)


def passed(
    body: bytes,
    declared: str,
    sizes: list[int],
    *,
    coding: str = "",
    visitor: Toy = PROTECT,
    fields: BodyFields = NO_FIELDS,
    answer: bool = False,
    span: Span = SMALL,
    opaque: list[str] | None = None,
) -> bytes:
    """``body`` through a rewriter in pieces of ``sizes``, again and again."""
    told = opaque if opaque is not None else []
    passage = Passage(
        visitor, LIMITS, answer, lambda word, _: told.append(str(word)), declared, fields, span
    )
    rewriter = StreamRewriter(passage, coding, make=reader_of)
    out: list[bytes] = []
    at = turn = 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        out += rewriter(body[at : at + size])
        at, turn = at + size, turn + 1
    out += rewriter(b"")
    assert b"" not in out
    return b"".join(out)


NAMES = st.sampled_from(list(SECRETS))
WORDS = st.sampled_from(["le", "devoir", "été", "rendu", "42", "x" * 40, "œuvre", "a@b.example"])
PROSE = st.lists(st.one_of(WORDS, NAMES), min_size=1, max_size=12).map(" ".join)
SIZES = st.lists(st.sampled_from([1, 2, 7, 64, 300, 1000]), min_size=3, max_size=6, unique=True)
RECORD = st.fixed_dictionaries(
    {"id": st.integers(0, 10**6), "name": st.one_of(NAMES, PROSE), "text": PROSE},
    optional={
        "tags": st.lists(PROSE, max_size=3),
        "photo": st.text("QUJD", max_size=400),
        "note": PROSE,
        "inner": st.fixed_dictionaries({"name": NAMES, "at": st.none() | st.floats(0, 9)}),
    },
)
RECORD_LIST = st.lists(RECORD, min_size=1, max_size=14)
ASCII = st.booleans()


def _json(value: Any, ascii_only: bool, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(records=RECORD_LIST, sizes=SIZES, indent=st.sampled_from([None, 1]))
def test_json_passes_as_it_is_read_whole(
    records: list[Any], sizes: list[int], indent: int | None
) -> None:
    document = {"@count": len(records), "value": records, "name": "Jean Dupont", "end": [1, [2]]}
    body = _json(document, False, indent)
    whole = run(body, "application/json", fields=RECORDS).body
    assert passed(body, "application/json", sizes, fields=RECORDS) == whole
    assert json.loads(whole)["@count"] == len(records)


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(records=RECORD_LIST, sizes=SIZES, ascii_only=ASCII)
def test_json_in_answers_is_restored_as_it_passes(
    records: list[Any], sizes: list[int], ascii_only: bool
) -> None:
    body = _json({"value": records}, False)
    sent = run(body, "application/json").body
    back = passed(sent, "application/json", sizes, visitor=RESTORE, answer=True)
    assert json.loads(back) == json.loads(body)


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(text=st.lists(PROSE, min_size=30, max_size=60), sizes=SIZES, ascii_only=ASCII)
def test_a_long_string_in_json_passes(text: list[str], sizes: list[int], ascii_only: bool) -> None:
    body = _json({"value": [{"id": 1, "text": "\n".join(text), "name": "Léa Martin"}]}, ascii_only)
    sent = passed(body, "application/json", sizes, fields=RECORDS)
    read = json.loads(sent)["value"][0]
    assert read["name"] == "zq1aaaa"
    assert read["text"] == _protected("\n".join(text))


def _protected(text: str) -> str:
    return PROTECT.pattern.sub(lambda match: PROTECT.words[match[0]], text)


@pytest.mark.parametrize("size", [1, 7, 64, 4000])
def test_field_rules_treat_long_strings(size: int) -> None:
    long = base64.b64encode(bytes(range(256)) * 8).decode()
    record = {"photo": long, "note": "Léa Martin " * 90, "name": "Zoé " * 200}
    body = _json({"value": [{"id": 1}, record, {"name": "Jean Dupont"}]}, False)
    sent = passed(body, "application/json", [size], fields=RECORDS)
    value = json.loads(sent)["value"]
    assert value[1]["photo"] == ""
    assert value[1]["note"] == record["note"]
    assert value[1]["name"] == "zq1field"
    assert value[2]["name"] == "zq1bbbb"


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(records=RECORD_LIST, sizes=SIZES, media=st.sampled_from(["application/x-ndjson", ""]))
def test_json_lines_pass_as_they_are_read_whole(
    records: list[Any], sizes: list[int], media: str
) -> None:
    body = b"".join(_json(record, False) + b"\n" for record in records)
    whole = run(body, media, fields=RECORDS).body
    assert passed(body, media, sizes, fields=RECORDS) == whole


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(lines=st.lists(PROSE, min_size=1, max_size=40), sizes=SIZES)
def test_text_passes_as_it_is_read_whole(lines: list[str], sizes: list[int]) -> None:
    body = "\r\n".join(lines).encode()
    assert passed(body, "text/plain", sizes) == run(body, "text/plain").body


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(
    words=st.lists(PROSE, min_size=20, max_size=60),
    sizes=SIZES,
    between=st.sampled_from([" ", ", ", " <", '"', "; "]),
    charset=st.sampled_from(["utf-8", "iso-8859-15", "utf-16-le", "utf-16", "cp1252"]),
)
def test_a_text_without_line_breaks_passes(
    words: list[str], sizes: list[int], between: str, charset: str
) -> None:
    text = "".join(c for c in between.join(words) if ord(c) < 0x400)
    body = text.encode(charset, "replace")
    text = body.decode(charset)
    sent = passed(body, f"text/plain; charset={charset}", sizes)
    assert sent.decode(charset) == _protected(text)


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(rows=st.lists(st.tuples(PROSE, NAMES, PROSE), min_size=1, max_size=30), sizes=SIZES)
def test_tables_pass_as_they_are_read_whole(rows: list[Any], sizes: list[int]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(("a", "nom", "b"))
    writer.writerows([(a, name, b.replace(" ", "\n")) for a, name, b in rows])
    body = out.getvalue().encode()
    assert passed(body, "text/csv", sizes) == run(body, "text/csv").body


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(
    pairs=st.lists(st.tuples(st.sampled_from(["a", "name", "q"]), PROSE), min_size=1, max_size=30),
    sizes=SIZES,
)
def test_forms_pass_as_they_are_read_whole(pairs: list[Any], sizes: list[int]) -> None:
    body = "&".join(f"{key}={quote_plus(value)}" for key, value in pairs).encode()
    media = "application/x-www-form-urlencoded"
    whole = run(body, media, fields=RECORDS).body
    assert passed(body, media, sizes, fields=RECORDS) == whole


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(values=st.lists(PROSE, min_size=20, max_size=50), sizes=SIZES)
def test_a_long_value_of_a_form_passes(values: list[str], sizes: list[int]) -> None:
    text = "\n".join(values)
    body = f"a=1&text={quote_plus(text)}&photo={'QUJD' * 300}&b=Jean+Dupont".encode()
    sent = passed(body, "application/x-www-form-urlencoded", sizes, fields=RECORDS)
    assert sent == f"a=1&text={quote_plus(_protected(text))}&photo=&b=zq1bbbb".encode()


@settings(max_examples=26, deadline=None, phases=PHASES)
@given(cells=st.lists(PROSE, min_size=1, max_size=40), sizes=SIZES, xml=st.booleans())
def test_markup_passes_as_it_is_read_whole(cells: list[str], sizes: list[int], xml: bool) -> None:
    start = '<?xml version="1.0"?><r>' if xml else "<!doctype html><html><body>"
    rows = "".join(f'<p title="{cell}" k="v">{cell} &amp; <b>{cell}</b></p>' for cell in cells)
    script = "" if xml else '<script>var a = "Léa Martin </p>";</script><!-- Jean Dupont </p> -->'
    body = (start + rows + script + rows).encode()
    media = "application/xml" if xml else "text/html"
    assert passed(body, media, sizes) == run(body, media).body


def test_long_raw_content_in_markup_passes() -> None:
    line = 'var n = "Tom O\'Brien and Léa Martin <b>"; '
    body = f"<html><p>a</p><script>{line * 40}</script><p>Jean Dupont</p></html>".encode()
    for size in (1, 13, 4000):
        sent = passed(body, "text/html", [size])
        assert sent == _protected(body.decode()).encode()


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(
    small=PROSE,
    lines=st.lists(PROSE, min_size=1, max_size=40),
    sizes=SIZES,
    transfer=st.sampled_from(["", "base64", "quoted-printable"]),
)
@example(
    small="le",
    lines=[
        "devoir le lea.martin@ecole.example devoir Zoé Çelik-Øst Tom O'Brien",
        "œuvre Tom O'Brien devoir été été",
        "a@b.example Jean Dupont Léa Martin devoir le le",
    ]
    * 3,
    sizes=[64],
    transfer="quoted-printable",
)
def test_multipart_passes_as_it_is_read_whole(
    small: str, lines: list[str], sizes: list[int], transfer: str
) -> None:
    text = "\r\n".join(lines).encode()
    coded = text
    if transfer == "base64":
        coded = base64.encodebytes(text).replace(b"\n", b"\r\n")[:-2]
    elif transfer:
        coded = quopri.encodestring(text.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    extra = f"\r\nContent-Transfer-Encoding: {transfer}" if transfer else ""
    body = b"".join(
        (
            b'--b\r\nContent-Disposition: form-data; name="q"\r\n\r\n',
            small.encode(),
            b'\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="Jean Dupont.txt"\r\n',
            f"Content-Type: text/plain; charset=utf-8{extra}\r\n\r\n".encode(),
            coded,
            b'\r\n--b\r\nContent-Disposition: form-data; name="photo"\r\n\r\n',
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3,
            b"\r\n--b--\r\n",
        )
    )
    media = "multipart/form-data; boundary=b"
    whole = run(body, media, fields=RECORDS)
    sent = passed(body, media, sizes, fields=RECORDS)
    if whole.changed and transfer:
        part = sent.split(b"\r\n--b")[1].split(b"\r\n\r\n", 1)[1]
        assert not any(secret.encode() in part for secret in SECRETS)
    else:
        assert sent == whole.body


@settings(max_examples=15, deadline=None, phases=PHASES)
@given(lines=st.lists(PROSE, min_size=30, max_size=60), sizes=SIZES, padded=st.booleans())
def test_long_base64_in_json_is_opened_as_it_passes(
    lines: list[str], sizes: list[int], padded: bool
) -> None:
    text = "\n".join(lines)
    word = base64.b64encode(text.encode()).decode()
    word = word if padded else word.rstrip("=")
    body = _json({"id": 1, "content": word, "name": "Léa Martin"}, False)
    sent = json.loads(passed(body, "application/json", sizes, fields=RECORDS))
    content = sent["content"]
    assert base64.b64decode(content + "=" * (-len(content) % 4)).decode() == _protected(text)
    assert sent["name"] == "zq1aaaa"


PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=3),
    "zstd": zstandard.ZstdCompressor().compress,
}


def _unpacked(data: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.decompress(data)
    if coding == "br":
        return bytes(brotli.decompress(data))
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return zlib.decompress(data)


@pytest.mark.parametrize("coding", [*PACKERS, "gzip, br"])
@settings(max_examples=15, deadline=None, phases=PHASES)
@given(lines=st.lists(PROSE, min_size=1, max_size=60), sizes=SIZES)
def test_codings_are_undone_and_redone(coding: str, lines: list[str], sizes: list[int]) -> None:
    text = "\n".join(lines)
    body = text.encode()
    names = coding.split(", ")
    for name in names:
        body = PACKERS[name](body)
    sent = passed(body, "text/plain", sizes, coding=coding)
    for name in reversed(names):
        sent = _unpacked(sent, name)
    assert sent.decode() == _protected(text)


def test_several_members_are_one_body() -> None:
    body = gzip.compress(b"a Jean Du") + gzip.compress(b"pont b\n")
    for size in (1, 2, 5, 100):
        assert _unpacked(passed(body, "", [size], coding="gzip"), "gzip") == b"a zq1bbbb b\n"


@pytest.mark.parametrize("coding", list(PACKERS))
@pytest.mark.parametrize("damage", ["cut", "more", "broken"])
def test_a_damaged_coding_is_refused(coding: str, damage: str) -> None:
    body = PACKERS[coding](b"un devoir\n" * 500)
    body = {"cut": body[:-3], "more": body + b"xyz", "broken": b"\x07" * 40}[damage]
    for size in (3, 5000):
        with pytest.raises(Refused):
            passed(body, "text/plain", [size], coding=coding)


@pytest.mark.parametrize("coding", list(PACKERS))
def test_a_bomb_is_refused_before_it_expands(coding: str) -> None:
    body = PACKERS[coding](bytes(64 << 20))
    with pytest.raises(Refused) as refused:
        passed(body, "text/plain", [1000], coding=coding, span=Span())
    assert refused.value.reason.value in ("expansion-limit", "opaque-content")


@pytest.mark.parametrize(
    ("begins", "word"),
    [(b"%PDF-1.7", "pdf"), (b"PK\x03\x04", "archive"), (b"\x89PNG\r\n\x1a\n", "image")],
)
def test_what_cannot_be_read_is_told_before_anything_leaves(begins: bytes, word: str) -> None:
    def refuse(told: str | None, picture: bool) -> None:
        assert (told, picture) == (word, word == "image")
        raise Refused(Reason.OPAQUE_CONTENT, word)

    passage = Passage(PROTECT, LIMITS, False, refuse, "", NO_FIELDS, SMALL)
    rewriter = StreamRewriter(passage, "", make=reader_of)
    body = begins + b"\0\xff\x10" * 400
    sent: list[bytes] = []
    with pytest.raises(Refused):
        sent.extend(rewriter(body[at : at + 50]) for at in range(0, len(body), 50))
    assert not any(sent)
    with pytest.raises(Refused):
        rewriter(b"more")


def test_opaque_content_that_is_allowed_passes_untouched() -> None:
    body = b"%PDF-1.7\0" + bytes(range(256)) * 20
    told: list[str] = []
    assert passed(body, "application/pdf", [100], opaque=told) == body
    assert told == ["pdf"]


def test_identifiers_in_clear_in_opaque_content_are_refused() -> None:
    body = b"%PDF-1.7\0" + bytes(range(256)) * 4 + "Léa Martin".encode() + b"\0" * 300
    for size in (1, 50, 5000):
        with pytest.raises(Refused):
            passed(body, "application/pdf", [size])


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(
    data=st.binary(max_size=1500),
    sizes=SIZES,
    media=st.sampled_from(
        [
            "",
            "application/json",
            "text/html",
            "text/csv",
            "multipart/form-data; boundary=b",
            "application/x-www-form-urlencoded",
        ]
    ),
)
def test_any_bytes_pass_or_are_refused(data: bytes, sizes: list[int], media: str) -> None:
    try:
        sent = passed(data, media, sizes)
    except Refused:
        return
    assert sent == data
