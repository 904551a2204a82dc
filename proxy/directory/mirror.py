"""A machine's own copy of the directory's values, as sealed as they are in the store.

Why: an index finds a value and needs its text to compare and to restore. When a store on other
machines is gone, nobody would be protected or restored; with this copy beside the index,
everybody in the directory still is. A store on this machine needs none.

One SQLite file for each index, named after it: made while the index is, dropped with it, so
that what was erased is gone from here as soon as it is from the index. It holds what the store
holds (ciphertexts, keyed fingerprints) and no key.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import batched
from pathlib import Path
from typing import Protocol

from proxy.errors import StoreUnavailable
from proxy.store.interface import Store, ValueRecord
from proxy.store.records import pack_value, to_signed, unpack_value

SUFFIX = ".values"
_ROWS = 5000


def beside(index: Path) -> Path:
    """The mirror's path for an index's."""
    return index.with_suffix(SUFFIX)


def write(store: Store, path: Path) -> None:
    """Copy every value; whole or not at all. Mirrors of other versions are removed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")  # mode 0600
    os.close(handle)
    try:
        with contextlib.closing(sqlite3.connect(name, isolation_level=None)) as made:
            # Nobody reads it before it is renamed, and a torn one is made again.
            made.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            made.execute("CREATE TABLE value (ref INTEGER PRIMARY KEY, packed BLOB NOT NULL)")
            for rows in batched(_rows(store), _ROWS):
                made.execute("BEGIN")
                made.executemany("INSERT OR REPLACE INTO value VALUES (?, ?)", rows)
                made.execute("COMMIT")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    for old in path.parent.glob(f"*{SUFFIX}"):
        if old != path:
            old.unlink(missing_ok=True)


def _rows(store: Store) -> Iterator[tuple[int, bytes]]:
    for record in store.values():
        yield to_signed(record.ref), pack_value(record)


class Mirror:
    """Reads one. Shared by threads; a file that was replaced meanwhile stays readable."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Mirror | None:
        """``None`` if there is none."""
        try:
            return cls(path) if path.exists() else None
        except sqlite3.Error:
            return None

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """As ``Store.get_values``: what was in the store when the index was made."""
        return [self._get(ref) for ref in refs]

    def _get(self, ref: int) -> ValueRecord | None:
        try:
            with self._lock:
                query = "SELECT packed FROM value WHERE ref = ?"
                row = self._file.execute(query, (to_signed(ref),)).fetchone()
            return None if row is None else unpack_value(ref, row[0])
        except (sqlite3.Error, ValueError) as error:
            raise StoreUnavailable(
                f"the machine's copy of the directory is damaged ({type(error).__name__}); "
                "remove the directory folder from the state folder and restart"
            ) from None


class Source(Protocol):
    """Where the values of an index are."""

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """In the order asked."""


class Backed:
    """The store, and this machine's copy while the store is gone.

    The store first: a value that was erased answers nothing from that moment on.
    """

    def __init__(self, store: Source, mirror: Mirror) -> None:
        self._store, self._mirror = store, mirror

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """In the order asked."""
        try:
            return self._store.get_values(refs)
        except StoreUnavailable:
            return self._mirror.get_values(refs)


def backed(store: Store, index: Path) -> Source:
    """Where the values of the index in this file are."""
    found = Mirror.open(beside(index))
    return Backed(store, found) if found else store
