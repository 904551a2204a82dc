"""Objections: who refuses which service. One sealed note a subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import orjson

from proxy.errors import Erased
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

NOTE = "o"
EVERY_SERVICE = "*"
_NOBODY: frozenset[int] = frozenset()

type Since = Mapping[str, str]
"""A service, or ``*`` for every one, and the day of the objection."""


@dataclass(frozen=True, slots=True)
class Objections:
    """All of them, as requests read them."""

    _by_service: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def to(self, service: str) -> frozenset[int]:
        """The subjects who object to a service."""
        return self._by_service.get(service, self._by_service.get(EVERY_SERVICE, _NOBODY))

    def __len__(self) -> int:
        return len(frozenset().union(*self._by_service.values()))


def load(store: Store, sealer: ValueSealer) -> Objections:
    """Every objection of the store; one that was erased with its subject is none."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for ref, sealed in store.notes.every(NOTE):
        try:
            since: Since = orjson.loads(sealer.open_note(NOTE, ref, sealed))
        except Erased:
            continue
        for service in since:
            found[service].add(ref)
    everything = found.get(EVERY_SERVICE, set())
    return Objections({name: frozenset(refs | everything) for name, refs in found.items()})


def of(store: Store, sealer: ValueSealer, subject: int) -> Since:
    """One subject's objections."""
    (sealed,) = store.notes.get(NOTE, (subject,))
    if sealed is None:
        return {}
    since: Since = orjson.loads(sealer.open_note(NOTE, subject, sealed))
    return since


def record(
    store: Store, sealer: ValueSealer, subject: int, services: Iterable[str], today: date
) -> list[str]:
    """Object to services; those to which there was no objection before."""
    known = dict(of(store, sealer, subject))
    new = [service for service in services if service not in known]
    if new:
        known.update(dict.fromkeys(new, today.isoformat()))
        _put(store, sealer, subject, known)
    return new


def withdraw(store: Store, sealer: ValueSealer, subject: int, services: Iterable[str]) -> list[str]:
    """Withdraw objections; those that there were."""
    known = dict(of(store, sealer, subject))
    gone = [service for service in services if known.pop(service, None) is not None]
    if gone:
        _put(store, sealer, subject, known)
    return gone


def _put(store: Store, sealer: ValueSealer, subject: int, since: Since) -> None:
    sealed = sealer.seal_note(NOTE, subject, orjson.dumps(since)) if since else b""
    store.notes.put(NOTE, {subject: sealed})
