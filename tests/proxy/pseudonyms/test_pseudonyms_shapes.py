"""Shapes too small for a block: valid for their field, exact, one a value, never shared."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import Refused
from proxy.kinds import Kind
from proxy.pseudonyms import aliases
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.options import PseudonymOptions, UsedUp
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.reasons import Reason
from proxy.store import Store, open_store
from proxy.store.memory import MemoryStore
from tests.proxy.pseudonyms.conftest import DOMAIN, Directory

INE = re.compile(r"99[0-9]{7}[A-HJ-NP-Z]{2}")
FICTION = re.compile(r"(\+33|0)(19900|26191|35301|46571|53649|63998)[0-9]{4}")
PHONES = [
    "+33612345678", "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78",
    "0033612345678", "+33 6 12 34 56 78", "+33 (0)6 12 34 56 78", "06\xa012\xa034\xa056\xa078",
    "+33 612345678", "0033 6 12 34 56 78", "06 12.34-56 78", "+32 475 12 34 56", "3620", "poste 12",
]  # fmt: skip
EXAMPLES = {
    "short": (Kind.LOGIN, "lea.martin", r"zq[a-y][a-z]{17}"),
    "tiny": (Kind.LOGIN, "lea.martin", r"zqz[a-z]{9}"),
    "number": (Kind.STUDENT_NUMBER, "8123", r"9[0-9]{14}"),
    "ine": (Kind.NATIONAL_ID, "120345678AB", INE.pattern),
    "phone": (Kind.PHONE, "+33612345678", FICTION.pattern),
    "uuid4": (
        Kind.UUID,
        "123e4567-e89b-42d3-a456-426614174000",
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
}


@pytest.mark.parametrize("shape", EXAMPLES)
def test_a_shape_is_valid_for_its_field(classroom: Pseudonymiser, shape: str) -> None:
    kind, text, pattern = EXAMPLES[shape]
    made = classroom.pseudonym(kind, text, shape)
    assert re.fullmatch(pattern, made)
    assert made == classroom.pseudonym(kind, text, shape)
    assert classroom.restore_one(made) == text
    assert classroom.pseudonym(kind, made, shape) == made  # not wrapped a second time
    assert len(made) <= {"short": 20, "tiny": 12, "number": 15}.get(shape, 64)


def test_a_short_name_begins_with_a_capital(classroom: Pseudonymiser) -> None:
    for text, pattern in (
        ("Léa Martin", r"Zq[a-z]{18}"),
        ("LÉA MARTIN", r"ZQ[A-Z]{18}"),
        ("léa martin", r"zq[a-z]{18}"),
        ("MARTIN Léa", r"Zq[a-z]{18}"),
    ):
        made = classroom.pseudonym(Kind.FULL_NAME, text, "short")
        assert re.fullmatch(pattern, made)
        assert classroom.restore_one(made) == text


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["short", "tiny", "number", "ine", "phone", "uuid4"]), st.data())
def test_small_shapes_are_found_between_words(
    classroom: Pseudonymiser, directory: Any, shape: str, data: st.DataObject
) -> None:
    ref = data.draw(st.sampled_from(sorted(directory.by_ref)))
    kind, canonical_text = directory.by_ref[ref]
    change = data.draw(st.sampled_from([str, str.upper, str.lower, str.title, str.swapcase]))
    typed = change(canonical_text.replace("\x1f", " "))
    before = data.draw(st.sampled_from(["", " ", '{"id":"', "é, ", "né le 4 - "]))
    after = data.draw(st.sampled_from(["", " ", '"}', ".", "\n"]))
    made = classroom.pseudonym(kind, typed, shape, ref)
    text = before + made + after
    edits = classroom.restore_edits(text)
    assert [(e.start, e.end, e.replacement) for e in edits] == [
        (len(before), len(before) + len(made), typed)
    ]


@pytest.mark.parametrize("text", PHONES)
def test_a_phone_is_written_as_it_was_typed(classroom: Pseudonymiser, text: str) -> None:
    made = classroom.pseudonym(Kind.PHONE, text)
    assert classroom.restore_one(made) == text
    if re.fullmatch(r"0[0-9](?:([ .\xa0-]?)[0-9]{2})(?:\1[0-9]{2}){3}", text):
        assert re.sub(r"[0-9]", "0", made) == re.sub(r"[0-9]", "0", text)


def test_spellings_of_one_phone_share_one_number(classroom: Pseudonymiser) -> None:
    made = {classroom.pseudonym(Kind.PHONE, text) for text in PHONES[:11]}
    digits = {re.sub(r"\D", "", text)[-9:] for text in made}
    assert len(digits) == 1


def test_a_service_that_rewrites_a_phone_gets_it_rewritten_back(classroom: Pseudonymiser) -> None:
    made = classroom.pseudonym(Kind.PHONE, "06 39 98 12 34")  # a directory value
    international = "+33" + made.replace(" ", "")[1:]
    assert classroom.restore_one(international) == "+33639981234"


@pytest.mark.parametrize("shape", ["number", "tiny", "ine"])
def test_case_folding_services_restore(make: Callable[..., Pseudonymiser], shape: str) -> None:
    engine = make("plain")
    made = engine.pseudonym(Kind.LOGIN, "lea.martin", shape)
    for seen in (made, made.upper(), made.lower(), made.capitalize()):
        assert (engine.restore_one(seen) or "").lower() == "lea.martin"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["token", "name", "short", "tiny", "uuid", "uuid4", "email"]),
    st.sampled_from(["Léa Martin", "LÉA MARTIN", "léa martin", "MARTIN Léa", "lÉA mArtin"]),
    st.sampled_from([str, str.upper, str.lower, str.capitalize, str.title]),
)
def test_a_service_that_folds_case_gives_back_what_was_typed(
    folding: Pseudonymiser, shape: str, text: str, fold: Callable[[str], str]
) -> None:
    made = folding.pseudonym(Kind.FULL_NAME, text, shape)
    assert folding.restore_one(fold(made)) == text


@pytest.fixture(scope="module")
def folding(keys: Keys, directory: Directory) -> Pseudonymiser:
    options = PseudonymOptions(folds_case=True)
    return Pseudonymiser(keys, "folding", directory, MemoryStore(), DOMAIN, options=options)


@pytest.mark.parametrize("shape", ["number", "ine", "phone", "tiny"])
def test_nobody_shares_an_alias_however_many_race_for_one(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """Four workers with caches of their own, 300 values among 400 numbers."""
    crowded = aliases.SHAPES[shape]._replace(size=400)
    monkeypatch.setitem(aliases.SHAPES, shape, crowded)
    stores = [open_store(f"sqlite:{tmp_path}/site.db") for _ in range(4)]
    given: list[dict[str, str]] = [{} for _ in stores]

    def work(worker: int) -> None:
        engine = Pseudonymiser(keys, "s", Directory(), stores[worker], DOMAIN)
        for number in range(worker * 60, worker * 60 + 120):
            given[worker][f"id{number}"] = engine.pseudonym(Kind.TEXT, f"id{number}", shape)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together: dict[str, str] = {}
    for one in given:
        assert all(together.setdefault(text, made) == made for text, made in one.items())
    assert len(set(together.values())) == len(together) == 300
    reborn = Pseudonymiser(keys, "s", Directory(), stores[0], DOMAIN)
    assert all(reborn.restore_one(made) == text for text, made in together.items())
    for store in stores:
        store.close()


@pytest.mark.parametrize("used_up", UsedUp)
def test_phones_run_out_as_the_pack_says(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, used_up: UsedUp
) -> None:
    monkeypatch.setitem(aliases.SHAPES, "phone", aliases.SHAPES["phone"]._replace(size=40))
    options = PseudonymOptions(phones_used_up=used_up)
    engine = Pseudonymiser(keys, "s", Directory(), MemoryStore(), DOMAIN, options=options)
    made = [engine.pseudonym(Kind.PHONE, f"+336123456{n:02d}") for n in range(39)]
    assert len(set(made)) == 39
    if used_up is UsedUp.REFUSE:
        with pytest.raises(Refused) as refused:
            engine.pseudonym(Kind.PHONE, "+33612345699")
        assert refused.value.reason is Reason.PSEUDONYMS_USED_UP
    else:
        constant = engine.pseudonym(Kind.PHONE, "06 12 34 56 99")
        assert constant == "01 99 00 00 00"
        assert engine.restore_one(constant) is None
    assert engine.restore_one(made[7]) == "+33612345607"


def test_somebodys_own_number_is_never_given(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(aliases.SHAPES, "phone", aliases.SHAPES["phone"]._replace(size=60))
    directory = Directory()
    own = [f"+33199000{n:03d}" for n in range(1, 20)]
    refs = [directory.add(Kind.PHONE, number) for number in own]
    engine = Pseudonymiser(keys, "s", directory, MemoryStore(), DOMAIN)
    given = {engine.pseudonym(Kind.PHONE, f"+3361234560{n}") for n in range(10)}
    assert not given & set(own)
    assert engine.pseudonym(Kind.PHONE, own[0]) != own[0]
    assert engine.pseudonym(Kind.PHONE, own[0], ref=refs[0]) != own[0]


def test_aliases_survive_a_restart_and_a_policy_that_names_them_no_more(
    keys_dir: Path, directory: Directory, store: Store, store_path: Path
) -> None:
    first = Pseudonymiser(Keys.load(keys_dir), "old-pack", directory, store, DOMAIN)
    made = {s: first.pseudonym(kind, text, s) for s, (kind, text, _) in EXAMPLES.items()}
    again = open_store(f"sqlite:{store_path}")
    second = Pseudonymiser(Keys.load(keys_dir), "old-pack", directory, again, DOMAIN)
    for shape, (kind, text, _) in EXAMPLES.items():
        assert second.restore_one(made[shape]) == text
        assert second.pseudonym(kind, text, shape) == made[shape]
    again.close()


def test_random_small_look_alikes_never_restore(make: Callable[..., Pseudonymiser]) -> None:
    """3,000 of each but phones, of which 59,999 exist and many are given: see ``aliases``."""
    import random

    engine, rng = make("forged"), random.Random(5)
    for shape, (kind, text, _) in EXAMPLES.items():
        engine.pseudonym(kind, text, shape)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for _ in range(3000):
        forged = (
            "zqa" + "".join(rng.choices(letters, k=17)),
            "zqz" + "".join(rng.choices(letters, k=9)),
            f"9{rng.randrange(10**14):014d}",
            f"99{rng.randrange(10**7):07d}{rng.choice('ABCDEFGH')}{rng.choice('JKLMNPQ')}",
        )
        assert engine.find(" ".join(forged)) == []


@pytest.mark.parametrize("shape", ["short", "number", "tiny", "ine", "uuid4"])
def test_no_altered_small_pseudonym_restores(classroom: Pseudonymiser, shape: str) -> None:
    """Each character changed to another of its class: none is a pseudonym any more."""
    kind, text, _ = EXAMPLES[shape]
    made = classroom.pseudonym(kind, text, shape)
    for position, character in enumerate(made):
        for other in "0123456789" if character.isdigit() else "abcdefghijklmnopqrstuvwxyz":
            if other != character.lower():
                changed = made[:position] + other + made[position + 1 :]
                assert classroom.restore_one(changed) is None, (position, other)


def test_two_services_aliases_have_nothing_in_common(make: Callable[..., Pseudonymiser]) -> None:
    one, two = make("first"), make("second")
    for shape, (kind, text, _) in EXAMPLES.items():
        here, there = one.pseudonym(kind, text, shape), two.pseudonym(kind, text, shape)
        assert here != there
        if shape != "phone":
            assert one.restore_one(there) is None
            assert two.restore_one(here) is None
