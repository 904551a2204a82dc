"""The one small interface behind which SQLite and Redis stand.

A store keeps what must survive a restart and be shared by workers and machines: the
directory, the vault of values outside the directory, and a few named counters. It never
sees a plaintext identifier: every value it is given is sealed (AES-256-GCM) or a keyed
fingerprint. All methods may raise ``proxy.errors.StoreUnavailable``; callers refuse then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from proxy.kinds import Kind, SubjectKind


@dataclass(frozen=True, slots=True)
class ValueRecord:
    """One distinct identifier value. ``ref`` is random, 64 bits, never 0, never reused."""

    ref: int
    kind: Kind
    fingerprint: bytes
    """Keyed hash of kind and canonical value (16 bytes): finds the value, reveals nothing."""
    sealed: bytes
    """The canonical value under the value's own key, which ``Change.keys`` carries."""


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """One person of the directory and the values that point at them."""

    ref: int
    kind: SubjectKind
    source_key: bytes
    """Keyed fingerprint (16 bytes) of source and stable source id: makes re-import idempotent."""
    active: bool
    """False for a leaver: kept so that old pseudonyms still restore."""
    schools: tuple[str, ...]
    classes: tuple[str, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A directory import: applied whole or not at all.

    ``values`` and ``subjects`` are inserted or replaced by ``ref``; ``keys`` are wrapped
    data keys by value ref; ``forget_*`` delete (erasure). ``base_version`` is the directory
    version the change was computed from.
    """

    base_version: int
    values: Sequence[ValueRecord] = ()
    keys: Sequence[tuple[int, bytes]] = ()
    subjects: Sequence[SubjectRecord] = ()
    forget_values: Sequence[int] = field(default=())
    forget_subjects: Sequence[int] = field(default=())


class Conflict(Exception):
    """The directory changed since ``base_version``: compute the change again."""


class Store(Protocol):
    """What the engine needs kept. One contract test suite runs against every implementation."""

    def ping(self) -> None:
        """Return if the store answers, else raise ``StoreUnavailable``."""

    def close(self) -> None:
        """Release files and connections; further calls raise ``StoreUnavailable``."""

    def vault_put(self, ref: int, sealed: bytes, tags: Sequence[int] = (), day: int = 0) -> None:
        """Keep a sealed value under ``ref`` durably; a ``ref`` already there is left as it is.

        Each tag (64 bits: where it was seen, what it spells) is set on it, with the day it was
        last used. A value that was given none is never expired.
        """

    def vault_get(self, refs: Sequence[int]) -> list[bytes | None]:
        """The sealed values, in the order asked."""

    def vault_days(self, pairs: Sequence[tuple[int, int]]) -> list[int]:
        """For each ``(ref, tag)`` the day it was last used, 0 without that tag."""

    def vault_tagged(self, tag: int) -> list[int]:
        """The values that bear a tag."""

    def vault_forget(self, refs: Sequence[int]) -> None:
        """Delete values and their tags (erasure)."""

    def vault_expire(self, before: int) -> int:
        """Delete the tags last used before a day, and what has lost its last; how many values."""

    def directory_version(self) -> int:
        """Grows by one with every applied change; 0 when empty. Cheap: polled by workers."""

    def directory_apply(self, change: Change) -> int:
        """Apply whole or not at all; the new version. Raises ``Conflict``."""

    def values(self) -> Iterator[ValueRecord]:
        """Every value, in no particular order."""

    def keys(self) -> Iterator[tuple[int, bytes]]:
        """Every wrapped data key by value ref."""

    def subjects(self) -> Iterator[SubjectRecord]:
        """Every subject."""

    def get_meta(self, name: str) -> bytes | None:
        """A small named value (schema version, key check), or ``None``."""

    def set_meta(self, name: str, value: bytes) -> None:
        """Set a small named value durably."""
