"""From a roster to one change of the store: what is new, what moved, who left.

The laws: a subject keeps its reference as long as its source keeps its id; a value keeps its
reference for ever and exists once, however many people bear it; who left stays, marked, so
that old pseudonyms still restore; the same roster twice changes nothing, not even the version.

A subject also keeps the values it no longer has (a changed address): services still hold
their pseudonyms, and people still type them. Erasure is a verb of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from proxy.directory.completing import completed
from proxy.directory.sealer import ValueSealer
from proxy.directory.subjects import Person
from proxy.errors import InputError, StoreUnavailable
from proxy.kinds import Kind
from proxy.store.interface import Change, Conflict, Store, SubjectRecord, ValueRecord

MAX_SHRINK = 0.20
_ATTEMPTS = 5
_TAG_BYTES = 4


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. ``change`` is ready for the store."""

    adds: int
    changes: int
    leavers: int
    unchanged: int
    active_before: int
    """People of this source that were active before."""
    change: Change = field(repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to apply."""
        return not (self.change.values or self.change.subjects)

    @property
    def shrinks_too_much(self) -> bool:
        """Whether so many people leave that the roster may be cut short."""
        return self.leavers > MAX_SHRINK * self.active_before


class ShrinkRefused(InputError):
    """More people leave than a mistake in the roster should be able to make leave."""


def plan(
    persons: Iterable[Person],
    store: Store,
    sealer: ValueSealer,
    source: str,
    *,
    complete: bool = True,
) -> ImportPlan:
    """Compare a roster with the directory.

    ``source`` names the roster from one import to the next. ``complete`` is false when the
    roster holds changes only: then who is absent has not left.
    """
    return _Planner(store, sealer, source).plan(persons, complete)


def apply(
    persons: Callable[[], Iterable[Person]],
    store: Store,
    sealer: ValueSealer,
    source: str,
    *,
    complete: bool = True,
    accept_shrink: bool = False,
    check: Callable[[], None] = lambda: None,
) -> ImportPlan:
    """Plan and carry out, whole or not at all; the plan that was carried out.

    ``persons`` is called again when another import got in between. ``check`` runs after the
    roster was read and before anything is written: raise there to call it off.
    """
    for _ in range(_ATTEMPTS):
        made = plan(persons(), store, sealer, source, complete=complete)
        check()
        if made.shrinks_too_much and not accept_shrink:
            raise ShrinkRefused(
                f"{made.leavers} of {made.active_before} people of source {source!r} are not in "
                f"this roster (more than {MAX_SHRINK:.0%}); if that is right, repeat with --yes"
            )
        if made.is_empty:
            return made
        try:
            store.directory_apply(made.change)
        except Conflict:
            continue
        return made
    raise StoreUnavailable("the directory kept changing during the import; run it again")


class _Planner:
    """The directory as it is, by the keys that an import looks things up with."""

    def __init__(self, store: Store, sealer: ValueSealer, source: str) -> None:
        self._store, self._sealer, self._source = store, sealer, source
        self._opened: tuple[dict[int, ValueRecord], dict[int, bytes]] | None = None
        # All keys of one source begin alike: so who is absent from a roster can be told.
        self._tag = sealer.source_key(source, "")[:_TAG_BYTES]
        self._version = store.directory_version()
        self._value_of = {v.fingerprint: v.ref for v in store.values()}
        subjects = list(store.subjects())
        self._before = {s.source_key: s for s in subjects if s.source_key.startswith(self._tag)}
        self._taken = set(chain(self._value_of.values(), (s.ref for s in subjects)))
        self._new_values: list[ValueRecord] = []
        self._new_keys: list[tuple[int, bytes]] = []

    def plan(self, persons: Iterable[Person], complete: bool) -> ImportPlan:
        adds = changes = unchanged = leavers = 0
        written: list[SubjectRecord] = []
        present: set[bytes] = set()
        for person in persons:
            key = self._source_key(person)
            before = self._before.get(key)
            present.add(key)
            if before is None and not person.active:
                continue
            after = self._subject(person, key, before)
            if after == before:
                unchanged += 1
                continue
            written.append(after)
            if before is None:
                adds += 1
            elif before.active and not after.active:
                leavers += 1
            else:
                changes += 1
        if complete:
            gone = [s for key, s in self._before.items() if s.active and key not in present]
            written += map(_left, gone)
            leavers += len(gone)
        active = sum(subject.active for subject in self._before.values())
        change = Change(self._version, self._new_values, self._new_keys, written)
        return ImportPlan(adds, changes, leavers, unchanged, active, change)

    def _source_key(self, person: Person) -> bytes:
        return self._tag + self._sealer.source_key(self._source, person.source_id)[_TAG_BYTES:]

    def _subject(self, person: Person, key: bytes, before: SubjectRecord | None) -> SubjectRecord:
        if before is not None and not person.active:
            return _left(before)
        if before is not None and person.partial:
            person = completed(person, before, partial(self._names_of, before))
        values = dict.fromkeys(self._value(kind, text) for kind, text in person.values())
        values.pop(0, None)
        if before is not None:
            values.update(dict.fromkeys(before.values))
        kept = before if person.partial else None
        return SubjectRecord(
            ref=before.ref if before is not None else _new_reference(self._taken),
            kind=kept.kind if kept else person.kind,
            source_key=key,
            active=True,
            schools=person.schools or (kept.schools if kept else ()),
            classes=person.classes or (kept.classes if kept else ()),
            values=tuple(values),
        )

    def _names_of(self, subject: SubjectRecord) -> Iterator[tuple[Kind, str]]:
        """The single names that a subject has had, opened."""
        if self._opened is None:
            kinds = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
            records = {v.ref: v for v in self._store.values() if v.kind in kinds}
            self._opened = records, dict(self._store.keys())
        records, keys = self._opened
        for record in filter(None, map(records.get, subject.values)):
            opened = self._sealer.open(record.ref, record.kind, record.sealed, keys[record.ref])
            yield record.kind, opened

    def _value(self, kind: Kind, text: str) -> int:
        """The reference of a value, made and sealed if it is new; 0 for an empty one."""
        canonical = self._sealer.canonical(kind, text)
        if not canonical:
            return 0
        fingerprint = self._sealer.fingerprint(kind, canonical)
        ref = self._value_of.get(fingerprint)
        if ref is None:
            ref = _new_reference(self._taken)
            self._value_of[fingerprint] = ref
            sealed, wrapped = self._sealer.seal(ref, kind, canonical)
            self._new_values.append(ValueRecord(ref, kind, fingerprint, sealed))
            self._new_keys.append((ref, wrapped))
        return ref


def _left(subject: SubjectRecord) -> SubjectRecord:
    if not subject.active:
        return subject
    return SubjectRecord(
        subject.ref,
        subject.kind,
        subject.source_key,
        False,
        subject.schools,
        subject.classes,
        subject.values,
    )


def _new_reference(taken: set[int]) -> int:
    """Random, 64 bits, never 0, never one that is taken; it becomes taken."""
    while (ref := secrets.randbits(64)) == 0 or ref in taken:
        pass
    taken.add(ref)
    return ref
