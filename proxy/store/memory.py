"""A store in memory: for tests of policies and of what stands on a store; nothing survives it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.store.changes import apply_change
from proxy.store.interface import Change, Conflict, Known, SubjectRecord, ValueRecord
from proxy.store.local import Local
from proxy.store.notes import MemoryNotes
from proxy.store.records import checked

_BUSY_SECONDS = 5.0


class MemoryStore(Local):
    """``Store`` in dictionaries."""

    def __init__(self) -> None:
        self._closed = False
        self._lock = threading.RLock()
        self._vault: dict[int, bytes] = {}
        self._tags: dict[tuple[int, int], int] = {}
        self._meta: dict[str, bytes] = {}
        self._values: dict[int, ValueRecord] = {}
        self._subjects: dict[bytes, SubjectRecord] = {}
        self._fleet: dict[str, tuple[float, bytes]] = {}
        self._version = 0
        self.notes = MemoryNotes(self.ping)
        self._importing = threading.Lock()
        self._staged: tuple[bytes, _Rows] = (b"", _Rows())

    def __repr__(self) -> str:
        return "MemoryStore()"

    def ping(self) -> None:
        """Answers until closed."""
        if self._closed:
            raise StoreUnavailable("the store in memory is closed")

    def announce(self, name: str, note: bytes, seconds: int) -> None:
        """What has expired is removed on the way."""
        self.ping()
        with self._lock:
            self._fleet = dict(self._alive(), **{name: (time.time() + seconds, note)})

    def announced(self) -> Mapping[str, bytes]:
        """The notes that have not expired."""
        self.ping()
        return {name: note for name, (_, note) in self._alive().items()}

    def _alive(self) -> dict[str, tuple[float, bytes]]:
        return {name: row for name, row in self._fleet.items() if row[0] >= time.time()}

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
        """Whole."""
        return apply_change(self, change)

    def staging(self, token: bytes) -> MemoryStaging:
        """One at a time."""
        self.ping()
        if not self._importing.acquire(timeout=_BUSY_SECONDS):
            raise StoreUnavailable("another import is running; wait for its end")
        if self._staged[0] != token:
            self._staged = (token, _Rows())
        return MemoryStaging(self, self._staged[1])

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """In the order asked."""
        self.ping()
        return [self._values.get(ref) for ref in refs]

    def values(self, part: int = 0, parts: int = 1) -> Iterator[ValueRecord]:
        """As they are at the first ``next``."""
        self.ping()
        yield from list(self._values.values())[part::parts]

    def subjects(self, tag: bytes = b"") -> Iterator[SubjectRecord]:
        """As they are at the first ``next``."""
        self.ping()
        found = list(self._subjects.values())
        yield from (record for record in found if record.source_key.startswith(tag))

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """By a look at all."""
        self.ping()
        return [record for record in list(self._subjects.values()) if record.ref == ref]

    def get_meta(self, name: str) -> bytes | None:
        """A small named value."""
        self.ping()
        return self._meta.get(name)

    def set_meta(self, name: str, value: bytes) -> None:
        """Set it."""
        self.ping()
        self._meta[name] = value


class _Rows:
    """What was staged."""

    def __init__(self) -> None:
        self.values: dict[bytes, ValueRecord] = {}
        self.subjects: dict[bytes, SubjectRecord] = {}


class MemoryStaging:
    """A change under way, in dictionaries of its own."""

    def __init__(self, store: MemoryStore, rows: _Rows) -> None:
        self._store, self._rows, self._open = store, rows, True
        self.base_version = store._version
        self._refs = {value.fingerprint: value for value in store._values.values()}

    def known(self, fingerprints: Sequence[bytes]) -> list[Known | None]:
        """Among those added here and those that were there."""
        found = (self._rows.values.get(f) or self._refs.get(f) for f in fingerprints)
        return [Known(value.ref, value.owner) if value else None for value in found]

    def kinds(self, refs: Sequence[int]) -> list[Kind | None]:
        """By a look at all."""
        values = (*self._refs.values(), *self._rows.values.values())
        found = {value.ref: value.kind for value in values}
        return [found.get(ref) for ref in refs]

    def records(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """In the order asked."""
        return [self._store._subjects.get(key) for key in source_keys]

    def staged(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """In the order asked."""
        return [self._rows.subjects.get(key) for key in source_keys]

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """By a look at all."""
        merged = {**self._store._subjects, **self._rows.subjects}
        return [record for record in merged.values() if record.ref == ref]

    def add(self, values: Sequence[ValueRecord], subjects: Sequence[SubjectRecord]) -> None:
        """Checked as the stores on disk do."""
        checked(values, subjects)
        self._rows.values.update((value.fingerprint, value) for value in values)
        self._rows.subjects.update((subject.source_key, subject) for subject in subjects)

    def commit(self, forget_values: Sequence[int] = (), forget_subjects: Sequence[int] = ()) -> int:
        """At one stroke, as far as a single thread can tell."""
        store = self._store
        store.ping()
        if store._version != self.base_version:
            raise Conflict(f"the directory is at {store._version}, not {self.base_version}")
        for ref in forget_values:
            store._values.pop(ref, None)
        forgotten = set(forget_subjects)
        for key in [k for k, s in store._subjects.items() if s.ref in forgotten]:
            del store._subjects[key]
        store._values.update((value.ref, value) for value in self._rows.values.values())
        store._subjects.update(self._rows.subjects)
        store._version += 1
        self.discard()
        return store._version

    def discard(self) -> None:
        """Forget what was added."""
        self._store._staged = (b"", _Rows())
        self._rows = _Rows()

    def close(self) -> None:
        """Calling it again does nothing."""
        if self._open:
            self._open = False
            self._store._importing.release()
