"""The visitor of answers: this service's pseudonyms out, names in, within the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from proxy.content.visitor import Drop, Edit, Thorough
from proxy.engine.exchange import Client, Hits
from proxy.kinds import Kind
from proxy.policy.model import Action, FieldRule
from proxy.policy.site_schema import RestoreScope
from proxy.pseudonyms.pseudonymiser import EVERYTHING, Pseudonymiser, Scope
from proxy.pseudonyms.traces import absent
from proxy.pseudonyms.vault import Place
from proxy.rights.watch import Watch


class Whereabouts(Protocol):
    """The directory, as scopes need it. The index implements it."""

    def schools(self, ref: int) -> frozenset[str]:
        """The schools of the subjects that a value points at."""

    def classes(self, ref: int) -> frozenset[tuple[str, str]]:
        """Their schools and classes; ``(school, "")`` for one in no class."""


class RestoreVisitor(Thorough):
    """Puts back what this service's pseudonyms stand for."""

    __slots__ = ("_escapes", "_hits", "_pseudonymiser", "_scope", "_watch")

    def __init__(
        self,
        pseudonymiser: Pseudonymiser,
        hits: Hits,
        scope: Scope,
        watch: Watch | None = None,
        *,
        escapes: bool = False,
    ) -> None:
        """``escapes``: whether the request wrote its JSON so (``Visitor.escapes``)."""
        self._escapes = escapes
        self._pseudonymiser = pseudonymiser
        self._hits = hits
        self._scope = scope
        self._watch = watch

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        """Answers are restored wherever a pseudonym stands: field rules play no part."""
        return None

    def text(self, text: str) -> list[Edit]:
        """Every pseudonym of this service that the viewer may see restored."""
        if self._watch is not None:
            self._watch.text(text)
        kinds: list[Kind] = []
        edits = self._pseudonymiser.restore_edits(text, self._scope, kinds)
        for kind in kinds:
            self._hits[kind, Action.PSEUDONYMISE] += 1
        return edits

    def escapes(self) -> bool:
        """As the request did: a service that keeps a text as it came gives it back so."""
        return self._escapes

    def absent(self, data: bytes) -> bool:
        """Whether no pseudonym stands in these bytes, nor a trace of one."""
        return absent(data)

    def typed(self) -> RestoreVisitor:
        """A pseudonym is one wherever it stands."""
        return self


def place(client: Client) -> Place:
    """Where a client's strangers belong."""
    return Place(client.school, client.classes)


def scope(
    index: Whereabouts, client: Client, default: RestoreScope, watch: Watch | None = None
) -> Scope:
    """What a client sees restored: its network's own scope, else the site's.

    Never, wherever a pseudonym is met, somebody who objects to the service.
    """
    seen = _scope(index, client, default)
    if watch is None or not watch.objected_to:
        return seen
    allowed, shown = seen.may_restore, watch.may_restore
    return seen._replace(may_restore=lambda ref: shown(ref) and (allowed is None or allowed(ref)))


def _scope(index: Whereabouts, client: Client, default: RestoreScope) -> Scope:
    match client.restore_scope or default:
        case RestoreScope.SITE:
            return EVERYTHING
        case RestoreScope.SCHOOL:
            return _school(index, client.school)
        case RestoreScope.CLASS:
            return _classes(index, client.school, client.classes)


def _school(index: Whereabouts, school: str) -> Scope:
    def may_restore(ref: int) -> bool:
        schools = index.schools(ref)
        return not schools or school in schools

    return Scope(may_restore, ((school, ""),))


def _classes(index: Whereabouts, school: str, classes: Iterable[str]) -> Scope:
    """People of these classes, and those of the school who are in no class: its staff.

    Where no class is known, strangers stay pseudonyms.
    """
    places = tuple((school, class_) for class_ in classes)
    seen = frozenset((*places, (school, "")))

    def may_restore(ref: int) -> bool:
        theirs = index.classes(ref)
        return not theirs or not seen.isdisjoint(theirs)

    return Scope(may_restore, places)
