"""Who, without saying who: a client's address as a keyed hash that forgets.

One key a day (UTC). Within a day the same client has the same hash, so an auditor can
follow one machine through an incident; across days nothing links. When the retention of
the events ends, the day's key is destroyed and its hashes point at nobody for ever.
The keys are never part of an export, and their folder is tagged so that backup programs
that honour ``CACHEDIR.TAG`` leave it out: a key in a backup would outlive its destruction.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from datetime import UTC, date, datetime
from pathlib import Path

from proxy.audit._files import destroy, sync_directory
from proxy.errors import KeysUnavailable

_CACHED = 8192
_KEY_BYTES = 32


class ClientKeys:
    """The daily keys in one directory, and the hashing of clients with today's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._day = -1
        self._key = b""
        self._cache: dict[str, str] = {}

    def hash(self, client: str, at: float | None = None) -> str:
        """Sixteen hexadecimal digits for ``client`` on the day of ``at`` (default now)."""
        day = int((time.time() if at is None else at) // 86400)
        if day != self._day:
            self._turn(day)
        found = self._cache.get(client)
        if found is None:
            found = hmac.digest(self._key, client.encode(), "sha256")[:8].hex()
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[client] = found
        return found

    def hashes(self, name: str) -> frozenset[str]:
        """What ``name`` was hashed to on each day whose key is left."""
        keys = (path.read_bytes() for path in self._directory.glob("????-??-??.key"))
        return frozenset(hmac.digest(key, name.encode(), "sha256")[:8].hex() for key in keys)

    def destroy_before(self, day: date) -> int:
        """Destroy the keys of the days before ``day``; how many there were."""
        old = [  # a scratch file that a crash left holds a key too
            path for path in self._directory.glob("????-??-??.*") if path.stem < day.isoformat()
        ]
        for path in old:
            destroy(path)
        return sum(path.suffix == ".key" for path in old)

    def _turn(self, day: int) -> None:
        today = datetime.fromtimestamp(day * 86400, UTC).date()
        path = self._directory / f"{today.isoformat()}.key"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _create(path)
                _tag(self._directory / "CACHEDIR.TAG")
            self._key = path.read_bytes()
        except OSError as error:
            raise KeysUnavailable(f"client key {path}: {error.strerror}") from None
        if len(self._key) != _KEY_BYTES:
            raise KeysUnavailable(f"client key {path} is damaged: delete it to make a new one")
        self._cache.clear()
        self._day = day


def _create(path: Path) -> None:
    """Write a new key; when another process is first, its key stands."""
    scratch = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(_KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        scratch.unlink()
        sync_directory(path.parent)


def _tag(path: Path) -> None:
    """See https://bford.info/cachedir/: tar, borg, restic and others know it."""
    if not path.exists():
        path.write_text(
            "Signature: 8a477f597d28d172789f06886806bc55\n"
            "# Keys that must not outlive their destruction: never back this folder up.\n"
        )
