"""Who somebody is in the directory, and what it holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.directory.bearers import POINTING
from proxy.directory.index import Index
from proxy.directory.sealer import ValueSealer
from proxy.errors import Erased
from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.rights.handles import handle, parse
from proxy.store.interface import Store, SubjectRecord

_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_RANK = (SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN)


class Held(NamedTuple):
    """A value of a subject."""

    ref: int
    kind: Kind
    text: str
    bearers: int
    """How many subjects bear it; 0 for values that do not point at people."""

    @property
    def shown(self) -> str:
        """As people write it."""
        return self.text.replace(NAME_SEPARATOR, " ")

    def __repr__(self) -> str:
        return f"Held({self.kind.value})"


@dataclass(frozen=True, slots=True)
class Subject:
    """One person: all records of one reference together. The ``repr`` names nobody."""

    ref: int
    kind: SubjectKind
    active: bool
    schools: tuple[str, ...]
    classes: tuple[str, ...]
    sources: int
    """How many rosters know them."""
    values: tuple[int, ...] = field(repr=False)

    @property
    def handle(self) -> str:
        """How people name them without a name."""
        return handle(self.ref)


class People:
    """The directory, asked about persons."""

    def __init__(self, store: Store, index: Index, sealer: ValueSealer) -> None:
        self._store, self._index, self._sealer = store, index, sealer

    def find(self, text: str) -> list[Subject]:
        """Whoever a handle, full name, e-mail, login, number or one name may mean."""
        text = text.strip()
        ref = parse(text)
        found = self.subject(ref) if ref is not None else None
        if found is not None:
            return [found]
        refs = self._bearers(text) or self._by_one_name(text)
        subjects = filter(None, map(self.subject, sorted(refs)))
        return sorted(subjects, key=lambda s: (not s.active, s.schools, s.classes, s.ref))

    def subject(self, ref: int) -> Subject | None:
        """The person with this reference."""
        records = self._store.records_of(ref)
        return _joined(ref, records) if records else None

    def held(self, subject: Subject) -> list[Held]:
        """What the directory holds of them, opened, by kind."""
        held = []
        for value in filter(None, self._store.get_values(subject.values)):
            try:
                text = self._sealer.open(value.ref, value.kind, value.sealed)
            except Erased:
                continue
            bearers = len(self._index.bearers(value.ref))
            held.append(Held(value.ref, value.kind, text, bearers))
        order = list(Kind)
        return sorted(held, key=lambda value: (order.index(value.kind), value.text))

    def _bearers(self, text: str) -> set[int]:
        values = {ref for kind in POINTING for ref in self._index.spelt(kind, text)}
        return {subject for value in values for subject in self._index.bearers(value)}

    def _by_one_name(self, text: str) -> set[int]:
        """A given or family name alone: by a look at every record, as nothing else knows it."""
        values = {ref for kind in _NAMES for ref in self._index.spelt(kind, text)}
        if not values:
            return set()
        return {r.ref for r in self._store.subjects() if not values.isdisjoint(r.values)}


def _joined(ref: int, records: Sequence[SubjectRecord]) -> Subject:
    active = [record for record in records if record.active]
    shown = active or records
    return Subject(
        ref,
        min((record.kind for record in shown), key=_RANK.index),
        bool(active),
        _all(record.schools for record in shown),
        _all(record.classes for record in shown),
        len(records),
        tuple(dict.fromkeys(value for record in records for value in record.values)),
    )


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for part in parts for word in part))
