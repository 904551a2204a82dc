"""What the directory asks of the keys; ``proxy.pseudonyms.values.ValueSealer`` gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind


class ValueSealer(Protocol):
    """Canonical texts, keyed fingerprints, and sealing under a key of each value's own."""

    def canonical(self, kind: Kind, text: str, /) -> str:
        """What spellings of one identifier have in common; keeps ``NAME_SEPARATOR``."""

    def fingerprint(self, kind: Kind, canonical_text: str, /) -> bytes:
        """16 bytes that find a value and reveal nothing without the site's key."""

    def source_key(self, source: str, identifier: str, /) -> bytes:
        """16 bytes that find a subject of a source by its id there."""

    def seal(self, ref: int, kind: Kind, text: str, /) -> bytes:
        """The text under the key of this value."""

    def open(self, ref: int, kind: Kind, sealed: bytes, /) -> str:
        """The canonical text; ``StoreUnavailable`` if it cannot be opened."""

    def is_erased(self, ref: int, /) -> bool:
        """Whether this reference's key was destroyed: no value can have it."""


class NoSealer:
    """For a directory of nobody: canonical texts, and no key."""

    def __init__(self, canonical: Callable[[Kind, str], str]) -> None:
        self.canonical = canonical

    def fingerprint(self, kind: Kind, canonical_text: str, /) -> bytes:
        """The same for all: nothing is found by it."""
        return bytes(16)

    def source_key(self, source: str, identifier: str, /) -> bytes:
        """The same for all."""
        return bytes(16)

    def seal(self, ref: int, kind: Kind, text: str, /) -> bytes:
        """Nothing is kept without a key."""
        raise StoreUnavailable("no keys")

    def open(self, ref: int, kind: Kind, sealed: bytes, /) -> str:
        """Nothing can be read without a key."""
        raise StoreUnavailable("no keys")

    def is_erased(self, ref: int, /) -> bool:
        """There is nothing to destroy."""
        return False
