"""The cast, whose rosters and names were written by somebody else: an oracle for importers."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import pytest
from directory_people import TestSealer

from proxy.demo.people import Person as CastPerson
from proxy.demo.people import cast
from proxy.demo.rosters import write_oneroster, write_simple_csv
from proxy.directory import importing
from proxy.directory.importers import open_roster
from proxy.directory.index import Index
from proxy.directory.subjects import Person
from proxy.store.memory import MemoryStore

PEOPLE = cast(300)
WAYS = {
    "1.1": lambda folder: write_oneroster(PEOPLE, folder, "1.1"),
    "1.2": lambda folder: write_oneroster(PEOPLE, folder, "1.2"),
    "csv": lambda folder: write_simple_csv(PEOPLE, folder / "people.csv"),
}


def read(folder: Path, way: str) -> list[Person]:
    folder.mkdir()
    WAYS[way](folder)
    roster = open_roster([folder])
    people = list(roster.persons())
    assert roster.problems.shown() == ()
    assert roster.problems.notes == []
    return sorted(people, key=lambda person: person.source_id)


def bare(person: Person) -> Person:
    """Without class names: a OneRoster class is a class of a course."""
    return dataclasses.replace(person, classes=())


def test_every_format_gives_the_same_people(tmp_path):
    simple, first, second = (read(tmp_path / way, way) for way in ("csv", "1.1", "1.2"))
    assert len(simple) == len(PEOPLE)
    assert list(map(bare, simple)) == list(map(bare, first)) == list(map(bare, second))
    assert first == second


def shaped_logins(person: CastPerson) -> list[str]:
    """A login that is a bare word (``cblanc``) is only looked up in fields, never in prose."""
    return [person.login] if re.search(r"[._0-9-]", person.login) else []


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Index:
    store, sealer = MemoryStore(), TestSealer()
    people = read(tmp_path_factory.mktemp("r") / "1.2", "1.2")
    importing.apply(lambda: people, store, sealer, "s")
    return Index.build(store, sealer)


def test_every_identifier_of_the_cast_is_found_whole_in_prose_and_json(index):
    texts = ("Note pour {} : à revoir.", '{{"a":"{}","b":1}}', "<td>{}</td>", "{}")
    for person, frame in itertools.product(PEOPLE, texts):
        for value in (
            person.full_name,
            f"{person.family_name.upper()} {person.given_name}",
            person.email,
            person.phone,
            person.uuid,
            person.national_id,
            person.student_number,
            *shaped_logins(person),
        ):
            if value:
                text = frame.format(value)
                spans = [text[match.start : match.end] for match in index.find(text)]
                assert spans == [value]
                assert all(match.ref for match in index.find(text))


def test_a_document_of_everybody_keeps_nothing(index):
    text = "\n".join(f"{p.full_name}; {p.email}; {p.phone}; {p.national_id}" for p in PEOPLE)
    for match in reversed(index.find(text)):
        text = text[: match.start] + text[match.end :]
    assert set(text) <= set("; \n")
