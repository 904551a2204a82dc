"""The embedded store: three SQLite files in WAL mode.

Why several files: SQLite has one writer at a time. A directory import holds the writer for
seconds; the vault is written on the request path and must not wait for it. The third holds
notes (``sqlite_notes``).

A change is staged in the tables themselves: rows above the two ``mark``s kept in ``meta`` are
nobody's yet, and a commit raises the marks (see ``sqlite_staging``). Rows are appended, so the
bulk of an import is written once and in order.

Durability. A directory change and a meta value are written with ``synchronous=FULL``: they
survive a power loss. A vault row is written with ``synchronous=NORMAL`` (14 µs instead of
241): it survives any crash of our processes, and a power loss can undo the last rows
without corrupting the file. A lost row is written again when its value is next sent,
because vault references are deterministic; until then that pseudonym is not restored.

Erasure. ``secure_delete`` overwrites what is deleted, and the write-ahead log is emptied
after a change that forgets, unless a reader holds it: then at the next such change or
checkpoint. Backups are the operator's: keep them apart and short.

Threads share one connection a file behind a lock; iterators have their own connection, hence
a consistent view however long they take. Processes are kept apart by SQLite's locks.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from proxy.errors import StoreUnavailable
from proxy.kinds import KIND_OF_CODE
from proxy.store import sqlite_fleet
from proxy.store.changes import apply_change
from proxy.store.interface import Change, SubjectRecord, ValueRecord
from proxy.store.local import Local
from proxy.store.records import to_signed, to_unsigned, unpack_subject
from proxy.store.sqlite_notes import TABLES as _NOTES_TABLES
from proxy.store.sqlite_notes import SqliteNotes
from proxy.store.sqlite_staging import (
    SqliteStaging,
    empty_log,
    get_meta,
    read_mark,
    read_version,
    set_meta,
    transaction,
)

SCHEMA_VERSION = 3
_APPLICATION_ID = 0x50524541  # "PREA": told apart from any other SQLite file
_BUSY_SECONDS = 5.0
_CHUNK = 500  # references in one look-up; SQLite allows 32,766 parameters
_64_BITS = (1 << 64) - 1
_VALUE_COLUMNS = "ref, fingerprint, kind, owner, sealed"

_DIRECTORY_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE value (id INTEGER PRIMARY KEY AUTOINCREMENT, ref INTEGER NOT NULL, "
    "fingerprint BLOB NOT NULL, kind INTEGER NOT NULL, owner INTEGER NOT NULL, "
    "sealed BLOB NOT NULL, wrapped BLOB NOT NULL)",  # wrapped: empty since ADR 0012
    "CREATE UNIQUE INDEX value_by_ref ON value (ref)",
    "CREATE INDEX value_by_fingerprint ON value (fingerprint)",
    "CREATE TABLE subject (id INTEGER PRIMARY KEY AUTOINCREMENT, ref INTEGER NOT NULL, "
    "source_key BLOB NOT NULL, packed BLOB NOT NULL)",
    "CREATE INDEX subject_by_ref ON subject (ref)",
    "CREATE INDEX subject_by_key ON subject (source_key)",
)
_VAULT_TABLES = (
    "CREATE TABLE vault (ref INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
    "CREATE TABLE tag (ref INTEGER NOT NULL, tag INTEGER NOT NULL, day INTEGER NOT NULL, "
    "PRIMARY KEY (ref, tag)) WITHOUT ROWID",
    "CREATE INDEX tag_by_tag ON tag (tag)",
    "CREATE INDEX tag_by_day ON tag (day)",
)
_VAULT_PUT = "INSERT OR IGNORE INTO vault (ref, sealed) VALUES (?, ?)"


class SqliteStore(Local):
    """``Store`` on the local disk. ``path`` is the directory's file, ``path-vault`` the vault's."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._vault_path = self._path.with_name(self._path.name + "-vault")
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._closed = False
        with _translated(self._path):
            self._directory = _open(self._path, _DIRECTORY_TABLES, "FULL")
        try:
            with _translated(self._vault_path):
                self._vault = _open(self._vault_path, _VAULT_TABLES, "NORMAL")
        except BaseException:
            self._directory.close()
            raise
        self.notes = SqliteNotes(
            self._path.with_name(self._path.name + "-notes"),
            lambda path: _open(path, _NOTES_TABLES, "FULL"),
            _translated,
        )

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    def ping(self) -> None:
        """Read one page of each file."""
        self.directory_version()
        self.vault_get((1,))

    def close(self) -> None:
        """Close both files; calling it again does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._directory.close()
                self._vault.close()
                self.notes.close()

    # --- vault ---------------------------------------------------------------------------

    def vault_put(self, ref: int, sealed: bytes, tags: Sequence[int] = (), day: int = 0) -> None:
        """Keep ``sealed`` under ``ref`` unless something is there already; set the tags."""
        row = (to_signed(ref), sealed)
        with self._using(self._vault_path):
            if not tags:
                self._vault.execute(_VAULT_PUT, row)
                return
            with transaction(self._vault):
                self._vault.execute(_VAULT_PUT, row)
                self._vault.executemany(
                    "INSERT INTO tag (ref, tag, day) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET day = max(day, excluded.day)",
                    [(row[0], to_signed(tag), day) for tag in tags],
                )

    def vault_get(self, refs: Sequence[int]) -> list[bytes | None]:
        """The sealed values in the order asked, ``None`` for the unknown."""
        found: dict[int, bytes] = {}
        with self._using(self._vault_path):
            for start in range(0, len(refs), _CHUNK):
                chunk = [to_signed(ref) for ref in refs[start : start + _CHUNK]]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT ref, sealed FROM vault WHERE ref IN ({marks})"  # noqa: S608 - only "?"
                found.update(self._vault.execute(query, chunk))
        return [found.get(to_signed(ref)) for ref in refs]

    def vault_days(self, pairs: Sequence[tuple[int, int]]) -> list[int]:
        """One look-up a pair."""
        query = "SELECT day FROM tag WHERE ref = ? AND tag = ?"
        with self._using(self._vault_path):
            rows = [
                self._vault.execute(query, (to_signed(ref), to_signed(tag))).fetchone()
                for ref, tag in pairs
            ]
        return [row[0] if row else 0 for row in rows]

    def vault_tagged(self, tag: int) -> list[int]:
        """By the index on tags."""
        with self._using(self._vault_path):
            rows = self._vault.execute("SELECT ref FROM tag WHERE tag = ?", (to_signed(tag),))
            return [to_unsigned(ref) for (ref,) in rows]

    def vault_forget(self, refs: Sequence[int]) -> None:
        """One transaction; the log's copies are overwritten too."""
        gone = [(to_signed(ref),) for ref in refs]
        with self._using(self._vault_path):
            with transaction(self._vault):
                self._vault.executemany("DELETE FROM vault WHERE ref = ?", gone)
                self._vault.executemany("DELETE FROM tag WHERE ref = ?", gone)
            empty_log(self._vault)

    def vault_expire(self, before: int) -> int:
        """A thousand values a transaction, so that requests do not wait for the writer."""
        expired = 0
        while True:
            with self._using(self._vault_path):
                with transaction(self._vault):
                    stale = self._vault.execute(
                        "SELECT DISTINCT ref FROM tag WHERE day < ? LIMIT 1000", (before,)
                    ).fetchall()
                    self._vault.executemany(
                        "DELETE FROM tag WHERE ref = ? AND day < ?",
                        [(ref, before) for (ref,) in stale],
                    )
                    expired += self._vault.executemany(
                        "DELETE FROM vault WHERE ref = ?1 "
                        "AND NOT EXISTS (SELECT 1 FROM tag WHERE ref = ?1)",
                        stale,
                    ).rowcount
                if not stale:
                    if expired:
                        empty_log(self._vault)
                    return expired

    # --- directory -----------------------------------------------------------------------

    def directory_version(self) -> int:
        """One look-up in a small table: cheap enough to poll."""
        with self._using(self._path):
            return read_version(self._directory)

    def directory_apply(self, change: Change) -> int:
        """Durable when this returns."""
        return apply_change(self, change)

    def staging(self, token: bytes) -> SqliteStaging:
        """A change under way, on a connection of its own."""
        with self._using(self._path):
            pass
        with _translated(self._path):
            return SqliteStaging(self._path, _connect(self._path), token, _translated)

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """By the index on references."""
        found: dict[int, ValueRecord] = {}
        with self._using(self._path):
            for start in range(0, len(refs), _CHUNK):
                chunk = [to_signed(ref) for ref in refs[start : start + _CHUNK]]
                for row in self._directory.execute(_by_refs(len(chunk)), chunk):
                    record = _made(self._path, _value_of, row)
                    found[record.ref] = record
        return [found.get(ref) for ref in refs]

    def values(self, part: int = 0, parts: int = 1) -> Iterator[ValueRecord]:
        """Every value, as of the first ``next``."""
        where = (
            f"id <= :mark AND id > :mark * {part} / {parts} AND id <= :mark * {part + 1} / {parts}"
        )
        query = f"SELECT {_VALUE_COLUMNS} FROM value WHERE {where}"  # noqa: S608 - numbers only
        return self._every("value", query, {}, _value_of)

    def subjects(self, tag: bytes = b"") -> Iterator[SubjectRecord]:
        """Every record, as of the first ``next``; those of one tag by the index."""
        query = "SELECT ref, packed FROM subject WHERE id <= :mark"
        if tag:
            query += " AND source_key >= :low AND source_key < :high"
        bounds = {"low": tag, "high": tag + b"\xff" * 17}
        return self._every(
            "subject", query, bounds, lambda row: unpack_subject(to_unsigned(row[0]), row[1])
        )

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """By the index on references."""
        with self._using(self._path):
            mark = read_mark(self._directory, "subject")
            query = "SELECT packed FROM subject WHERE ref = ? AND id <= ?"
            rows = self._directory.execute(query, (to_signed(ref), mark)).fetchall()
        return [_made(self._path, lambda row: unpack_subject(ref, row[0]), row) for row in rows]

    # --- meta ----------------------------------------------------------------------------

    def get_meta(self, name: str) -> bytes | None:
        """A small named value, or ``None``."""
        with self._using(self._path):
            return get_meta(self._directory, name)

    def set_meta(self, name: str, value: bytes) -> None:
        """Durable when this returns."""
        with self._using(self._path):
            set_meta(self._directory, name, value)

    # --- fleet ---------------------------------------------------------------------------

    def announce(self, name: str, note: bytes, seconds: int) -> None:
        """Beside the vault, whose writers never hold it for long."""
        with self._using(self._vault_path):
            sqlite_fleet.announce(self._vault, name, note, seconds)

    def announced(self) -> Mapping[str, bytes]:
        """By this machine's clock, which all its workers share."""
        with self._using(self._vault_path):
            return sqlite_fleet.announced(self._vault)

    # --- inside --------------------------------------------------------------------------

    def _using(self, path: Path) -> _Using:
        """One thread at a time, in the process that opened, with our own errors."""
        return _Using(self, path)

    def _every[T](
        self, table: str, query: str, bounds: dict[str, bytes], make: Callable[[Any], T]
    ) -> Iterator[T]:
        with self._using(self._path):
            connection = _connect(self._path)
        try:
            with _translated(self._path):
                connection.execute("BEGIN")  # one moment for the mark and the rows
                mark = read_mark(connection, table)
                try:
                    yield from map(make, connection.execute(query, {"mark": mark, **bounds}))
                except (ValueError, KeyError, TypeError) as error:
                    raise _damaged(self._path, error) from None
        finally:
            connection.close()


def _made[T](path: Path, make: Callable[[Any], T], row: Any) -> T:
    try:
        return make(row)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"{path}: damaged row ({type(error).__name__}); restore a backup")


def _value_of(row: Any) -> ValueRecord:
    ref, fingerprint, kind, owner, sealed = row
    kind = KIND_OF_CODE[kind]
    return ValueRecord(ref & _64_BITS, kind, fingerprint, sealed, owner & _64_BITS)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _open(path: Path, tables: Sequence[str], synchronous: str) -> sqlite3.Connection:
    _create_private(path)
    connection = _connect(path)
    try:
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA secure_delete=ON").fetchall()
        _prepare(connection, path, tables)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its lock here, and several workers may create at once."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _create_private(path: Path) -> None:
    """Create with mode 0600 (SQLite gives its side files the same), refuse a looser file.

    Makes the last folder only: a longer path that is absent is a disk that is not mounted.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: {error.strerror}; create its folder and let the gateway's user write there"
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
    finally:
        os.close(descriptor)
    if mode & 0o077:
        raise StoreUnavailable(f"{path}: others can read it; run chmod 600 on it")


def _prepare(connection: sqlite3.Connection, path: Path, tables: Sequence[str]) -> None:
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if version == 0 and application == 0 and not _has_tables(connection):
            for statement in tables:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        elif application != _APPLICATION_ID:
            raise StoreUnavailable(f"{path}: an SQLite file of another program; name another path")
        elif version != SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{path}: written by another version (schema {version}, this program reads "
                f"{SCHEMA_VERSION}); run the version that wrote it"
            )


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours. Its messages name tables, never contents."""
    try:
        yield
    except (sqlite3.DatabaseError, sqlite3.InterfaceError) as error:
        raise StoreUnavailable(f"{path}: {error}; {_advice(error)}") from error


class _Using:
    """``_translated`` under the store's lock; a class, as it is entered for every value met."""

    __slots__ = ("_path", "_store")

    def __init__(self, store: SqliteStore, path: Path) -> None:
        self._store, self._path = store, path

    def __enter__(self) -> None:
        store = self._store
        store._lock.acquire()
        if not store._closed and store._pid == os.getpid():
            return
        store._lock.release()
        if store._closed:
            raise StoreUnavailable(f"{self._path}: the store is closed")
        raise StoreUnavailable(f"{self._path}: opened before a fork; open it in each worker")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._store._lock.release()
        if isinstance(error, sqlite3.DatabaseError | sqlite3.InterfaceError):
            raise StoreUnavailable(f"{self._path}: {error}; {_advice(error)}") from error


@lru_cache(16)
def _by_refs(count: int) -> str:
    marks = ",".join("?" * count)
    return f"SELECT {_VALUE_COLUMNS} FROM value WHERE ref IN ({marks})"  # noqa: S608 - ours


def _advice(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return "another process holds it; is an import running?"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "the file is damaged; stop the gateway and restore a backup"
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full; free some space"
    return "check the disk and the file's permissions"
