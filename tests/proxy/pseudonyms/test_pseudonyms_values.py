"""Values at rest, canonical texts, forms, radix and sealing."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms import forms
from proxy.pseudonyms.canonical import canonical, full_name
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.radix import BASE32, LETTERS, block26, block32, text26, text32
from proxy.pseudonyms.sealing import Reference, Sealer
from proxy.pseudonyms.values import ValueSealer, new_reference
from proxy.pseudonyms.vault import Vault
from proxy.store import open_store

KEYS = Keys(bytes(range(32)), {1: bytes(range(32, 64))})
refs = st.integers(1, (1 << 64) - 1)
kinds = st.sampled_from(Kind)
any_text = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)
references = st.builds(Reference, refs, kinds, st.booleans())
SEALER = Sealer(KEYS.pseudonym_key(1, "s"), KEYS.uuid_key(1, "s"), b"\x03" * 32)

GOLDEN_SEALED = [
    "oy5m7mt4p5ovd7x3misxgakkl4",
    "xzfuotlmvpo66fgezkqs5q3umm",
    "dlhdkmtetzknevhknxmedmdohofn",
    "e290121c-ae5f-8a48-a678-85ab8d8e4db2",
]
GOLDEN_FULL_NAME = [
    "Ève-Lou Le Gall-Noël",
    "ÈVE-LOU LE GALL-NOËL",
    "ève-lou le gall-noël",
    "Ève-Lou LE GALL-NOËL",
    "LE GALL-NOËL Ève-Lou",
    "Le Gall-Noël Ève-Lou",
    "LE GALL-NOËL ÈVE-LOU",
    "le gall-noël ève-lou",
    "Le Gall-Noël, Ève-Lou",
    "LE GALL-NOËL, Ève-Lou",
    "LE GALL-NOËL, ÈVE-LOU",
    "Eve-Lou Le Gall-Noel",
    "Eve-Lou LE GALL-NOEL",
    "EVE-LOU LE GALL-NOEL",
    "eve-lou le gall-noel",
    "Le Gall-Noel Eve-Lou",
    "LE GALL-NOEL Eve-Lou",
    "LE GALL-NOEL EVE-LOU",
    "le gall-noel eve-lou",
    "Ève Lou Le Gall Noël",
    "Ève Lou LE GALL NOËL",
    "LE GALL NOËL Ève Lou",
    "Eve Lou Le Gall Noel",
    "LE GALL NOEL EVE LOU",
    "Ève-Lou Le Gall-Noël",
    "Le Gall-Noël Ève-Lou",
    None,
]
GOLDEN_PHONE = [
    "+33639981234",
    "+33639981234",
    "0639981234",
    "06 39 98 12 34",
    "06.39.98.12.34",
    "06-39-98-12-34",
    "0033639981234",
    "+33 6 39 98 12 34",
    "+33 (0)6 39 98 12 34",
    "06\xa039\xa098\xa012\xa034",
    "+33 639981234",
    "0033 6 39 98 12 34",
    None,
]
GOLDEN_EMAIL = [
    "a.b@c.example",
    "A.B@C.EXAMPLE",
    "A.B@c.example",
    "A.b@c.example",
    "A.B@C.Example",
    "A.B@c.example",
    None,
]
GOLDEN_GIVEN = [
    "Ève-Lou",
    "ÈVE-LOU",
    "ève-lou",
    "Ève-Lou",
    "Ève-lou",
    "Eve-Lou",
    "EVE-LOU",
    "eve-lou",
    "Eve-Lou",
    "Ève Lou",
    "ÈVE LOU",
    "ève lou",
    "Eve Lou",
    "EVE LOU",
    "eve lou",
    None,
]
GOLDEN_DATE = ["2011-03-04", "2011-03-04", "04/03/2011", "04-03-2011", "04.03.2011", None]


@settings(max_examples=150)
@given(refs, kinds, any_text, st.booleans())
def test_sealed_values_open_to_the_same_text(ref, kind, text, in_vault) -> None:
    sealer = ValueSealer(KEYS)
    sealed = sealer.seal(ref, kind, text, in_vault=in_vault)
    assert sealer.open(ref, kind, sealed, in_vault=in_vault) == text


def test_a_row_that_was_altered_or_moved_does_not_open() -> None:
    sealer = ValueSealer(KEYS)
    sealed = sealer.seal(7, Kind.EMAIL, "x@y.example")
    other_sealed = sealer.seal(8, Kind.EMAIL, "x@y.example")
    flipped = sealed[:-1] + bytes((sealed[-1] ^ 1,))
    strangers = ValueSealer(Keys(bytes(32), {1: bytes(32)}))
    for opener, arguments, in_vault in (
        (sealer, (8, Kind.EMAIL, sealed), False),
        (sealer, (7, Kind.LOGIN, sealed), False),
        (sealer, (7, Kind.EMAIL, sealed), True),
        (sealer, (7, Kind.EMAIL, other_sealed), False),
        (sealer, (7, Kind.EMAIL, flipped), False),
        (sealer, (7, Kind.EMAIL, b""), False),
        (strangers, (7, Kind.EMAIL, sealed), False),
    ):
        with pytest.raises(StoreUnavailable, match="does not open") as caught:
            opener.open(*arguments, in_vault=in_vault)
        assert "y.example" not in str(caught.value)


def test_sealing_twice_shows_no_equality() -> None:
    sealer = ValueSealer(KEYS)
    first, second = (sealer.seal(7, Kind.EMAIL, "x@y.example") for _ in range(2))
    assert first != second


def test_fingerprints_are_keyed_and_bound_to_the_kind() -> None:
    sealer = ValueSealer(KEYS)
    other = ValueSealer(Keys(bytes(32), {1: bytes(32)}))
    made = {
        sealer.fingerprint(Kind.LOGIN, "a"),
        sealer.fingerprint(Kind.EMAIL, "a"),
        sealer.fingerprint(Kind.EMAIL, "b"),
        other.fingerprint(Kind.EMAIL, "a"),
    }
    assert len(made) == 4
    assert {len(f) for f in made} == {16}
    assert sealer.fingerprint(Kind.EMAIL, "a") in made


def test_references_are_never_zero_and_do_not_repeat() -> None:
    made = {new_reference() for _ in range(2000)}
    assert len(made) == 2000
    assert all(0 < ref < 1 << 64 for ref in made)


def test_two_texts_with_one_hmac_both_restore(tmp_path, monkeypatch) -> None:
    """What happens once in a million large sites, made to happen."""
    real = ValueSealer.vault_reference

    def narrow(self, kind, text, owner=0, attempt=0):
        return 5 if attempt == 0 else real(self, kind, text, owner, attempt)

    monkeypatch.setattr(ValueSealer, "vault_reference", narrow)
    store = open_store(f"sqlite:{tmp_path}/v.db")
    for _ in range(2):  # the second time another worker
        vault = Vault(ValueSealer(KEYS), store)
        one, two = (vault.reference(Kind.TEXT, text) for text in ("un", "deux"))
        found = Vault(ValueSealer(KEYS), store).find(
            Reference(ref, Kind.TEXT, True) for ref in (one, two)
        )
        assert [value.text for value in found.values()] == ["un", "deux"]
        assert one == 5 != two
    store.close()


# --- canonical ---------------------------------------------------------------------------


@settings(max_examples=300)
@given(kinds, any_text)
def test_canonical_is_idempotent(kind: Kind, text: str) -> None:
    once = canonical(kind, text)
    assert canonical(kind, once) == once


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Kind.EMAIL, " Lea.Martin@Lycee.EXAMPLE ", "lea.martin@lycee.example"),
        (Kind.GIVEN_NAME, "  Jean   Pierre\xa0", "Jean Pierre"),
        (Kind.GIVEN_NAME, "Le\u0301a", "Léa"),
        (Kind.FULL_NAME, "Léa  Martin", "Léa Martin"),
        (Kind.FULL_NAME, " Léa \x1f Martin", "Léa\x1fMartin"),
        (Kind.NATIONAL_ID, "1203 45678 ab", "120345678AB"),
        (Kind.PHONE, "06 39 98 12 34", "+33639981234"),
        (Kind.PHONE, "+33 (0)6.39.98.12.34", "+33639981234"),
        (Kind.PHONE, "0033639981234", "+33639981234"),
        (Kind.PHONE, "+262 692 00 00 00", "+262692000000"),
        (Kind.BIRTH_DATE, "04/03/2011", "2011-03-04"),
        (Kind.UUID, "123E4567-E89B-42D3-A456-426614174000", "123e4567-e89b-42d3-a456-426614174000"),
        (Kind.TEXT, " As Is ", " As Is "),
    ],
)
def test_canonical_texts(kind: Kind, text: str, expected: str) -> None:
    assert canonical(kind, text) == expected


def test_full_names_keep_their_two_parts() -> None:
    name = full_name(" Jean  Pierre", "Le Gall\x1f")
    assert name == "Jean Pierre\x1fLe Gall"
    assert canonical(Kind.FULL_NAME, name) == name


# --- forms -------------------------------------------------------------------------------


@settings(max_examples=300)
@given(kinds, any_text, any_text)
def test_a_picked_form_makes_exactly_the_seen_text(kind: Kind, base: str, seen: str) -> None:
    for text in (seen, base.upper(), base.title()):
        number = forms.pick(kind, base, text)
        if number is not None:
            assert forms.apply(kind, number, base) == text


@pytest.mark.parametrize(
    "seen",
    [
        "Anaïs Dupont-Lefèvre", "ANAÏS DUPONT-LEFÈVRE", "anaïs dupont-lefèvre",
        "Anaïs DUPONT-LEFÈVRE", "DUPONT-LEFÈVRE Anaïs", "Dupont-Lefèvre Anaïs",
        "Dupont-Lefèvre, Anaïs", "DUPONT-LEFÈVRE, Anaïs", "Anais Dupont-Lefevre",
        "DUPONT-LEFEVRE Anais", "ANAIS DUPONT-LEFEVRE", "DUPONT LEFEVRE ANAIS",
        "Anaïs Dupont Lefèvre", "DUPONT LEFÈVRE Anaïs", "Anais Dupont Lefevre",
    ],
)  # fmt: skip
def test_usual_spellings_of_a_full_name_have_a_form(seen: str) -> None:
    assert forms.pick(Kind.FULL_NAME, full_name("Anaïs", "Dupont-Lefèvre"), seen) is not None


@pytest.mark.parametrize(
    ("kind", "base", "seen"),
    [
        (Kind.PHONE, "+33639981234", "06 39 98 12 34"),
        (Kind.PHONE, "+33639981234", "06.39.98.12.34"),
        (Kind.PHONE, "+33639981234", "0639981234"),
        (Kind.PHONE, "+33639981234", "+33 6 39 98 12 34"),
        (Kind.PHONE, "+33639981234", "+33 (0)6 39 98 12 34"),
        (Kind.EMAIL, "lea.martin@lycee.example", "Lea.Martin@lycee.example"),
        (Kind.EMAIL, "lea.martin@lycee.example", "LEA.MARTIN@lycee.example"),
        (Kind.BIRTH_DATE, "2011-03-04", "04/03/2011"),
        (Kind.FAMILY_NAME, "Œuvrard", "OEUVRARD"),
        (Kind.NATIONAL_ID, "120345678AB", "120345678ab"),
    ],
)
def test_usual_spellings_have_a_form(kind: Kind, base: str, seen: str) -> None:
    assert forms.pick(kind, base, seen) is not None


def test_forms_keep_their_numbers() -> None:
    """Golden: stored pseudonyms carry these numbers for years. Append, never renumber."""
    name = full_name("Ève-Lou", "Le Gall-Noël")
    assert [forms.apply(Kind.FULL_NAME, n, name) for n in range(27)] == GOLDEN_FULL_NAME
    assert [forms.apply(Kind.PHONE, n, "+33639981234") for n in range(13)] == GOLDEN_PHONE
    assert [forms.apply(Kind.EMAIL, n, "a.b@c.example") for n in range(7)] == GOLDEN_EMAIL
    assert [forms.apply(Kind.GIVEN_NAME, n, "Ève-Lou") for n in range(16)] == GOLDEN_GIVEN
    assert [forms.apply(Kind.BIRTH_DATE, n, "2011-03-04") for n in range(6)] == GOLDEN_DATE


# --- radix and sealing -------------------------------------------------------------------


@given(st.binary(min_size=16, max_size=16))
def test_blocks_round_trip_in_both_alphabets(block: bytes) -> None:
    assert set(text32(block)) <= set(BASE32)
    assert set(text26(block)) <= set(LETTERS)
    assert (len(text32(block)), len(text26(block))) == (26, 28)
    assert block32(text32(block).encode()) == block26(text26(block).encode()) == block


@given(st.binary(max_size=30))
def test_no_text_stands_for_a_block_twice(text: bytes) -> None:
    for block, back in ((block32(text), text32), (block26(text), text26)):
        assert block is None or back(block).encode() == text


@pytest.mark.parametrize("text", [b"_" * 26, b" " * 26, b"-" + b"a" * 25, b"a" * 25 + b"b"])
def test_what_python_reads_as_a_number_is_not_a_block(text: bytes) -> None:
    assert block32(text) is None


@pytest.mark.parametrize(
    "text", [b"z" * 28, b"a" * 14 + b"z" * 14, b"a" * 27, b"A" * 28, b"a" * 29]
)
def test_letters_beyond_a_block_are_none(text: bytes) -> None:
    assert block26(text) is None


@settings(max_examples=80)
@given(references)
def test_sealing_is_bijective(reference: Reference) -> None:
    assert SEALER.open32(SEALER.core32(reference).encode()) == reference
    assert SEALER.open26(SEALER.core26(reference).encode()) == reference
    assert SEALER.open_uuid(SEALER.uuid(reference).encode()) == reference


def test_sealing_never_changes() -> None:
    """Golden values: services hold these."""
    reference = Reference(0x0123456789ABCDEF, Kind.EMAIL, False)
    vaulted = Reference(0x0123456789ABCDEF, Kind.EMAIL, True)
    assert [
        SEALER.core32(reference),
        SEALER.core32(vaulted),
        SEALER.core26(reference),
        SEALER.uuid(reference),
    ] == GOLDEN_SEALED


def test_threads_share_a_sealer() -> None:
    wrong: list[int] = []

    def work(base: int) -> None:
        for n in range(base, base + 3000):
            reference = Reference(n, Kind.LOGIN, False)
            if SEALER.open32(SEALER.core32(reference).encode()) != reference:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(1 + i * 10_000,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
