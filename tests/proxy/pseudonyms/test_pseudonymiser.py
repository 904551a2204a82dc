"""The laws of pseudonyms: exact, stable, one core a value, unlinkable, unforgeable, scoped."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import InputError, StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser, Scope
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.pseudonyms.shapes import SHAPE_NAMES, checked_domain
from proxy.pseudonyms.tokens import NAME_LENGTH, TOKEN_LENGTH
from proxy.store import open_store

DOMAIN = "p.lycee.example"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.lower,
    str.title,
    str.swapcase,
    lambda text: " ".join(text.split()[::-1]),
    lambda text: text.replace("-", " "),
    lambda text: text.encode("ascii", "ignore").decode() or "x",
    lambda text: f" {text}",
    lambda text: text.replace(" ", "\xa0"),
)

any_text = st.text(st.characters(codec=None, exclude_categories=[]), min_size=1, max_size=60)
letters = st.text("aàâbcçdeéèêëfgiïlmnoôœrstuüABCÉLMÎ -'.@_0123456789\x1f", min_size=1, max_size=40)
shape_names = st.sampled_from(sorted(SHAPE_NAMES))
GLUES = ("token", "email", "name", "short", "uuid", "text")
"""Shapes that are found when glued to other letters; numbers want an edge."""
EMAIL = re.compile(r"[a-z0-9]+@[a-z0-9.-]+")


def applied(text: str, edits: list) -> str:
    for start, end, replacement in reversed(edits):
        text = text[:start] + replacement + text[end:]
    return text


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(Kind), st.one_of(any_text, letters), shape_names)
def test_restore_of_pseudonymise_is_the_identity_for_any_text(
    classroom: Pseudonymiser, kind: Kind, text: str, shape: str
) -> None:
    pseudonym = classroom.pseudonym(kind, text, shape)
    assert classroom.restore_one(pseudonym) == text


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_spelling_of_a_directory_value_comes_back_exactly(
    classroom: Pseudonymiser, directory: Any, data: st.DataObject
) -> None:
    ref = data.draw(st.sampled_from(sorted(directory.by_ref)))
    kind, canonical_text = directory.by_ref[ref]
    change = data.draw(st.sampled_from(SPELLINGS))
    text = change(canonical_text.replace("\x1f", " "))
    shape = data.draw(shape_names)
    pseudonym = classroom.pseudonym(kind, text, shape, ref)
    assert classroom.restore_one(pseudonym) == text
    assert canonical_text.split("\x1f")[0].lower() not in pseudonym.lower()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Kind), letters, st.sampled_from(GLUES)), min_size=1, max_size=6
    ),
    st.lists(st.text("zqZQa7 -8é@.,", max_size=12), min_size=7, max_size=7),
)
def test_pseudonyms_are_found_among_and_glued_to_any_text(
    classroom: Pseudonymiser, values: list, between: list[str]
) -> None:
    sent, typed = between[0], between[0]
    for (kind, text, shape), glue in zip(values, between[1:], strict=False):
        sent += classroom.pseudonym(kind, text, shape) + glue
        typed += text + glue
    assert applied(sent, classroom.restore_edits(sent)) == typed


@pytest.mark.parametrize(
    "text", ["Léa Martin", "MARTIN Léa", "martin léa", "Martin, Léa", "LEA MARTIN"]
)
def test_spellings_of_one_name_share_one_core(
    classroom: Pseudonymiser, directory: Any, text: str
) -> None:
    ref = directory.lookup(Kind.FULL_NAME, "Léa Martin")
    plain = classroom.pseudonym(Kind.FULL_NAME, "Léa Martin", "token", ref)
    other = classroom.pseudonym(Kind.FULL_NAME, text, "token", ref)
    assert other[:-1] == plain[:-1]
    assert classroom.find(other)[0].reference == Reference(ref, Kind.FULL_NAME, False)


def test_a_value_has_one_block_in_every_shape(classroom: Pseudonymiser) -> None:
    made = {
        shape: classroom.pseudonym(Kind.EMAIL, "lea.martin@lycee.example", shape)
        for shape in ("token", "email", "name", "uuid")
    }
    assert made["token"][:-1] == made["email"].partition("@")[0][:-1]
    assert len({classroom.find(text)[0].reference for text in made.values()}) == 1


def test_strangers_share_a_core_across_spellings(classroom: Pseudonymiser) -> None:
    lower = classroom.pseudonym(Kind.EMAIL, "parent@fai.example")
    upper = classroom.pseudonym(Kind.EMAIL, "PARENT@FAI.EXAMPLE")
    assert lower[:29] == upper[:29]
    assert classroom.restore_one(upper) == "PARENT@FAI.EXAMPLE"


def test_shapes_are_valid_for_their_fields(classroom: Pseudonymiser) -> None:
    name = classroom.pseudonym(Kind.FULL_NAME, "Léa Martin")
    assert re.fullmatch(r"Zq[a-z]{30}", name)
    assert len(name) == NAME_LENGTH <= 60
    address = classroom.pseudonym(Kind.EMAIL, "lea.martin@lycee.example")
    local, _, domain = address.partition("@")
    assert EMAIL.fullmatch(address)
    assert len(local) == TOKEN_LENGTH <= 64
    assert domain == DOMAIN
    assert re.fullmatch(r"zq[a-z2-7]{28}", classroom.pseudonym(Kind.LOGIN, "lea.martin"))
    uuid = classroom.pseudonym(Kind.UUID, "123e4567-e89b-42d3-a456-426614174000")
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid
    )


def test_text_shape_keeps_addresses_and_hides_the_rest_in_tokens(classroom: Pseudonymiser) -> None:
    assert classroom.pseudonym(Kind.FULL_NAME, "Léa Martin", "text").startswith("zqa")
    assert classroom.pseudonym(Kind.EMAIL, "lea.martin@lycee.example", "text").endswith(DOMAIN)


@pytest.mark.parametrize(
    ("kind", "text", "upper"),
    [
        (Kind.FULL_NAME, "Léa Martin", "LÉA MARTIN"),
        (Kind.LOGIN, "lea.martin", "LEA.MARTIN"),
        (Kind.EMAIL, "lea.martin@lycee.example", "LEA.MARTIN@LYCEE.EXAMPLE"),
        (Kind.UUID, "123e4567-e89b-42d3-a456-42661417400a", "123E4567-E89B-42D3-A456-42661417400A"),
    ],
)
def test_a_service_that_changes_case_gets_the_original_in_that_case(
    classroom: Pseudonymiser, kind: Kind, text: str, upper: str
) -> None:
    made = classroom.pseudonym(kind, text)
    assert classroom.restore_one(made.upper()) == upper
    assert classroom.restore_one(made.lower()) == text.lower()
    if kind is Kind.LOGIN:
        assert classroom.restore_one(made.capitalize()) == text.capitalize()


def test_an_address_without_its_domain_is_the_local_part(classroom: Pseudonymiser) -> None:
    address = classroom.pseudonym(Kind.EMAIL, "lea.martin@lycee.example")
    local = address.partition("@")[0]
    assert classroom.restore_one(local) == "lea.martin"
    text = f"@{local}, {local}@autre.example, {address}."
    assert applied(text, classroom.restore_edits(text)) == (
        "@lea.martin, lea.martin@autre.example, lea.martin@lycee.example."
    )
    token = classroom.pseudonym(Kind.EMAIL, "lea.martin@lycee.example", "token")
    assert classroom.restore_one(token) == "lea.martin@lycee.example"


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(Kind), letters, shape_names)
def test_a_pseudonym_is_not_wrapped_a_second_time(
    classroom: Pseudonymiser, kind: Kind, text: str, shape: str
) -> None:
    once = classroom.pseudonym(kind, text, shape)
    assert classroom.pseudonym(kind, once, shape) == once
    assert classroom.pseudonym(Kind.TEXT, once.upper()) == once.upper()


def test_pseudonyms_of_national_schemes_pass(classroom: Pseudonymiser) -> None:
    chain = "https://ketenid.nl/201703/" + "0f" * 64
    assert classroom.pseudonym(Kind.STUDENT_NUMBER, chain) == chain
    assert classroom.pseudonym(Kind.STUDENT_NUMBER, chain + "0") != chain + "0"
    assert classroom.pseudonym(Kind.TEXT, "") == ""


def test_the_same_value_keeps_its_pseudonym_over_restarts(
    classroom: Pseudonymiser, directory: Any, keys_dir: Path, store_path: Path
) -> None:
    samples = [(Kind.EMAIL, "lea.martin@lycee.example"), (Kind.EMAIL, "x@fai.example"),
               (Kind.FULL_NAME, "zoé œuvrard"), (Kind.TEXT, "né à Brest")]  # fmt: skip
    before = [classroom.pseudonym(kind, text) for kind, text in samples]
    again = open_store(f"sqlite:{store_path}")
    reborn = Pseudonymiser(Keys.load(keys_dir), "google-classroom", directory, again, DOMAIN)
    assert [reborn.restore_one(text) for text in before] == [text for _, text in samples]
    assert [reborn.pseudonym(kind, text) for kind, text in samples] == before
    again.close()


def test_a_lost_vault_row_comes_back_with_the_value(
    make: Callable[..., Pseudonymiser], tmp_path: Path
) -> None:
    full, empty = open_store(f"sqlite:{tmp_path}/a.db"), open_store(f"sqlite:{tmp_path}/b.db")
    token = make(store=full).pseudonym(Kind.PHONE, "07 00 00 00 00")
    other = make(store=empty)
    assert other.restore_one(token) is None
    assert other.pseudonym(Kind.PHONE, "07 00 00 00 00") == token
    assert make(store=empty).restore_one(token) == "07 00 00 00 00"
    full.close()
    empty.close()


def test_rotation_keeps_old_pseudonyms_restorable(
    make: Callable[..., Pseudonymiser], tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    keyfiles.initialise(folder)
    store = open_store(f"sqlite:{tmp_path}/site.db")
    samples = [
        (Kind.FULL_NAME, "Léa Martin"),
        (Kind.EMAIL, "parent@fai.example"),
        (Kind.UUID, "00000000-0000-4000-8000-00000000000a"),
        (Kind.LOGIN, "inconnu"),
    ]
    old = make(keys=Keys.load(folder), store=store)
    before = [old.pseudonym(*sample) for sample in samples]
    assert keyfiles.rotate(folder) == 2
    new = make(keys=Keys.load(folder), store=store)
    after = [new.pseudonym(*sample) for sample in samples]
    assert not set(before) & set(after)
    assert after[3].startswith("zqb")
    for made in (before, after):
        assert [new.restore_one(text) for text in made] == [text for _, text in samples]
    assert [old.restore_one(text) for text in after] == [None] * 4
    store.close()


def test_another_service_can_neither_restore_nor_compare(
    make: Callable[..., Pseudonymiser],
) -> None:
    one, two = make("google-classroom"), make("microsoft-graph")
    for kind, text in [
        (Kind.FULL_NAME, "Léa Martin"),
        (Kind.EMAIL, "parent@fai.example"),
        (Kind.UUID, "123e4567-e89b-42d3-a456-426614174000"),
    ]:
        for shape in ("token", "name", "email", "uuid"):
            first, second = one.pseudonym(kind, text, shape), two.pseudonym(kind, text, shape)
            assert two.restore_edits(first) == one.restore_edits(second) == []
            assert first[4:20] != second[4:20]


def test_cores_of_two_services_are_statistically_independent(keys: Keys) -> None:
    """10,000 people: per position, agreeing characters are as rare as chance has it."""
    seals = [ServiceSeal(keys, name).sealers[1] for name in ("a", "b")]
    agree: Counter[int] = Counter()
    joint: Counter[tuple[str, str]] = Counter()
    people = 10_000
    for ref in range(1, people + 1):  # consecutive: the hardest case
        one, two = (seal.core32(Reference(ref, Kind.EMAIL, False)) for seal in seals)
        agree.update(i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a == b)
        joint[one[0], two[0]] += 1
    expected = people / 32
    for position in range(25):
        assert abs(agree[position] - expected) < 6 * expected**0.5
    cell = people / 1024
    chi_square = sum((joint[a, b] - cell) ** 2 / cell for a in _B32 for b in _B32)
    assert 1023 - 6 * 45.3 < chi_square < 1023 + 6 * 45.3  # mean 1023, deviation 45.3


_B32 = string.ascii_lowercase + "234567"


def test_random_look_alikes_are_never_found(classroom: Pseudonymiser) -> None:
    """``find``, not ``restore_edits``: a forgery that opens to an unknown value is one too."""
    rng = random.Random(20)
    for _ in range(3000):
        token = "zqa" + "".join(rng.choices(_B32, k=27))
        name = "Zqa" + "".join(rng.choices(string.ascii_lowercase, k=29))
        assert classroom.find(f"{token} {name}") == []
    for _ in range(300):
        digits = f"{rng.getrandbits(128):032x}"
        uuid = f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
        assert classroom.find(uuid) == []


def test_no_altered_pseudonym_is_found(classroom: Pseudonymiser) -> None:
    """Any single character of the core changed: the form's is free, it says how, not whom."""
    for shape in ("token", "name", "uuid"):
        made = classroom.pseudonym(Kind.LOGIN, "lea.martin", shape)
        for position in range(3 if shape != "uuid" else 0, len(made) - 1):
            other = "b" if made[position] != "b" else "c"
            assert classroom.find(made[:position] + other + made[position + 1 :]) == []


def test_erased_values_stay_pseudonyms(
    make: Callable[..., Pseudonymiser], new_directory: Callable[[], Any]
) -> None:
    directory = new_directory()
    ref = directory.add_person("Noé", "Perrin")
    engine = make(directory=directory)
    made = [
        engine.pseudonym(Kind.FULL_NAME, "Noé Perrin", ref=ref),
        engine.pseudonym(Kind.FULL_NAME, "nOé PeRRin", ref=ref),  # a spelling in the vault
    ]
    assert [engine.restore_one(text) for text in made] == ["Noé Perrin", "nOé PeRRin"]
    directory.erase(ref)
    assert [engine.restore_one(text) for text in made] == [None, None]
    again = engine.pseudonym(Kind.FULL_NAME, "Noé Perrin")
    assert again != made[0]  # a stranger now: nothing links it to the erased one


def test_scope_leaves_others_as_pseudonyms(
    make: Callable[..., Pseudonymiser], directory: Any
) -> None:
    engine = make()
    mine = directory.lookup(Kind.FULL_NAME, "léa martin")
    theirs = directory.lookup(Kind.FULL_NAME, "maël d'arcy")
    texts = [
        engine.pseudonym(Kind.FULL_NAME, "Léa Martin", ref=mine),
        engine.pseudonym(Kind.FULL_NAME, "Maël d'Arcy", ref=theirs),
        engine.pseudonym(Kind.FULL_NAME, "mAËL d'aRCY", ref=theirs),
        engine.pseudonym(Kind.EMAIL, "parent@fai.example"),
    ]
    board = " | ".join(texts)
    seen = applied(board, engine.restore_edits(board, Scope(lambda ref: ref == mine)))
    assert seen.split(" | ") == ["Léa Martin", texts[1], texts[2], "parent@fai.example"]


class Down:
    """A store that has gone away."""

    def __getattr__(self, name: str) -> object:
        def refuse(*arguments: object) -> None:
            raise StoreUnavailable("down")

        return refuse


def test_a_store_that_is_down_refuses_strangers_and_serves_the_directory(
    make: Callable[..., Pseudonymiser], classroom: Pseudonymiser
) -> None:
    stranger = classroom.pseudonym(Kind.PHONE, "07 11 11 11 11", "token")
    engine = make(store=Down())
    known = engine.pseudonym(Kind.EMAIL, "lea.martin@lycee.example")
    assert engine.restore_one(known) == "lea.martin@lycee.example"
    with pytest.raises(StoreUnavailable):
        engine.pseudonym(Kind.EMAIL, "parent@fai.example")
    with pytest.raises(StoreUnavailable):
        engine.restore_edits(stranger)


def test_known_strangers_cost_no_store_access(make: Callable[..., Pseudonymiser], store) -> None:
    class Counting:
        calls = 0

        def __getattr__(self, name: str) -> object:
            Counting.calls += name != "epoch"  # a number kept here, no call
            return getattr(store, name)

    engine = make(store=Counting())
    token = engine.pseudonym(Kind.PHONE, "07 22 22 22 22")
    before = Counting.calls
    assert engine.pseudonym(Kind.PHONE, "07 22 22 22 22") == token
    assert engine.restore_one(token) == "07 22 22 22 22"
    assert Counting.calls == before


def test_nothing_secret_or_personal_in_a_repr(classroom: Pseudonymiser, keys: Keys) -> None:
    classroom.pseudonym(Kind.EMAIL, "parent@fai.example")
    shown = repr((classroom, keys, classroom._vault, classroom._seal, classroom._seal.sealers[1]))
    assert "parent" not in shown
    assert len(shown) < 400


def test_no_plaintext_in_the_store_files(classroom: Pseudonymiser, store_path: Path) -> None:
    marks = ["Perrine-Zabulon", "zabulon@fai.example", "+33700112233"]
    for text in marks:
        classroom.pseudonym(Kind.TEXT, text)
    raw = b"".join(path.read_bytes() for path in store_path.parent.iterdir())
    assert len(raw) > 1000
    for text in marks:
        for encoding in ("utf-8", "utf-16-le", "latin-1"):
            assert text.encode(encoding) not in raw
            assert text.lower().encode(encoding) not in raw


def test_a_flood_of_markers_is_linear(classroom: Pseudonymiser) -> None:
    assert classroom.restore_edits("zqa" * 5000 + "ZQ" * 5000 + "-8000-8000-8000" * 500) == []


@pytest.mark.parametrize(
    "domain", ["", "localhost", "P.example", "a_b.example", "x..example", "é.fr"]
)
def test_a_domain_that_fields_would_refuse_is_refused(domain: str) -> None:
    with pytest.raises(InputError, match="pseudonym domain"):
        checked_domain(domain)


def test_an_unknown_shape_is_refused(classroom: Pseudonymiser) -> None:
    with pytest.raises(InputError, match="no shape 'iban'"):
        classroom.pseudonym(Kind.TEXT, "x", "iban")
