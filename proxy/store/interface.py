"""The one small interface behind which SQLite and Redis stand.

A store keeps what must survive a restart and be shared by workers and machines: the
directory, the vault of values outside the directory, and a few named counters. It never
sees a plaintext identifier: every value it is given is sealed (AES-256-GCM) or a keyed
fingerprint. All methods may raise ``proxy.errors.StoreUnavailable``; callers refuse then.

An import writes through a ``Staging``: chunk after chunk, each durable, none of it seen by
anybody until ``commit`` makes all of it the directory at one stroke. What a killed import has
staged is found again under the same token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from proxy.kinds import Kind, SubjectKind
from proxy.store.breaker import Circuit
from proxy.store.notes import Notes
from proxy.store.troubles import Trouble


class ValueRecord(NamedTuple):
    """One distinct identifier value. A tuple: they are read by the million.

    ``ref`` is random, 64 bits, never 0, never reused.
    """

    ref: int
    kind: Kind
    fingerprint: bytes
    """Keyed hash of kind and canonical value (16 bytes): finds the value, reveals nothing."""
    sealed: bytes
    """The canonical value under the value's own key."""
    owner: int = 0
    """The first subject that bore the value, if its kind can join sources; else 0."""


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """One person as one source knows them. Records with the same ``ref`` are one subject."""

    ref: int
    kind: SubjectKind
    source_key: bytes
    """Keyed fingerprint (16 bytes) of source and stable source id: makes re-import idempotent."""
    active: bool
    """False for a leaver: kept so that old pseudonyms still restore."""
    schools: tuple[str, ...]
    classes: tuple[str, ...]
    values: tuple[int, ...]
    digest: bytes = bytes(8)
    """Keyed hash (8 bytes) of the roster's row: the same row again needs no work."""


@dataclass(frozen=True, slots=True)
class Change:
    """A small change of the directory: applied whole or not at all.

    ``values`` are new; ``subjects`` are inserted or replaced by ``source_key``; ``forget_*``
    delete by reference (erasure). ``base_version`` is the directory version the change was
    computed from.
    """

    base_version: int
    values: Sequence[ValueRecord] = ()
    subjects: Sequence[SubjectRecord] = ()
    forget_values: Sequence[int] = field(default=())
    forget_subjects: Sequence[int] = field(default=())


class Conflict(Exception):
    """The directory changed since ``base_version``: compute the change again."""


class Known(NamedTuple):
    """A value that is there: its reference and the subject that it points at, if one."""

    ref: int
    owner: int


class Staging(Protocol):
    """A change under way: one at a time in a store. It sees the directory and what it added."""

    base_version: int

    def known(self, fingerprints: Sequence[bytes]) -> list[Known | None]:
        """The values with these fingerprints, in the order asked."""

    def kinds(self, refs: Sequence[int]) -> list[Kind | None]:
        """What the values with these references are, in the order asked."""

    def records(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """The records of the directory as it stands, in the order asked."""

    def staged(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """The records added here, by this run or by one that was killed."""

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """Every record of one subject, of the directory and added here."""

    def add(self, values: Sequence[ValueRecord], subjects: Sequence[SubjectRecord]) -> None:
        """Stage new values, and subjects that replace those with their ``source_key``."""

    def commit(self, forget_values: Sequence[int] = (), forget_subjects: Sequence[int] = ()) -> int:
        """Make it the directory, durably; the new version. Raises ``Conflict``."""

    def discard(self) -> None:
        """Drop everything that was staged."""

    def close(self) -> None:
        """Let others change the directory. What is staged stays, for the same token."""


class Store(Protocol):
    """What the engine needs kept. One contract test suite runs against every implementation."""

    def ping(self) -> None:
        """Return if the store answers, else raise ``StoreUnavailable``."""

    @property
    def remote(self) -> bool:
        """Whether it is shared with other machines: it may be gone while we are here."""

    @property
    def epoch(self) -> int:
        """Grows when what was last written may be lost: who remembers writing it writes again."""

    @property
    def circuit(self) -> Circuit:
        """Whether calls go through, or fail at once since the server was gone a moment ago."""

    def troubles(self) -> Sequence[Trouble]:
        """What of a store that answers endangers the data, and what to do about it."""

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

    def staging(self, token: bytes) -> Staging:
        """Begin a change, or go on with the one of this token. Another one's is dropped.

        Waits a moment for a change under way elsewhere, then raises ``StoreUnavailable``.
        """

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """The values with these references, in the order asked: on the way of requests."""

    def values(self, part: int = 0, parts: int = 1) -> Iterator[ValueRecord]:
        """Every value, in no particular order; or one of ``parts`` shares of them."""

    def subjects(self, tag: bytes = b"") -> Iterator[SubjectRecord]:
        """Every record whose ``source_key`` begins with ``tag``."""

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """Every record of one subject."""

    @property
    def notes(self) -> Notes:
        """What is noted about references (``proxy.store.notes``)."""

    def get_meta(self, name: str) -> bytes | None:
        """A small named value (schema version, key check), or ``None``."""

    def set_meta(self, name: str, value: bytes) -> None:
        """Set a small named value durably."""

    def announce(self, name: str, note: bytes, seconds: int) -> None:
        """Tell who shares the store something small under ``name``; it expires by itself."""

    def announced(self) -> Mapping[str, bytes]:
        """What was announced and has not expired, by name."""
