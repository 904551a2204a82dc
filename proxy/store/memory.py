"""A store in memory: for tests of policies and of what stands on a store; nothing survives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from proxy.errors import StoreUnavailable
from proxy.store.interface import Change, Conflict, SubjectRecord, ValueRecord


class MemoryStore:
    """``Store`` in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._closed = False
        self._version = 0
        self._vault: dict[int, bytes] = {}
        self._tags: dict[tuple[int, int], int] = {}
        self._values: dict[int, ValueRecord] = {}
        self._keys: dict[int, bytes] = {}
        self._subjects: dict[int, SubjectRecord] = {}
        self._meta: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "MemoryStore()"

    def ping(self) -> None:
        """Answers until closed."""
        if self._closed:
            raise StoreUnavailable("the store in memory is closed")

    def close(self) -> None:
        """Further calls raise."""
        self._closed = True

    def vault_put(self, ref: int, sealed: bytes, tags: Sequence[int] = (), day: int = 0) -> None:
        """Keep ``sealed`` unless something is there already; set the tags."""
        self.ping()
        with self._lock:
            self._vault.setdefault(ref, sealed)
            for tag in tags:
                self._tags[ref, tag] = max(day, self._tags.get((ref, tag), 0))

    def vault_get(self, refs: Sequence[int]) -> list[bytes | None]:
        """In the order asked."""
        self.ping()
        return [self._vault.get(ref) for ref in refs]

    def vault_days(self, pairs: Sequence[tuple[int, int]]) -> list[int]:
        """In the order asked."""
        self.ping()
        return [self._tags.get(pair, 0) for pair in pairs]

    def vault_tagged(self, tag: int) -> list[int]:
        """In no particular order."""
        self.ping()
        with self._lock:
            return [ref for ref, its in self._tags if its == tag]

    def vault_forget(self, refs: Sequence[int]) -> None:
        """Values and tags."""
        self.ping()
        gone = set(refs)
        with self._lock:
            self._tags = {pair: day for pair, day in self._tags.items() if pair[0] not in gone}
            for ref in gone:
                self._vault.pop(ref, None)

    def vault_expire(self, before: int) -> int:
        """Under a lock: whole."""
        self.ping()
        with self._lock:
            kept = {pair: day for pair, day in self._tags.items() if day >= before}
            gone = {ref for ref, _ in self._tags} - {ref for ref, _ in kept}
            self._tags = kept
            return sum(self._vault.pop(ref, None) is not None for ref in gone)

    def directory_version(self) -> int:
        """Grows by one with every change."""
        self.ping()
        return self._version

    def directory_apply(self, change: Change) -> int:
        """Under a lock: whole."""
        self.ping()
        with self._lock:
            if change.base_version != self._version:
                raise Conflict(f"the directory is at {self._version}, not {change.base_version}")
            for ref in change.forget_values:
                self._values.pop(ref, None)
                self._keys.pop(ref, None)
            for ref in change.forget_subjects:
                self._subjects.pop(ref, None)
            self._values.update((value.ref, value) for value in change.values)
            self._keys.update(change.keys)
            self._subjects.update((subject.ref, subject) for subject in change.subjects)
            self._version += 1
            return self._version

    def values(self) -> Iterator[ValueRecord]:
        """As they are at the first ``next``."""
        self.ping()
        yield from list(self._values.values())

    def keys(self) -> Iterator[tuple[int, bytes]]:
        """As they are at the first ``next``."""
        self.ping()
        yield from list(self._keys.items())

    def subjects(self) -> Iterator[SubjectRecord]:
        """As they are at the first ``next``."""
        self.ping()
        yield from list(self._subjects.values())

    def get_meta(self, name: str) -> bytes | None:
        """A small named value."""
        self.ping()
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes) -> None:
        """Set it."""
        self.ping()
        self._meta[name] = value
