"""The embedded store, copied while it is used: SQLite's own backup, one step a file.

One step holds a reader, which in WAL mode stops nobody, and gives one moment. Vault and notes
come before the directory: what they point at is in a later copy of it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from proxy.errors import InputError

PARTS = ("-vault", "-notes", "")


def store_path(url: str) -> Path | None:
    """The first file of an embedded store; ``None`` for another kind."""
    kind, _, path = url.partition(":")
    return Path(path) if kind == "sqlite" else None


def copy_store(path: Path, folder: Path) -> int:
    """Copy the files of the store into ``folder``; how many there were."""
    folder.mkdir(mode=0o700)
    count = 0
    for part in PARTS:
        source = path.with_name(path.name + part)
        if source.exists():
            _copy(source, folder / f"preau.db{part}")
            count += 1
    return count


def check_store(path: Path) -> None:
    """Raises ``InputError`` when a file of a store is damaged."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            told = file.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        told = str(error)
    if told != "ok":
        raise InputError(f"{path.name} in the backup is damaged: {told}")


def _copy(source: Path, target: Path) -> None:
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
    except sqlite3.Error as error:
        raise InputError(f"{source} cannot be copied: {error}") from None
