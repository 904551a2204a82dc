"""For any people: exported, imported elsewhere and restored they are who they were."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content.edits import splice
from proxy.directory import importing
from proxy.directory.exporters import FORMATS, Accounts, Options, Selection, replaced
from proxy.directory.exporters.places import Places
from proxy.directory.importers import open_roster
from proxy.directory.index import Index
from proxy.directory.subjects import Person
from proxy.kinds import SubjectKind
from proxy.pseudonyms.keyfiles import initialise
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.values import ValueSealer
from proxy.store.memory import MemoryStore

DOMAIN = "p.lycee.example"
LETTERS = st.characters(categories=["Lu", "Ll", "Lo"])
NAME = st.text(LETTERS, min_size=1, max_size=12).map(lambda t: unicodedata.normalize("NFC", t))
FULL_NAME = st.lists(NAME, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" ".join(parts), "-".join(parts), "'".join(parts)])
)
KIND = st.sampled_from([SubjectKind.PUPIL, SubjectKind.STAFF])
PEOPLE = st.lists(st.tuples(KIND, FULL_NAME, FULL_NAME, st.booleans()), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys") / "keys"
    initialise(folder)
    return Keys.load(folder)


def directory(people: list[tuple[SubjectKind, str, str, bool]]) -> list[Person]:
    return [
        Person(
            kind=kind,
            source_id=str(number),
            given_name=given_name,
            family_name=family_name,
            emails=(f"person{number}@lycee.example",) if has_address else (),
            student_number=f"E12345{number}",
            schools=("0450000A",),
            classes=("6B",),
        )
        for number, (kind, given_name, family_name, has_address) in enumerate(people)
    ]


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=25, deadline=None)
@given(people=PEOPLE)
def test_what_goes_out_comes_back_as_it_was(tmp_path_factory, keys, name, people):
    store, sealer = MemoryStore(), ValueSealer(keys)
    originals = directory(people)
    importing.apply(lambda: originals, store, sealer, "s")
    index = Index.build(store, sealer)
    pseudonymiser = Pseudonymiser(keys, "any-service", index, store, DOMAIN)
    places = Places(lambda text: text, lambda kind, text, ref: text, "site")
    accounts = Accounts(
        store.subjects, index, pseudonymiser, {}, Selection(FORMATS[name].KINDS), places,
        domain=DOMAIN, today=Options().today,
    )  # fmt: skip
    path: Path = tmp_path_factory.mktemp("x") / f"out{FORMATS[name].SUFFIX}"
    with replaced(path) as out:
        FORMATS[name].write(accounts, Options(), out)

    def back(text: str) -> str:
        return splice(text, pseudonymiser.restore_edits(text))

    roster = open_roster([path])
    found = list(roster.persons())
    assert roster.problems.shown() == ()
    assert all(n.isascii() for p in found for n in (p.given_name, p.family_name))
    seen = sorted((p.kind, back(p.given_name), back(p.family_name)) for p in found)
    assert seen == sorted((p.kind, p.given_name, p.family_name) for p in originals)
    addresses = {back(p.emails[0]) for p in found} - {p.emails[0] for p in found}
    assert addresses == {p.emails[0] for p in originals if p.emails}
