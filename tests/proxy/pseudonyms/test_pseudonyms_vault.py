"""The vault: whose a stranger is, how long it is kept, what erasure leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.kinds import Kind
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser, Scope
from proxy.pseudonyms.values import ValueSealer
from proxy.pseudonyms.vault import Place, Vault
from proxy.store import Store, open_store
from tests.proxy.pseudonyms.conftest import DOMAIN, Directory

DAY = 86_400
ONE, TWO = Place("0750001A", ("3A",)), Place("0750002B")
PARENT = "parent@fai.example"


class Clock:
    """Days that a test can let pass."""

    def __init__(self) -> None:
        self.now = 20_000.0 * DAY

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path: object) -> Iterator[Store]:
    opened = open_store(f"sqlite:{tmp_path}/site.db")
    yield opened
    opened.close()


class Worker:
    """A process of the gateway: a vault with a cache of its own on the shared store."""

    def __init__(self, keys: Keys, store: Store, clock: Clock, directory: Directory) -> None:
        self.vault = Vault(ValueSealer(keys), store, clock)
        self.engine = Pseudonymiser(keys, "s", directory, store, DOMAIN, self.vault)

    def sends(self, place: Place, text: str, kind: Kind = Kind.EMAIL) -> str:
        return self.engine.at(place).pseudonym(kind, text)

    def sees(self, spot: tuple[str, str], pseudonym: str) -> str | None:
        return self.engine.restore_one(pseudonym, Scope(None, (spot,)))


@pytest.fixture
def workers(keys: Keys, shelf: Store, clock: Clock) -> tuple[Worker, Worker]:
    directory = Directory()
    return Worker(keys, shelf, clock, directory), Worker(keys, shelf, clock, directory)


def test_a_stranger_is_restored_only_where_it_was_sent(workers: tuple[Worker, Worker]) -> None:
    one, other = workers
    made = one.sends(ONE, PARENT)
    for worker in workers:
        assert worker.sees(("0750001A", ""), made) == PARENT
        assert worker.sees(("0750001A", "3A"), made) == PARENT
        assert worker.sees(("0750001A", "3B"), made) is None
        assert worker.sees(("0750002B", ""), made) is None
        assert worker.sees(("", ""), made) is None
        assert worker.engine.restore_one(made) == PARENT  # the head office
    assert other.sends(TWO, PARENT) == made  # one stranger, one pseudonym
    for worker in workers:
        assert worker.sees(("0750002B", ""), made) == PARENT
        assert worker.sees(("0750002B", "3A"), made) is None


def test_schools_are_no_prefix_of_each_other(workers: tuple[Worker, Worker]) -> None:
    made = workers[0].sends(Place("07", ("5A",)), PARENT)
    assert workers[1].sees(("075A", ""), made) is None
    assert workers[1].sees(("", "075A"), made) is None


def test_what_is_not_used_expires_and_what_is_read_is_used(
    workers: tuple[Worker, Worker], clock: Clock
) -> None:
    one, other = workers
    read, unread = one.sends(ONE, PARENT), one.sends(ONE, "ancien@fai.example")
    for _ in range(6):
        clock.now += 60 * DAY
        assert other.sees(("0750001A", ""), read) == PARENT
        other.vault.expire(180)
    assert one.sees(("0750001A", ""), unread) is None
    assert one.engine.restore_one(unread) is None
    assert one.sees(("0750001A", ""), read) == PARENT
    assert one.sends(ONE, "ancien@fai.example") == unread  # the same again when it comes back
    assert other.sees(("0750001A", ""), unread) == "ancien@fai.example"


def test_one_schools_interest_expires_without_the_others(
    workers: tuple[Worker, Worker], clock: Clock
) -> None:
    one, _ = workers
    made = one.sends(ONE, PARENT)
    clock.now += 300 * DAY
    one.sends(TWO, PARENT)
    assert one.vault.expire(200) == 0
    clock.now += 301
    assert one.sees(("0750001A", ""), made) is None
    assert one.sees(("0750002B", ""), made) == PARENT


def test_a_site_wide_reader_does_not_make_a_value_its_schools(
    workers: tuple[Worker, Worker],
) -> None:
    made = workers[0].sends(ONE, PARENT)
    assert workers[1].engine.at(TWO).restore_one(made) == PARENT
    assert workers[1].sees(("0750002B", ""), made) is None


def test_forgetting_a_text_forgets_every_form_of_it(
    workers: tuple[Worker, Worker], shelf: Store, clock: Clock
) -> None:
    one, other = workers
    typed = [PARENT, PARENT.upper(), "Parent@fai.example"]
    made = [one.sends(ONE, text) for text in typed]
    assert [other.sees(("0750001A", ""), text) for text in made] == typed
    assert one.vault.forget_text(Kind.EMAIL, PARENT.upper()) >= 1
    assert [one.engine.restore_one(text) for text in made] == [None] * 3
    clock.now += 301  # others forget within this time
    assert [other.engine.restore_one(text) for text in made] == [None] * 3
    assert one.vault.forget_text(Kind.EMAIL, PARENT) == 0


def test_spellings_go_with_the_value_they_spell(keys: Keys, shelf: Store, clock: Clock) -> None:
    directory = Directory()
    ref = directory.add_person("Noé", "Perrin")
    worker = Worker(keys, shelf, clock, directory)
    made = worker.engine.pseudonym(Kind.FULL_NAME, "nOé PeRRin", ref=ref)
    assert worker.sees(("0750002B", ""), made) == "nOé PeRRin"  # scope: that of its owner
    assert worker.engine.restore_one(made, Scope(lambda ref: False)) is None
    assert worker.vault.forget(ref) == 1
    assert shelf.vault_tagged(ref) == []
    assert worker.engine.restore_one(made) is None
