"""Consent to pictures: one sealed note a subject, read when a picture is about to leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date

import orjson

from proxy.errors import Erased
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

NOTE = "p"


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent that pictures of a subject go to services whose policy asks for it."""

    given: date
    until: date | None = None
    by: str = "guardian"
    """Who gave it: ``guardian``, ``self``, or a handle."""

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.given <= day and (self.until is None or day <= self.until)


def of(store: Store, sealer: ValueSealer, subject: int) -> Consent | None:
    """One subject's consent, whether in force or not."""
    (sealed,) = store.notes.get(NOTE, (subject,))
    return None if sealed is None else _opened(sealer, subject, sealed)


def give(store: Store, sealer: ValueSealer, subject: int, consent: Consent) -> None:
    """Record a consent, in place of an earlier one."""
    content = orjson.dumps(asdict(consent))
    store.notes.put(NOTE, {subject: sealer.seal_note(NOTE, subject, content)})


def withdraw(store: Store, subject: int) -> None:
    """From now on there is none."""
    store.notes.put(NOTE, {subject: b""})


class Consents:
    """Asks the store each time: a withdrawal counts from the next picture on."""

    def __init__(
        self, store: Store, sealer: ValueSealer, today: Callable[[], date] = date.today
    ) -> None:
        self._store, self._sealer, self._today = store, sealer, today

    def given_by(self, subjects: Iterable[int]) -> frozenset[int]:
        """Those of these subjects whose consent is in force."""
        asked, today = list(subjects), self._today()
        rows = zip(asked, self._store.notes.get(NOTE, asked), strict=True)
        found = set()
        for subject, sealed in rows:
            consent = None if sealed is None else _opened(self._sealer, subject, sealed)
            if consent is not None and consent.holds(today):
                found.add(subject)
        return frozenset(found)


def _opened(sealer: ValueSealer, subject: int, sealed: bytes) -> Consent | None:
    try:
        content = orjson.loads(sealer.open_note(NOTE, subject, sealed))
    except Erased:
        return None
    until = content["until"]
    return Consent(
        date.fromisoformat(content["given"]),
        date.fromisoformat(until) if until else None,
        content["by"],
    )
