"""Keys, a store, a small generated directory and pseudonymisers for two services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.kinds import Kind
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.canonical import canonical, full_name
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.values import new_reference
from proxy.store import Store, open_store

DOMAIN = "p.lycee.example"


class Directory:
    """A ``ValueSource`` in memory."""

    def __init__(self) -> None:
        self.by_ref: dict[int, tuple[Kind, str]] = {}
        self.by_text: dict[tuple[Kind, str], int] = {}

    def add(self, kind: Kind, text: str) -> int:
        ref = new_reference()
        self.by_ref[ref] = (kind, canonical(kind, text))
        self.by_text[kind, canonical(kind, text)] = ref
        return ref

    def add_person(self, given: str, family: str) -> int:
        ref = new_reference()
        self.by_ref[ref] = (Kind.FULL_NAME, full_name(given, family))
        for spelling in (f"{given} {family}", f"{family} {given}"):
            self.by_text[Kind.FULL_NAME, spelling.lower()] = ref
        return ref

    def erase(self, ref: int) -> None:
        del self.by_ref[ref]
        self.by_text = {text: r for text, r in self.by_text.items() if r != ref}

    def plain(self, ref: int) -> tuple[Kind, str] | None:
        return self.by_ref.get(ref)

    def lookup(self, kind: Kind, text: str) -> int | None:
        if kind is Kind.FULL_NAME:
            return self.by_text.get((kind, canonical(kind, text).lower()))
        return self.by_text.get((kind, canonical(kind, text)))


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "keys"
    keyfiles.initialise(folder)
    return folder


@pytest.fixture(scope="session")
def keys(keys_dir: Path) -> Keys:
    return Keys.load(keys_dir)


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "site.db"


@pytest.fixture(scope="session")
def store(store_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:{store_path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def directory() -> Directory:
    made = Directory()
    for given, family in (
        ("Léa", "Martin"),
        ("Jean-Pierre", "Le Gall"),
        ("Anaïs", "Dupont-Lefèvre"),
        ("Zoé", "Œuvrard"),
        ("Maël", "d'Arcy"),
    ):
        made.add_person(given, family)
        made.add(Kind.GIVEN_NAME, given)
        made.add(Kind.FAMILY_NAME, family)
    made.add(Kind.EMAIL, "lea.martin@lycee.example")
    made.add(Kind.LOGIN, "lea.martin")
    made.add(Kind.NATIONAL_ID, "120345678AB")
    made.add(Kind.PHONE, "06 39 98 12 34")
    made.add(Kind.BIRTH_DATE, "2011-03-04")
    made.add(Kind.UUID, "123e4567-e89b-42d3-a456-426614174000")
    return made


@pytest.fixture
def new_directory() -> Callable[[], Directory]:
    return Directory


@pytest.fixture(scope="session")
def make(keys: Keys, store: Store, directory: Directory) -> Callable[..., Pseudonymiser]:
    def build(service: str = "google-classroom", **changed: Any) -> Pseudonymiser:
        source = changed.get("directory", directory)
        own_keys, own_store = changed.get("keys", keys), changed.get("store", store)
        return Pseudonymiser(own_keys, service, source, own_store, DOMAIN)

    return build


@pytest.fixture(scope="session")
def classroom(make: Callable[..., Pseudonymiser]) -> Pseudonymiser:
    return make("google-classroom")
