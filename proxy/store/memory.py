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

    def vault_put(self, ref: int, sealed: bytes) -> None:
        """Keep ``sealed`` unless something is there already."""
        self.ping()
        self._vault.setdefault(ref, sealed)

    def vault_get(self, refs: Sequence[int]) -> list[bytes | None]:
        """In the order asked."""
        self.ping()
        return [self._vault.get(ref) for ref in refs]

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
