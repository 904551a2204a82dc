"""Notes in an SQLite file of their own (``PATH-notes``), so that nobody waits for an import.

A second file beside those of directory and vault: it is written from a thread in the
background and by the command line, and never on the way of a request. ``synchronous=FULL``: an
objection that was acknowledged survives a power loss. Opened when it is first asked for.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from proxy.errors import StoreUnavailable
from proxy.store.notes import Merge
from proxy.store.records import to_signed, to_unsigned
from proxy.store.sqlite_staging import empty_log, get_meta, set_meta, transaction

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE note (kind TEXT NOT NULL, ref INTEGER NOT NULL, content BLOB NOT NULL, "
    "PRIMARY KEY (kind, ref)) WITHOUT ROWID",
)
_VERSION = "version"
_CHUNK = 500


class SqliteNotes:
    """``Notes`` on the local disk."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[Path], sqlite3.Connection],
        translated: Callable[[Path], AbstractContextManager[None]],
    ) -> None:
        self._path, self._connect, self._translated = path, connect, translated
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._closed = False
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        """Calling it again does nothing."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def version(self) -> int:
        """One look-up in a small table."""
        with self._lock, self._translated(self._path):
            return int(get_meta(self._db(), _VERSION) or 0)

    def get(self, kind: str, refs: Sequence[int]) -> list[bytes | None]:
        """By the primary key."""
        with self._lock, self._translated(self._path):
            return self._found(kind, refs)

    def every(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """Read whole: notes are few beside values."""
        with self._lock, self._translated(self._path):
            query = "SELECT ref, content FROM note WHERE kind = ?"
            rows = self._db().execute(query, (kind,)).fetchall()
        yield from ((to_unsigned(ref), bytes(content)) for ref, content in rows)

    def put(self, kind: str, rows: Mapping[int, bytes]) -> None:
        """One transaction; what is deleted is overwritten in the log too."""
        with self._lock, self._translated(self._path):
            db = self._db()
            with transaction(db):
                self._set(kind, rows)
                set_meta(db, _VERSION, b"%d" % (int(get_meta(db, _VERSION) or 0) + 1))
            if not all(rows.values()):
                empty_log(db)

    def merge(self, kind: str, refs: Sequence[int], merge: Merge) -> None:
        """One transaction that takes the writer's place first."""
        with self._lock, self._translated(self._path), transaction(self._db()):
            merged = merge(self._found(kind, refs))
            self._set(kind, dict(zip(refs, merged, strict=True)))

    # --- inside --------------------------------------------------------------------------

    def _db(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"{self._path}: the store is closed")
        if self._pid != os.getpid():
            raise StoreUnavailable(f"{self._path}: opened before a fork; open it in each worker")
        if self._opened is None:
            self._opened = self._connect(self._path)
        return self._opened

    def _found(self, kind: str, refs: Sequence[int]) -> list[bytes | None]:
        found: dict[int, bytes] = {}
        for start in range(0, len(refs), _CHUNK):
            chunk = [to_signed(ref) for ref in refs[start : start + _CHUNK]]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT ref, content FROM note WHERE kind = ? AND ref IN ({marks})"  # noqa: S608 - only "?"
            found.update(self._db().execute(query, (kind, *chunk)))
        return [found.get(to_signed(ref)) for ref in refs]

    def _set(self, kind: str, rows: Mapping[int, bytes]) -> None:
        db = self._db()
        db.executemany(
            "INSERT OR REPLACE INTO note (kind, ref, content) VALUES (?, ?, ?)",
            [(kind, to_signed(ref), content) for ref, content in rows.items() if content],
        )
        db.executemany(
            "DELETE FROM note WHERE kind = ? AND ref = ?",
            [(kind, to_signed(ref)) for ref, content in rows.items() if not content],
        )
