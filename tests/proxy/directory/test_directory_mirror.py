"""A machine's sealed copy of the values: what it answers, when, and that it goes with its index."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from proxy.directory.index import Directory
from proxy.directory.mirror import SUFFIX, Backed, Mirror, backed, beside, write
from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.store import Change, ValueRecord
from proxy.store.memory import MemoryStore

TOP = (1 << 64) - 1


class Elsewhere(MemoryStore):
    """A store of other machines that can go."""

    gone = False

    @property
    def remote(self) -> bool:
        return True

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        if self.gone:
            raise StoreUnavailable("gone")
        return super().get_values(refs)


@pytest.fixture
def sealer(tmp_path: Path) -> ValueSealer:
    keyfiles.initialise(tmp_path / "keys")
    return ValueSealer(Keys.load(tmp_path / "keys"))


def filled(sealer: ValueSealer, *logins: str) -> Elsewhere:
    store = Elsewhere()
    values = []
    for ref, login in enumerate(logins, TOP - len(logins) + 1):
        sealed = sealer.seal(ref, Kind.LOGIN, login)
        fingerprint = sealer.fingerprint(Kind.LOGIN, canonical(Kind.LOGIN, login))
        values.append(ValueRecord(ref, Kind.LOGIN, fingerprint, sealed))
    store.directory_apply(Change(0, values))
    return store


def test_it_answers_what_the_store_held(tmp_path: Path) -> None:
    store = MemoryStore()
    values = [
        ValueRecord(ref, Kind.EMAIL, secrets.token_bytes(16), secrets.token_bytes(40), 9)
        for ref in (1, 2, TOP)
    ]
    store.directory_apply(Change(0, values))
    write(store, tmp_path / "one.values")
    mirror = Mirror.open(tmp_path / "one.values")
    assert mirror is not None
    assert mirror.get_values([TOP, 5, 1]) == [values[2], None, values[0]]
    assert stat.S_IMODE((tmp_path / "one.values").stat().st_mode) == 0o600
    write(store, tmp_path / "two.values")
    assert [p.name for p in tmp_path.iterdir()] == ["two.values"]
    assert mirror.get_values([2]) == [values[1]], "who has it open goes on reading it"


def test_the_store_is_asked_first_so_that_the_erased_answers_nothing(tmp_path: Path) -> None:
    value = ValueRecord(7, Kind.EMAIL, bytes(16), b"sealed")
    store = Elsewhere()
    store.directory_apply(Change(0, (value,)))
    write(store, beside(tmp_path / "a.directory"))
    source = backed(store, tmp_path / "a.directory")
    assert isinstance(source, Backed)
    assert source.get_values([7]) == [value]
    store.directory_apply(Change(1, forget_values=(7,)))
    assert source.get_values([7]) == [None]
    store.gone = True
    assert source.get_values([7]) == [value]


def test_an_index_of_a_store_elsewhere_finds_people_while_it_is_gone(
    tmp_path: Path, sealer: ValueSealer
) -> None:
    store = filled(sealer, "zabulonne.brix", "autre.login")
    folder = tmp_path / "directory"
    index = Directory(store, sealer, folder=folder).index
    store.gone = True
    ref = index.lookup(Kind.LOGIN, "zabulonne.brix")
    assert ref is not None
    assert index.plain(ref) == (Kind.LOGIN, "zabulonne.brix")
    raw = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"zabulonne" not in raw
    assert b"brix" not in raw
    before = list(folder.glob(f"*{SUFFIX}"))
    store.gone = False
    store.directory_apply(Change(1, forget_values=(ref,)))
    assert (
        Directory(store, sealer, folder=folder).index.lookup(Kind.LOGIN, "zabulonne.brix") is None
    )
    after = list(folder.glob(f"*{SUFFIX}"))
    assert len(before) == len(after) == 1
    assert before != after, "a new version has a copy of its own, and the old one is gone"


def test_a_store_on_this_machine_needs_no_copy(tmp_path: Path, sealer: ValueSealer) -> None:
    Directory(MemoryStore(), sealer, folder=tmp_path / "directory")
    assert not list((tmp_path / "directory").glob(f"*{SUFFIX}"))


def test_a_damaged_copy_is_no_leak_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.values"
    store = Elsewhere()
    store.directory_apply(
        Change(0, [ValueRecord(n, Kind.EMAIL, n.to_bytes(16), bytes(90)) for n in range(1, 500)])
    )
    write(store, path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    mirror = Mirror.open(path)
    assert mirror is not None
    with pytest.raises(StoreUnavailable, match="is damaged"):
        mirror.get_values([1])
