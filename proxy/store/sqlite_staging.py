"""A directory change in SQLite: rows appended above a mark, and a mark that moves.

``meta`` holds, for each table, the highest row that belongs to the directory. Staged rows lie
above it, where no reader looks. A commit is one small transaction: drop the records that are
replaced, move the marks, count the version up. So a kill at any moment leaves the directory
as it was, the bulk of an import is written once, and no reader ever waits.

Chunks become durable every few seconds: the pages that random keys touch in the indexes
gather in SQLite's page cache (bounded, hence flat memory) and are written once for all the
rows that fell on them.

One change at a time: ``flock`` on a side file, which a killed process lets go of by itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from proxy.errors import StoreUnavailable
from proxy.kinds import KIND_OF_CODE, Kind
from proxy.store.interface import Conflict, Known, SubjectRecord, ValueRecord
from proxy.store.records import checked, pack_subject, to_signed, to_unsigned, unpack_subject

_VERSION = "directory-version"
_STAGED = "staging"
_TABLES = ("value", "subject")
_WAIT_SECONDS = 5.0
_CACHE_KIB = 128 << 10
_FLUSH_SECONDS = 4.0
_CHUNK = 500
_BUSY_MS = 5000

type Translated = Callable[[Path], AbstractContextManager[None]]


class SqliteStaging:
    """``Staging`` in the store's own tables."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, token: bytes, translated: Translated
    ) -> None:
        self._path, self._db, self._translated = path, connection, translated
        self._lock = -1
        try:
            self._lock = _lock(path.with_name(path.name + "-import"))
            self._prepare(token)
        except BaseException:
            self.close()
            raise

    def _prepare(self, token: bytes) -> None:
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA secure_delete=ON").fetchall()
        self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        self.base_version = read_version(self._db)
        self._marks = {table: read_mark(self._db, table) for table in _TABLES}
        self._token = token + b"@%d" % self.base_version
        self._flushed = time.monotonic()
        if get_meta(self._db, _STAGED) != self._token:
            self.discard()

    def known(self, fingerprints: Sequence[bytes]) -> list[Known | None]:
        """By the index on fingerprints."""
        found: dict[bytes, Known] = {}
        query = "SELECT fingerprint, ref, owner FROM value WHERE fingerprint IN ({})"
        with self._translated(self._path):
            for print_, ref, owner in self._some(query, fingerprints):
                found[print_] = Known(to_unsigned(ref), to_unsigned(owner))
        return [found.get(print_) for print_ in fingerprints]

    def kinds(self, refs: Sequence[int]) -> list[Kind | None]:
        """By the index on references."""
        query = "SELECT ref, kind FROM value WHERE ref IN ({})"
        with self._translated(self._path):
            found = dict(self._some(query, [to_signed(ref) for ref in refs]))
        return [KIND_OF_CODE.get(found.get(to_signed(ref), 0)) for ref in refs]

    def records(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """Up to the mark."""
        return self._by_key(source_keys, f"id <= {self._marks['subject']}")

    def staged(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """Above the mark."""
        return self._by_key(source_keys, f"id > {self._marks['subject']}")

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """What was added here comes later and replaces."""
        query = "SELECT ref, packed FROM subject WHERE ref = ? ORDER BY id"
        with self._translated(self._path):
            rows = self._db.execute(query, (to_signed(ref),)).fetchall()
        records = (unpack_subject(to_unsigned(row[0]), row[1]) for row in rows)
        return list({record.source_key: record for record in records}.values())

    def add(self, values: Sequence[ValueRecord], subjects: Sequence[SubjectRecord]) -> None:
        """Durable, at the latest, a few seconds later or with the commit."""
        checked(values, subjects)
        rows = [(to_signed(s.ref), s.source_key, pack_subject(s)) for s in subjects]
        with self._translated(self._path):
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO value (ref, fingerprint, kind, owner, sealed, wrapped) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        to_signed(v.ref),
                        v.fingerprint,
                        v.kind.code,
                        to_signed(v.owner),
                        v.sealed,
                        b"",
                    )
                    for v in values
                ],
            )
            self._db.executemany(
                "DELETE FROM subject WHERE source_key = ? AND id > ?",
                [(row[1], self._marks["subject"]) for row in rows],
            )
            self._db.executemany(
                "INSERT INTO subject (ref, source_key, packed) VALUES (?, ?, ?)", rows
            )
            if time.monotonic() - self._flushed > _FLUSH_SECONDS:
                self._flush()

    def commit(self, forget_values: Sequence[int] = (), forget_subjects: Sequence[int] = ()) -> int:
        """One small transaction, flushed to the disk with all that it makes valid."""
        with self._translated(self._path):
            self._flush()
            self._db.execute("PRAGMA synchronous=FULL")
            with transaction(self._db):
                version = read_version(self._db)
                if version != self.base_version:
                    raise Conflict(f"the directory is at {version}, not {self.base_version}")
                self._replace()
                self._forget(forget_values, forget_subjects)
                for table in _TABLES:
                    highest = self._db.execute(f"SELECT max(id) FROM {table}").fetchone()[0]  # noqa: S608
                    mark = max(highest or 0, self._marks[table])
                    set_meta(self._db, f"{table}-mark", b"%d" % mark)
                set_meta(self._db, _VERSION, b"%d" % (version + 1))
                set_meta(self._db, _STAGED, b"")
            if forget_values or forget_subjects:
                empty_log(self._db)
        return version + 1

    def discard(self) -> None:
        """Delete what lies above the marks."""
        with self._translated(self._path):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            with transaction(self._db):
                for table, mark in self._marks.items():
                    self._db.execute(f"DELETE FROM {table} WHERE id > ?", (mark,))  # noqa: S608
                set_meta(self._db, _STAGED, self._token)

    def close(self) -> None:
        """Keeps what was staged; calling it again does nothing."""
        if self._lock >= 0 or self._db.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._flush()
        self._db.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # --- inside --------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._flushed = time.monotonic()

    def _replace(self) -> None:
        """Of two records of one source key the later stays."""
        mark = self._marks["subject"]
        self._db.execute(
            "DELETE FROM subject WHERE id <= ? AND source_key IN "
            "(SELECT source_key FROM subject WHERE id > ?)",
            (mark, mark),
        )

    def _forget(self, values: Sequence[int], subjects: Sequence[int]) -> None:
        for table, refs in (("value", values), ("subject", subjects)):
            gone = [(to_signed(ref), self._marks[table]) for ref in refs]
            self._db.executemany(f"DELETE FROM {table} WHERE ref = ? AND id <= ?", gone)  # noqa: S608

    def _by_key(self, source_keys: Sequence[bytes], where: str) -> list[SubjectRecord | None]:
        found: dict[bytes, SubjectRecord] = {}
        query = "SELECT ref, packed FROM subject WHERE source_key IN ({}) AND " + where  # noqa: S608 - ours
        with self._translated(self._path):
            for ref, packed in self._some(query, source_keys):
                record = unpack_subject(to_unsigned(ref), packed)
                found[record.source_key] = record
        return [found.get(key) for key in source_keys]

    def _some(self, query: str, wanted: Sequence[bytes | int]) -> Iterator[Any]:
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            yield from self._db.execute(query.format(",".join("?" * len(chunk))), chunk)


def read_version(connection: sqlite3.Connection) -> int:
    """The directory's version."""
    return int(get_meta(connection, _VERSION) or 0)


def read_mark(connection: sqlite3.Connection, table: str) -> int:
    """The highest row of a table that belongs to the directory."""
    return int(get_meta(connection, f"{table}-mark") or 0)


def get_meta(connection: sqlite3.Connection, name: str) -> bytes | None:
    """A small named value."""
    row = connection.execute("SELECT content FROM meta WHERE name = ?", (name,)).fetchone()
    return bytes(row[0]) if row else None


def set_meta(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    """Set it, in the transaction that is open if one is."""
    connection.execute("INSERT OR REPLACE INTO meta (name, content) VALUES (?, ?)", (name, value))


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            os.close(descriptor)
            raise StoreUnavailable(f"{path}: another import is running; wait for its end") from None
        return descriptor


def empty_log(connection: sqlite3.Connection) -> None:
    """Overwrite the log's copies of what was forgotten; a long reader puts it off, briefly."""
    connection.execute("PRAGMA busy_timeout=200").fetchall()
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}").fetchall()


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; takes the writer's place at once, so that no reader can upgrade late."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back on its own
            connection.execute("ROLLBACK")
        raise
