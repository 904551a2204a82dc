"""Notes that expire, in SQLite: the workers of one machine tell each other what they run."""

from __future__ import annotations

import sqlite3
import time

_TABLE = (
    "CREATE TABLE IF NOT EXISTS fleet "
    "(name TEXT PRIMARY KEY, until REAL NOT NULL, note BLOB NOT NULL) WITHOUT ROWID"
)


def announce(connection: sqlite3.Connection, name: str, note: bytes, seconds: int) -> None:
    """Keep a note for so long; what has expired is removed on the way."""
    now = time.time()
    connection.execute(_TABLE)  # here: a store made before there were fleets has none
    connection.execute("DELETE FROM fleet WHERE until < ?", (now,))
    connection.execute(
        "INSERT OR REPLACE INTO fleet (name, until, note) VALUES (?, ?, ?)",
        (name, now + seconds, note),
    )


def announced(connection: sqlite3.Connection) -> dict[str, bytes]:
    """The notes that have not expired."""
    connection.execute(_TABLE)
    return dict(connection.execute("SELECT name, note FROM fleet WHERE until >= ?", (time.time(),)))
