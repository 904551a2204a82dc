"""What only the embedded store can suffer: kills, damage, foreign files, permissions."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proxy.errors import InputError, StoreUnavailable
from proxy.kinds import Kind
from proxy.store import Change, ValueRecord, open_store
from proxy.store.sqlite import SqliteStore

IMPORTER = """
import sys
from proxy.kinds import Kind
from proxy.store import Change, ValueRecord, open_store
store = open_store("sqlite:" + sys.argv[1])
print("ready", flush=True)
base = store.directory_version()
while True:
    refs = range(1 + base * 20_000, 1 + (base + 1) * 20_000)
    values = [ValueRecord(ref, Kind.EMAIL, bytes(16), bytes(60)) for ref in refs]
    base = store.directory_apply(Change(base, values))
"""


def record(ref: int) -> ValueRecord:
    return ValueRecord(ref, Kind.LOGIN, bytes(16), bytes(40))


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.45])
def test_kill_9_during_apply_leaves_whole_changes_only(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "site.db"
    child = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    store = open_store(f"sqlite:{path}")
    version = store.directory_version()
    count = version * 20_000
    assert sorted(value.ref for value in store.values()) == list(range(1, count + 1))
    store.close()


def test_vault_rows_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    pid = os.fork()
    if pid == 0:
        own = SqliteStore(path)
        for ref in range(1, 51):
            own.vault_put(ref, b"sealed")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    store = SqliteStore(path)
    assert store.vault_get(range(1, 51)) == [b"sealed"] * 50
    store.close()


def test_files_are_private(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "site.db")
        store.vault_put(1, b"x")
        store.directory_apply(Change(0, (record(1),)))
    finally:
        os.umask(previous)
    modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"site.db", "site.db-vault", "site.db-wal"} <= modes.keys()
    store.close()


def test_a_readable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    SqliteStore(path).close()
    path.chmod(0o644)
    with pytest.raises(StoreUnavailable, match="chmod 600"):
        SqliteStore(path)


@pytest.mark.parametrize("name", ["site.db", "site.db-vault"])
def test_a_file_that_is_not_sqlite_is_refused(tmp_path: Path, name: str) -> None:
    SqliteStore(tmp_path / "site.db").close()
    (tmp_path / name).write_bytes(b"not a database, whatever its name says" * 200)
    with pytest.raises(StoreUnavailable, match=rf"{name}: .*damaged.*restore a backup"):
        SqliteStore(tmp_path / "site.db")


def test_damage_inside_is_an_error_not_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    store = SqliteStore(path)
    store.directory_apply(Change(0, [record(ref) for ref in range(1, 3000)]))
    store.close()
    content = bytearray(path.read_bytes())
    for page in range(4096 * 3, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable, match="damaged"):
        list(store.values())
    store.close()


def test_a_damaged_row_is_an_error_not_an_answer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "site.db")
    store.directory_apply(Change(0, (record(5),)))
    other = sqlite3.connect(tmp_path / "site.db")
    other.execute("UPDATE value SET kind = 99")
    other.commit()
    other.close()
    with pytest.raises(StoreUnavailable, match="damaged row"):
        list(store.values())
    store.close()


def test_a_file_of_another_program_or_version_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    foreign.chmod(0o600)
    with pytest.raises(StoreUnavailable, match="another program"):
        SqliteStore(foreign)
    path = tmp_path / "site.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreUnavailable, match="another version"):
        SqliteStore(path)


def test_an_import_does_not_hold_up_the_vault(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "site.db")
    importer = sqlite3.connect(tmp_path / "site.db", isolation_level=None)
    importer.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    store.vault_put(1, b"x")
    assert store.directory_version() == 0
    assert time.monotonic() - start < 1
    importer.execute("ROLLBACK")
    importer.close()
    store.close()


def test_an_iterator_sees_one_moment(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "site.db")
    store.directory_apply(Change(0, [record(ref) for ref in range(1, 101)]))
    seen = store.values()
    first = next(seen)
    store.directory_apply(Change(1, [record(500)], forget_values=tuple(range(1, 101))))
    assert len([first, *seen]) == 100
    store.close()


def test_forgotten_values_leave_the_files(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    store = SqliteStore(path)
    marks = [b"SEALED-%04d-MARK" % n for n in range(200)]
    store.directory_apply(
        Change(
            0,
            [ValueRecord(n + 1, Kind.EMAIL, bytes(16), mark) for n, mark in enumerate(marks)],
        )
    )
    store.directory_apply(Change(1, forget_values=tuple(range(1, 201))))
    raw = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"-MARK" not in raw
    store.close()


def test_use_after_fork_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "site.db")
    pid = os.fork()
    if pid == 0:
        try:
            store.directory_version()
        except StoreUnavailable:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    store.close()


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="create its folder"):
        open_store(f"sqlite:{tmp_path}/absent/state/site.db")


def test_the_last_folder_is_made_private(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/state/site.db").close()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "site.db").exists()


@pytest.mark.parametrize(
    "url",
    ["", "sqlite:", "postgres://x", "site.db", "redis:host", "redis://h/0?ssl_cert_reqs=none"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="store"):
        open_store(url)
