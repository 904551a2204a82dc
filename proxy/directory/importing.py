"""From a roster to one change of the store: what is new, what moved, who left.

The laws: a subject keeps its reference as long as its source keeps its id; a value keeps its
reference for ever and exists once, however many people bear it; who left stays, marked, so
that old pseudonyms still restore; the same roster twice changes nothing, not even the version.

A subject also keeps the values it no longer has (a changed address): services still hold
their pseudonyms, and people still type them. Erasure is a verb of its own.

Memory does not grow with the roster. People come in chunks; each chunk asks the store what it
knows, seals what is new, and is staged (``store.interface.Staging``): nobody sees it before
the commit, and an import that was killed finds it again. A row that is what it was the last
time is told by its digest and costs next to nothing.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Protocol

from proxy.directory.completing import completed
from proxy.directory.merging import Merger
from proxy.directory.rows import Ledger, Seen, digest_of
from proxy.directory.sealer import ValueSealer
from proxy.directory.subjects import Person
from proxy.errors import Erased, InputError, StoreUnavailable
from proxy.kinds import Kind
from proxy.store.changes import ERASURES
from proxy.store.interface import Conflict, Staging, Store, SubjectRecord

MAX_SHRINK = 0.20
ERASED_BY = frozenset({Kind.EMAIL, Kind.LOGIN, Kind.NATIONAL_ID, Kind.STUDENT_NUMBER, Kind.UUID})
"""Kinds of value by which somebody who was erased is known again."""
_ATTEMPTS = 5
_TAG_BYTES = 4
_CHUNK = 2000

type Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import did, or would do."""

    adds: int
    changes: int
    leavers: int
    unchanged: int
    active_before: int
    """People of this source that were active before."""
    merged: int
    """New rows of people whom another source had brought before."""
    resumed: int
    """Rows that an import which was cut short had made ready."""
    records: int
    """Rows written."""
    values: int
    """Values that are new."""
    erased: int
    """Rows of people who were erased: left out, or made anew if that was asked for."""
    conflicts: tuple[str, ...]
    """Whose keys contradict each other, by their place in the roster; never a value."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to apply."""
        return not self.records

    @property
    def shrinks_too_much(self) -> bool:
        """Whether so many people leave that the roster may be cut short."""
        return self.leavers > MAX_SHRINK * self.active_before


class Gravestones(Protocol):
    """Who was erased (``proxy.rights.tombstones``)."""

    def __bool__(self) -> bool:
        """Whether there is anybody."""

    def met(self, source_key: bytes, fingerprints: Iterable[bytes]) -> frozenset[int]:
        """The tombstones of a row."""

    def lift(self, met: Iterable[int]) -> None:
        """Those people are in the directory again."""


class ShrinkRefused(InputError):
    """More people leave than a mistake in the roster should be able to make leave."""


def plan(
    persons: Iterable[Person],
    store: Store,
    sealer: ValueSealer,
    source: str,
    *,
    complete: bool = True,
    erased: Gravestones | None = None,
    recreate: bool = False,
    progress: Progress = lambda done: None,
) -> ImportPlan:
    """Compare a roster with the directory, which stays as it is.

    ``source`` names the roster from one import to the next. ``complete`` is false when the
    roster holds changes only: then who is absent has not left.
    """
    with contextlib.closing(store.staging(secrets.token_bytes(16))) as staging:
        try:
            reading = _Import(store, staging, sealer, source, progress, erased, recreate)
            return reading.read(persons, complete)
        finally:
            staging.discard()


def apply(
    persons: Callable[[], Iterable[Person]],
    store: Store,
    sealer: ValueSealer,
    source: str,
    *,
    complete: bool = True,
    accept_shrink: bool = False,
    check: Callable[[], None] = lambda: None,
    roster: bytes = b"",
    erased: Gravestones | None = None,
    recreate: bool = False,
    progress: Progress = lambda done: None,
) -> ImportPlan:
    """Plan and carry out, whole or not at all; the plan that was carried out.

    ``persons`` is called again when another import got in between. ``check`` runs after the
    roster was read and before anything is valid: raise there to call it off. ``roster`` is a
    digest of the files: an import that was cut short goes on where it was if both are alike.
    ``erased`` knows whom the site has erased: they are left out, unless ``recreate``.
    """
    known = sealer.source_key("\x1eroster", f"{source}\x1f{roster.hex()}")
    token = known if roster else secrets.token_bytes(16)
    for _ in range(_ATTEMPTS):
        with contextlib.closing(store.staging(token)) as staging:
            try:
                reading = _Import(store, staging, sealer, source, progress, erased, recreate)
                made = reading.read(persons(), complete)
                check()
                _check_shrink(made, source, accept_shrink)
                if made.is_empty:
                    staging.discard()
                else:
                    staging.commit()
                if erased is not None and recreate:
                    erased.lift(reading.met)
                return made
            except Conflict:
                continue
            except (ShrinkRefused, StoreUnavailable, KeyboardInterrupt):
                raise  # what is staged stays: the same roster is soon imported again
            except BaseException:
                staging.discard()
                raise
    raise StoreUnavailable("the directory kept changing during the import; run it again")


def source_tag(sealer: ValueSealer, source: str) -> bytes:
    """What the source keys of all records of one source begin with."""
    return sealer.source_key(source, "")[:_TAG_BYTES]


def _check_shrink(made: ImportPlan, source: str, accepted: bool) -> None:
    if made.shrinks_too_much and not accepted:
        raise ShrinkRefused(
            f"{made.leavers} of {made.active_before} people of source {source!r} are not in "
            f"this roster (more than {MAX_SHRINK:.0%}); if that is right, repeat with --yes / "
            f"{made.leavers} personnes sur {made.active_before} manquent dans cette liste ; si "
            f"c'est exact, répétez avec --yes"
        )


class _Import:
    """One reading of a roster into a staging."""

    def __init__(
        self,
        store: Store,
        staging: Staging,
        sealer: ValueSealer,
        source: str,
        progress: Progress,
        erased: Gravestones | None = None,
        recreate: bool = False,
    ) -> None:
        self._erased, self._recreate = erased, recreate
        self.met: set[int] = set()
        """Tombstones of rows that were read."""
        self._store, self._staging, self._sealer = store, staging, sealer
        self._source, self._progress = source, progress
        # All keys of one source begin alike: so who is absent from a roster can be told.
        self._tag = source_tag(sealer, source)
        self._epoch = (store.get_meta(ERASURES) or b"").decode()
        self._ledger = Ledger(staging, sealer)
        self._merger = Merger(staging, self._tag)
        self._seen = Seen(_TAG_BYTES)
        self._adds = self._changes = self._leavers = self._unchanged = 0
        self._resumed = self._records = self._done = self._erased_rows = 0

    def read(self, persons: Iterable[Person], complete: bool) -> ImportPlan:
        """Stage every row, then the leavers."""
        for chunk in batched(persons, _CHUNK):
            self._stage(chunk)
            self._progress(self._done)
        active = 0
        gone: list[SubjectRecord] = []
        for record in self._store.subjects(self._tag):
            active += record.active
            if complete and record.active and record.source_key not in self._seen:
                gone.append(_left(record))
                self._leavers += 1
                if len(gone) == _CHUNK:
                    self._write(gone)
                    gone = []
        self._write(gone)
        return ImportPlan(
            self._adds,
            self._changes,
            self._leavers,
            self._unchanged,
            active,
            self._merger.merged,
            self._resumed,
            self._records,
            self._ledger.made,
            self._erased_rows,
            self._merger.report(),
        )

    def _stage(self, people: tuple[Person, ...]) -> None:
        keys = [self._source_key(person) for person in people]
        before = self._staging.records(keys)
        staged = self._staging.staged(keys)
        written: dict[bytes, SubjectRecord] = {}
        work: list[tuple[int, Person, bytes, SubjectRecord | None]] = []
        for number, person in enumerate(people):
            key, digest = keys[number], digest_of(person, self._sealer, self._epoch)
            self._seen.add(key)
            ready = staged[number]
            if not person.active:
                self._leave(before[number], written)
            elif ready is not None and ready.active and ready.digest == digest:
                self._resumed += 1
                self._records += 1
                self._count(before[number], ready)
            elif _is_same(before[number], digest) and ready is None:
                self._unchanged += 1
            elif before[number] is None and self._leave_out(person, key):
                continue
            else:
                whole = self._whole(person, before[number])
                work.append((number, whole, digest, before[number]))
        self._ledger.look_up([person for _, person, *_ in work])
        for number, person, digest, known in work:
            key = keys[number]
            record = self._record(person, key, digest, written.get(key) or known, number)
            if key not in written:
                self._count(known, record)
            written[key] = record
        self._write(list(written.values()))
        self._done += len(people)

    def _leave_out(self, person: Person, key: bytes) -> bool:
        """Whether somebody was erased and is not to come back."""
        if not self._erased:
            return False
        met = self._erased.met(key, _fingerprints(person, self._sealer))
        self.met |= met
        self._erased_rows += bool(met)
        return bool(met) and not self._recreate

    def _leave(self, before: SubjectRecord | None, written: dict[bytes, SubjectRecord]) -> None:
        """A row that says that its person has left."""
        if before is None:
            return
        if before.active:
            written[before.source_key] = _left(before)
            self._leavers += 1
        else:
            self._unchanged += 1

    def _count(self, before: SubjectRecord | None, after: SubjectRecord) -> None:
        if before is None:
            self._adds += 1
        elif _facts(before) == _facts(after):
            self._unchanged += 1
        else:
            self._changes += 1

    def _record(
        self,
        person: Person,
        key: bytes,
        digest: bytes,
        before: SubjectRecord | None,
        number: int,
    ) -> SubjectRecord:
        values = self._ledger.values(person)
        if before is not None:
            ref = before.ref
        else:
            ref = self._merger.subject(person, values, self._done + number)
            ref = ref or self._ledger.new_reference()
        refs = dict.fromkeys(self._ledger.own(values, ref))
        if before is not None:
            refs.update(dict.fromkeys(before.values))
        kept = before if person.partial else None
        record = SubjectRecord(
            ref=ref,
            kind=kept.kind if kept else person.kind,
            source_key=key,
            active=True,
            schools=person.schools or (kept.schools if kept else ()),
            classes=person.classes or (kept.classes if kept else ()),
            values=tuple(refs),
            digest=digest,
        )
        self._merger.add(record)
        return record

    def _whole(self, person: Person, before: SubjectRecord | None) -> Person:
        """A partial row completed by what is known of its person."""
        if before is None or not person.partial:
            return person
        return completed(person, before, partial(self._names_of, before))

    def _names_of(self, subject: SubjectRecord) -> Iterator[tuple[Kind, str]]:
        """The single names that a subject has had, opened."""
        for value in filter(None, self._store.get_values(subject.values)):
            if value.kind in (Kind.GIVEN_NAME, Kind.FAMILY_NAME):
                with contextlib.suppress(Erased):
                    opened = self._sealer.open(value.ref, value.kind, value.sealed)
                    yield value.kind, opened

    def _write(self, records: list[SubjectRecord]) -> None:
        self._staging.add(self._ledger.take(), records)
        self._merger.written()
        self._records += len(records)

    def _source_key(self, person: Person) -> bytes:
        return self._tag + self._sealer.source_key(self._source, person.source_id)[_TAG_BYTES:]


def _fingerprints(person: Person, sealer: ValueSealer) -> Iterator[bytes]:
    for kind, text in person.values():
        if kind in ERASED_BY and (base := sealer.canonical(kind, text)):
            yield sealer.fingerprint(kind, base)


def _is_same(before: SubjectRecord | None, digest: bytes) -> bool:
    return before is not None and before.active and before.digest == digest


def _facts(record: SubjectRecord) -> tuple[object, ...]:
    return record.kind, record.active, record.schools, record.classes, set(record.values)


def _left(subject: SubjectRecord) -> SubjectRecord:
    return SubjectRecord(
        subject.ref,
        subject.kind,
        subject.source_key,
        False,
        subject.schools,
        subject.classes,
        subject.values,
        subject.digest,
    )
