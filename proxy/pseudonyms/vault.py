"""The vault: values that were seen but that the directory does not hold.

Two sorts. A *stranger* is a value of somebody unknown (a guardian's e-mail found by
pattern): owner 0. A *spelling* is a text that means a directory value but that no form makes
from it (``LéA MARtin``): its owner is that value's reference, so that the restoring scope and
erasure of the value hold for it too.

A vault value keeps its reference, and hence its pseudonym, as long as the site key lives. If
its value enters the directory later it gets a new one; the old still restores.

Whose a stranger is. The reference is a function of kind and text alone, so a guardian whom
two schools write to has one pseudonym in a service, as the service's own search expects.
Beside the value stand tags: the schools and classes that sent it. Only who stands in one of
them sees it restored; the other school's pupils keep seeing the pseudonym.

How long. A tag carries the day of its last use, in either direction; ``expire`` deletes those
that are older than the site's bound, and values with their last tag. Erasure (``forget``,
``forget_text``) deletes at once. Other workers may remember a value for ``_FRESH`` seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from proxy.errors import Erased, StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms import forms
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.sealing import Reference
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

CACHE = 1 << 13
_ATTEMPTS = 8
_FRESH = 300
_RENEW_DAYS = 7
_DAY = 86_400


class VaultValue(NamedTuple):
    """A text and the directory value that it spells (0: none)."""

    text: str
    owner: int


class Place(NamedTuple):
    """Where a request comes from: its school (empty: no known one) and classes."""

    school: str = ""
    classes: tuple[str, ...] = ()


NOWHERE = Place()


class Vault:
    """Keeps strangers and spellings; one a process, shared by the services.

    References are cached, so that the hot path has no store access: a value that this process
    has put is put again only after ``_FRESH`` seconds, which also renews its day.
    """

    def __init__(
        self, sealer: ValueSealer, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._sealer = sealer
        self._store = store
        self._clock = clock
        self._put = lru_cache(CACHE)(self._put_now)
        self._tag = lru_cache(CACHE)(sealer.place_tag)
        self._known: dict[Reference, VaultValue] = {}
        self._days: dict[tuple[int, int], int] = {}
        self._period = self._epoch = 0
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Vault({self._store!r})"

    def reference(self, kind: Kind, text: str, owner: int = 0, place: Place = NOWHERE) -> int:
        """The reference of a text, which is in the store when this returns."""
        return self._put(kind, text, owner, None if owner else place, self._now())

    def find(self, references: Iterable[Reference]) -> dict[Reference, VaultValue]:
        """The values of the references that the vault holds, in one trip to the store."""
        self._now()
        wanted = dict.fromkeys(references)
        found = {r: value for r in wanted if (value := self._known.get(r))}
        missing = [reference for reference in wanted if reference not in found]
        if missing:
            rows = self._store.vault_get([reference.ref for reference in missing])
            for reference, row in zip(missing, rows, strict=True):
                value = self._opened(reference, row)
                if value is not None:
                    found[reference] = value
                    self._remember(reference, value)
        return found

    def used_at(
        self, values: dict[Reference, VaultValue], spots: Sequence[tuple[str, str]]
    ) -> set[Reference]:
        """Of these values, those that a school (and class, or ``""``) of ``spots`` has used.

        Another worker may have just sent one: what is not known here is asked of the store.
        """
        tags = [self._tag(school, class_) for school, class_ in spots]
        pairs = [(reference, tag) for reference in values for tag in tags]
        asked = [(r, tag) for r, tag in pairs if (r.ref, tag) not in self._days]
        if asked:
            days = self._store.vault_days([(reference.ref, tag) for reference, tag in asked])
            for (reference, tag), day in zip(asked, days, strict=True):
                if day:
                    self._renewed(reference, values[reference], tag, day)
        return {reference for reference, tag in pairs if (reference.ref, tag) in self._days}

    def forget(self, owner: int) -> int:
        """Delete every spelling of a directory value; how many there were."""
        refs = self.spellings(owner)
        self.forget_refs(refs)
        return len(refs)

    def forget_text(self, kind: Kind, text: str) -> int:
        """Delete a stranger, as typed and as every form of it; how many rows there were."""
        refs = self.strangers(kind, text)
        self.forget_refs(refs)
        return len(refs)

    def spellings(self, owner: int) -> list[int]:
        """The references of every spelling of a directory value."""
        return self._store.vault_tagged(owner)

    def strangers(self, kind: Kind, text: str) -> list[int]:
        """The references of a stranger, as typed and as every form of it."""
        base = canonical(kind, text)
        texts = {text, base, *(forms.apply(kind, n, base) or base for n in range(forms.MAX_FORMS))}
        gone = []
        for written in texts:
            for attempt in range(_ATTEMPTS):
                ref = self._sealer.vault_reference(kind, written, 0, attempt)
                row = self._store.vault_get((ref,))[0]
                if self._opened(Reference(ref, kind, True), row) == VaultValue(written, 0):
                    gone.append(ref)
        return gone

    def expire(self, days: int) -> int:
        """Delete what was last used more than so many days ago; how many values."""
        return self._store.vault_expire(int(self._clock() // _DAY) - days)

    # --- inside --------------------------------------------------------------------------

    def _now(self) -> int:
        """The period; with a new one, everything remembered is asked again.

        So it is when the store may have lost what it was given: what is sent must be there.
        """
        period = int(self._clock() // _FRESH)
        epoch = self._store.epoch
        if epoch != self._epoch:
            self._put.cache_clear()
            self._epoch, self._period = epoch, 0
        if period != self._period:
            with self._lock:
                self._period = period
                self._known.clear()
                self._days.clear()
        return period

    def _put_now(self, kind: Kind, text: str, owner: int, place: Place | None, period: int) -> int:
        """Two texts share a 64-bit HMAC with a chance of 1e-6 among six million; the second
        then takes the next one, so restoring stays exact.
        """
        value = VaultValue(text, owner)
        tags = self._tags(owner, place)
        day = period * _FRESH // _DAY
        for attempt in range(_ATTEMPTS):
            ref = self._sealer.vault_reference(kind, text, owner, attempt)
            if self._sealer.is_erased(ref):
                continue  # of somebody who was erased: this reference opens nothing any more
            found = self._store.vault_get((ref,))[0]
            if found is not None and self._open(ref, kind, found) != value:
                continue
            self._store.vault_put(ref, self._seal(ref, kind, value), tags, day)
            self._remember(Reference(ref, kind, True), value)
            self._days.update(((ref, tag), day) for tag in tags)
            return ref
        raise StoreUnavailable("the vault's references collide; is the store damaged?")

    def _tags(self, owner: int, place: Place | None) -> tuple[int, ...]:
        if place is None:
            return (owner,)
        spots = [(place.school, ""), *((place.school, class_) for class_ in place.classes)]
        return tuple(self._tag(school, class_) for school, class_ in spots)

    def _renewed(self, reference: Reference, value: VaultValue, tag: int, day: int) -> None:
        """Note that it is used here; tell the store once a week that it still is."""
        today = int(self._clock() // _DAY)
        if day < today - _RENEW_DAYS:
            row = self._seal(reference.ref, reference.kind, value)
            self._store.vault_put(reference.ref, row, (tag,), today)
        if len(self._days) >= 4 * CACHE:
            self._days.clear()
        self._days[reference.ref, tag] = today

    def forget_refs(self, refs: Sequence[int]) -> None:
        """Delete rows, and what this process remembers."""
        if refs:
            self._store.vault_forget(refs)
        with self._lock:
            self._known.clear()
            self._days.clear()
        self._put.cache_clear()

    def _remember(self, reference: Reference, value: VaultValue) -> None:
        """Bounded: the oldest goes first."""
        with self._lock:
            if len(self._known) >= CACHE:
                del self._known[next(iter(self._known))]
            self._known[reference] = value

    def _seal(self, ref: int, kind: Kind, value: VaultValue) -> bytes:
        return self._sealer.seal_row(ref, kind, f"{value.owner:016x}{value.text}")

    def _opened(self, reference: Reference, row: bytes | None) -> VaultValue | None:
        """What a row holds; nothing if there is none, or its key was destroyed."""
        if row is None:
            return None
        try:
            return self._open(reference.ref, reference.kind, row)
        except Erased:
            return None

    def _open(self, ref: int, kind: Kind, row: bytes) -> VaultValue:
        plain = self._sealer.open_row(ref, kind, row)
        return VaultValue(plain[16:], int(plain[:16], 16))
