"""What an import keeps of the rows it has read: their values, their digests, who was there."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from proxy.directory.sealer import ValueSealer
from proxy.directory.subjects import Person
from proxy.kinds import Kind
from proxy.store.interface import Known, Staging, ValueRecord

JOINING = frozenset({Kind.NATIONAL_ID, Kind.UUID, Kind.TEXT, Kind.EMAIL})
"""Kinds of value that tell one person from all others. ``TEXT`` is a ``Person.stable_keys``."""

_SHARED = (Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.FULL_NAME)
_REMEMBERED = 1 << 17
_DIGEST_BYTES = 8
_ROW_SCHEME = "1"
"""Grows when canonical texts or ``Person.values`` change: then every row is read anew."""


class Value(NamedTuple):
    """A value of a row: what it is, and its reference (0 as long as it has none)."""

    kind: Kind
    text: str
    """Canonical."""
    fingerprint: bytes
    known: Known | None


class Ledger:
    """The values of the rows of a chunk: found in the store, or made and sealed."""

    def __init__(self, staging: Staging, sealer: ValueSealer) -> None:
        self._staging, self._sealer = staging, sealer
        self._names: dict[tuple[Kind, str], Value] = {}
        self._chunk: dict[bytes, Known | None] = {}
        self._rows: dict[int, list[Value]] = {}
        self._new: list[ValueRecord] = []
        self.made = 0

    def look_up(self, people: Sequence[Person]) -> None:
        """Ask the store about all values of a chunk at once."""
        self._rows = {id(person): self._prepared(person) for person in people}
        wanted = {v.fingerprint for row in self._rows.values() for v in row if v.known is None}
        prints = sorted(wanted)
        self._chunk = dict(zip(prints, self._staging.known(prints), strict=True))

    def values(self, person: Person) -> list[Value]:
        """The person's values, as far as known."""
        return [value if value.known else self._found(value) for value in self._rows[id(person)]]

    def own(self, values: Iterable[Value], subject: int) -> Iterable[int]:
        """Their references; a new value is made, and points at ``subject`` if it can."""
        for value in values:
            known = value.known or self._chunk.get(value.fingerprint)
            yield known.ref if known else self._make(value, subject)

    def take(self) -> list[ValueRecord]:
        """The values that are new since the last call."""
        new, self._new = self._new, []
        return new

    def new_reference(self) -> int:
        """Random, 64 bits, never 0. Among ten million one is taken once in 370,000 imports."""
        ref = int.from_bytes(os.urandom(8))
        return self.new_reference() if not ref or self._sealer.is_erased(ref) else ref

    def _prepared(self, person: Person) -> list[Value]:
        row = []
        for kind, text in person.values():
            value = self._names.get((kind, text)) or self._value(kind, text)
            if value is not None:
                row.append(value)
        return row

    def _value(self, kind: Kind, text: str) -> Value | None:
        canonical = self._sealer.canonical(kind, text)
        if not canonical:
            return None
        return Value(kind, canonical, self._sealer.fingerprint(kind, canonical), None)

    def _found(self, value: Value) -> Value:
        known = self._chunk.get(value.fingerprint)
        if known is None:
            return value
        found = Value(value.kind, value.text, value.fingerprint, known)
        self._remember(found)
        return found

    def _remember(self, value: Value) -> None:
        """Names come again and again: they are neither hashed nor asked for anew."""
        if value.kind in _SHARED:
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            self._names[value.kind, value.text] = value

    def _make(self, value: Value, subject: int) -> int:
        kind, text, fingerprint, _ = value
        ref = self.new_reference()
        sealed = self._sealer.seal(ref, kind, text)
        owner = subject if kind in JOINING else 0
        self._new.append(ValueRecord(ref, kind, fingerprint, sealed, owner))
        known = self._chunk[fingerprint] = Known(ref, owner)
        self.made += 1
        self._remember(Value(kind, text, fingerprint, known))
        return ref


class Seen:
    """A set of source keys in eight bytes each. Nothing can be taken out."""

    def __init__(self, skipped: int) -> None:
        """``skipped`` bytes at the start are the same in all keys."""
        self._from = skipped
        self._shelves = [array("Q") for _ in range(256)]
        self._sorted = False

    def add(self, key: bytes) -> None:
        """Put it in."""
        start = self._from
        self._shelves[key[start]].append(int.from_bytes(key[start : start + 8]))
        self._sorted = False

    def __contains__(self, key: bytes) -> bool:
        if not self._sorted:
            self._shelves = [array("Q", sorted(shelf)) for shelf in self._shelves]
            self._sorted = True
        start = self._from
        shelf, number = self._shelves[key[start]], int.from_bytes(key[start : start + 8])
        at = bisect_left(shelf, number)
        return at < len(shelf) and shelf[at] == number


def digest_of(person: Person, sealer: ValueSealer, epoch: str = "") -> bytes:
    """Eight keyed bytes of all that a roster says of a person. Another epoch, another digest."""
    fields = (
        _ROW_SCHEME,
        epoch,
        "partial" if person.partial else "",
        person.kind,
        person.given_name,
        person.family_name,
        person.national_id,
        person.student_number,
        person.birth_date,
        *map("\x1e".join, _lists(person)),
    )
    return sealer.source_key("\x1erow", "\x1d".join(fields))[:_DIGEST_BYTES]


def _lists(person: Person) -> tuple[tuple[str, ...], ...]:
    return (
        person.other_given,
        person.other_family,
        person.emails,
        person.logins,
        person.phones,
        person.uuids,
        person.stable_keys,
        person.schools,
        person.classes,
    )
