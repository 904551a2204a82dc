"""A directory index as a file: written once, mapped read-only by every worker.

Layout: one JSON line of head, padded to 8 bytes, then the sections, each padded to 8 bytes. The
head holds figures, and a SHA-256 of the rest, so that a file cut short or damaged is built
again instead of half obeyed. The file's name tells of which store, version, keys and code it
is, hence a file that is there is the right one. Files appear by rename: a reader sees none or
a whole one, and one that is mapped stays whole after it is replaced.

Nothing in it is in clear: hashes are keyed, and the few words that a worker needs in clear
(given names, shapes, places) are sealed under a key made of the site's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.directory.sealer import ValueSealer
from proxy.kinds import Kind

SUFFIX = ".directory"
_LOCK = "building.lock"
_NONCE = 12


class IndexKeys:
    """What the index derives from the site's fingerprint key, a pseudo-random function."""

    def __init__(self, sealer: ValueSealer) -> None:
        def derive(purpose: str) -> bytes:
            parts = (sealer.fingerprint(Kind.TEXT, f"\x1eindex/1/{purpose}/{n}") for n in "12")
            return b"".join(parts)

        self.hashes = derive("hashes")
        self._words = AESGCM(derive("words"))
        self._name = derive("name")

    def __repr__(self) -> str:
        return "IndexKeys()"

    def file_name(self, store_id: bytes, version: int) -> str:
        """Of the index of this version of this store, made by this code."""
        message = b"%d\x1f%b\x1f%b" % (version, store_id, code_digest())
        tag = hashlib.blake2b(message, digest_size=8, key=self._name).hexdigest()
        return f"{version:08}-{tag}{SUFFIX}"

    def seal(self, document: Mapping[str, Any]) -> bytes:
        """Words that a worker needs in clear."""
        nonce = os.urandom(_NONCE)
        return nonce + self._words.encrypt(nonce, orjson.dumps(document), b"index")

    def open(self, sealed: bytes) -> dict[str, Any]:
        """The inverse of ``seal``; ``ValueError`` if it was made under other keys."""
        try:
            plain = self._words.decrypt(sealed[:_NONCE], sealed[_NONCE:], b"index")
        except InvalidTag as error:
            raise ValueError("an index of other keys") from error
        document: dict[str, Any] = orjson.loads(plain)
        return document


@cache
def code_digest() -> bytes:
    """Tells the rules of two releases apart: an index is searched with those it was made by."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def save(path: Path, sections: Mapping[str, bytes], figures: Mapping[str, Any]) -> None:
    """Whole or not at all; indexes of other versions in the same folder are removed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for content in sections.values():
        digest.update(content)
    head = {
        "sha256": digest.hexdigest(),
        "sizes": {name: len(content) for name, content in sections.items()},
        "figures": figures,
    }
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_padding(json.dumps(head).encode() + b"\n", b" "))
            for content in sections.values():
                file.write(content)
                file.write(bytes(-len(content) % 8))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    for old in path.parent.iterdir():
        if old != path and old.suffix in (SUFFIX, ".tmp"):
            old.unlink(missing_ok=True)


def load(path: Path) -> tuple[dict[str, memoryview], dict[str, Any]] | None:
    """Sections and figures, mapped; ``None`` if the file is not there or not whole."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    view = memoryview(mapped)
    end = mapped.find(b"\n") + 1
    with contextlib.suppress(ValueError, KeyError, TypeError):
        head = json.loads(bytes(view[:end]))
        sections, at = {}, end + -end % 8
        digest = hashlib.sha256()
        for name, size in head["sizes"].items():
            sections[name] = view[at : at + size]
            digest.update(sections[name])
            at += size + -size % 8
        if digest.hexdigest() == head["sha256"]:
            return sections, head["figures"]
    return None


@contextlib.contextmanager
def building(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether it is ours to build in this folder: one process at a time does."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _padding(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % 8)
