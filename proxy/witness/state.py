"""What a witness remembers, in a folder of plain files.

::

    witness.pem               its signing key (0600)
    name                      its name, for ever
    logs/<origin hash>/vkey        a log it was told to watch: its keys, one a line
    logs/<origin hash>/checkpoint  the last note it signed; empty while there is none
    evidence/*.txt            requests that a log signed and that contradict what we signed
    lock                      of the process that serves

A log's ``checkpoint`` is made (empty) when the log is added and must never be absent later:
a witness that lost its memory would sign a second history, so it refuses instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from pathlib import Path

from proxy.audit._files import sync_directory, write_all, write_atomically
from proxy.audit.errors import NoteError
from proxy.audit.note import VerifierKey, check_origin
from proxy.audit.signing import load_private_key
from proxy.errors import InputError
from proxy.witness.cosignature import WitnessSigner

_MOST_EVIDENCE = 1000
_KEY = "witness signing key"


class WitnessState:
    """The folder of one witness."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = -1
        if not self._name.is_file():
            raise InputError(f"{root}: no witness here; make one with 'preau witness init'")
        name = self._name.read_text().strip()
        self.signer = WitnessSigner(name, load_private_key(self._key, _KEY, create=False))

    @classmethod
    def create(cls, root: Path, name: str) -> WitnessState:
        """Make the folder, with a new key. An existing witness is never made anew."""
        check_origin(name)
        if (root / "name").exists() or (root / "witness.pem").exists():
            raise InputError(f"{root}: there is a witness already; a new one needs a new folder")
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        (root / "logs").mkdir(exist_ok=True)
        (root / "evidence").mkdir(exist_ok=True)
        load_private_key(root / "witness.pem", _KEY, create=True)
        write_atomically(root / "name", f"{name}\n".encode())
        return cls(root)

    @property
    def _name(self) -> Path:
        return self._root / "name"

    @property
    def _key(self) -> Path:
        return self._root / "witness.pem"

    def hold(self) -> None:
        """Take the lock: one process signs, or two could sign two histories."""
        self._lock = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise InputError(f"{self._root}: another process serves this witness") from None

    def release(self) -> None:
        """Let the lock go."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def add_log(self, key: VerifierKey) -> None:
        """Watch a log from now on; its memory begins empty and stays for ever.

        A second key of a log that is watched (it changed keys) is added; its memory stays.
        """
        folder = self._folder(key.name)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "vkey").exists():
            write_atomically(folder / "checkpoint", b"")
            write_atomically(folder / "vkey", f"{key}\n".encode())
            sync_directory(folder.parent)
        elif key not in (known := self.log_keys(key.name)):
            lines = "".join(f"{one}\n" for one in (*known, key))
            write_atomically(folder / "vkey", lines.encode())

    def logs(self) -> list[str]:
        """The origins of the logs that it watches."""
        found = (self._root / "logs").glob("*/vkey")
        return sorted(_keys(path)[0].name for path in found)

    def log_keys(self, origin: str) -> list[VerifierKey]:
        """The keys of a log that it watches; none of another."""
        path = self._folder(origin) / "vkey"
        return _keys(path) if path.is_file() else []

    def last(self, origin: str) -> str:
        """The last note it signed of this log, or nothing. ``OSError`` when memory is lost."""
        return (self._folder(origin) / "checkpoint").read_text()

    def remember(self, origin: str, note: str) -> None:
        """On disk when this returns."""
        write_atomically(self._folder(origin) / "checkpoint", note.encode())

    def keep_evidence(self, body: bytes) -> None:
        """Keep a request that its log signed and that we must not: it proves misbehaviour."""
        folder = self._root / "evidence"
        name = hashlib.sha256(body).hexdigest()[:16]
        known = list(folder.iterdir())
        if len(known) >= _MOST_EVIDENCE or any(name in path.name for path in known):
            return
        path = folder / f"{int(time.time())}-{name}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            write_all(descriptor, body)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def evidence(self) -> int:
        """How many such requests it keeps."""
        return sum(1 for _ in (self._root / "evidence").iterdir())

    def _folder(self, origin: str) -> Path:
        return self._root / "logs" / hashlib.sha256(origin.encode()).hexdigest()


def _keys(path: Path) -> list[VerifierKey]:
    return [VerifierKey.parse(line) for line in path.read_text().splitlines()]


def read_log_key(text: str) -> VerifierKey:
    """A log's public key from the command line: the key, or a file that holds it."""
    try:
        return VerifierKey.parse(text if "+" in text else Path(text).read_text())
    except (OSError, NoteError) as error:
        raise InputError(f"not a log's public key: {error}") from None
