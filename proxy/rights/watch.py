"""One request, watched: whose values it carries, and what follows from that.

A value is met when the pseudonymiser replaces it (whatever net found it), or when a field rule
names it and lets it through or cuts it down. What follows, at once, so that a body that passes
in pieces is stopped at the piece:

- somebody who bears it objects to this service: refused. Addresses and numbers count for all
  who bear them. A full name that others bear too counts when one who objects is in the viewer's
  school, or that school is unknown (``shared_names: refuse``, the default), or only when all who
  bear it object (``shared_names: ignore``). Half a name alone points at nobody;
- it is a canary's: noted for an alarm, and nothing else, so that the sender sees no difference;
- a picture is in the request and the service needs consent: all whom the request names must
  have given it, nobody in it may be unknown, and it must name somebody.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from proxy.directory.bearers import POINTING
from proxy.directory.index import Index
from proxy.errors import Refused
from proxy.kinds import Kind
from proxy.reasons import Reason

if TYPE_CHECKING:
    from proxy.rights.view import RightsView

_HALVES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_NEAR = 2


class Watch:
    """Notes what one request to one service carries."""

    __slots__ = (
        "_alarms", "_consent", "_halves", "_index", "_named", "_objecting", "_pairs", "_photo",
        "_school", "_service", "_strangers", "_taken", "_view", "refs",
    )  # fmt: skip

    def __init__(
        self, view: RightsView, index: Index, service: str, school: str, *, consent: bool = False
    ) -> None:
        """``consent``: pictures need it."""
        self._view, self._index = view, index
        self._service, self._school, self._consent = service, school, consent
        self._objecting = view.objections.to(service)
        self._taken: set[int] = set()
        self._named: set[int] = set()
        self.refs: set[int] = set()
        """Directory values that were met."""
        self._strangers = self._photo = False
        self._halves: deque[tuple[Kind, str]] = deque(maxlen=_NEAR)
        self._pairs: set[tuple[str, str]] = set()
        self._alarms: set[tuple[str, str]] = set()

    def met(self, kind: Kind, text: str, ref: int | None) -> None:
        """A value is in the request; ``ref`` if the directory knows it."""
        if kind in _HALVES:
            self._half(kind, text)
        if ref is None:
            self._stranger(kind)
        elif ref not in self.refs:
            self._known(kind, ref)

    def shown(self, kind: Kind, text: str) -> None:
        """A field that is let through, or not sent whole, holds this."""
        if self._objecting or self._consent or self._view.canaries:
            ref = self._index.lookup(kind, text)
            if ref is not None:
                self.met(kind, text, ref)

    def text(self, text: str) -> None:
        """A text of the request or of its answer may hold a canary's pseudonym of elsewhere."""
        canaries = self._view.canaries
        if canaries:
            self._alarms.update(canaries.elsewhere(text, self._service))

    @property
    def reads_pseudonyms(self) -> bool:
        """Whether the service's own pseudonyms in a request name somebody: for pictures."""
        return self._consent

    def named(self, ref: int | None) -> None:
        """The request names a value by the service's own pseudonym; ``None``: a stranger's."""
        if ref is None:
            self._strangers = True
        else:
            self._named.add(ref)
        if self._photo:
            self._check_photo()

    def picture(self) -> None:
        """The request shows a picture: refused unless all whom it names consent."""
        self._photo = True
        self._check_photo()

    @property
    def objected_to(self) -> bool:
        """Whether anybody at all objects to this service."""
        return bool(self._objecting)

    def may_restore(self, ref: int) -> bool:
        """Whether a value may be shown in an answer: not if it stands for who objects."""
        return not self._objecting or not self._objected(None, ref)

    def take_alarms(self) -> list[tuple[str, str]]:
        """Canaries that were seen, and of which service the pseudonym was (or none)."""
        alarms = sorted(self._alarms)
        self._alarms.clear()
        return alarms

    def take_refs(self) -> set[int]:
        """The values met since this was last asked."""
        new = self.refs - self._taken
        self._taken |= new
        return new

    # --- inside --------------------------------------------------------------------------

    def _known(self, kind: Kind, ref: int) -> None:
        if self._objecting and self._objected(kind, ref):
            raise Refused(Reason.OBJECTION)
        self.refs.add(ref)
        canary = self._view.canaries.of_value(ref)
        if canary:
            self._alarms.add((canary, ""))
        if self._photo and self._consent:
            self._check_photo()

    def _stranger(self, kind: Kind) -> None:
        if kind in POINTING:
            self._strangers = True
            if self._photo and self._consent:
                self._check_photo()

    def _half(self, kind: Kind, text: str) -> None:
        """``prenom`` beside ``nom``: together they are a full name."""
        for other, beside in self._halves:
            if other is not kind:
                pair = (text, beside) if kind is Kind.GIVEN_NAME else (beside, text)
                if pair not in self._pairs:
                    self._pairs.add(pair)
                    ref = self._index.lookup(Kind.FULL_NAME, " ".join(pair))
                    if ref is not None and ref not in self.refs:
                        self._known(Kind.FULL_NAME, ref)
        self._halves.append((kind, text))

    def _objected(self, kind: Kind | None, ref: int) -> bool:
        bearers = self._index.bearers(ref)
        objecting = self._objecting.intersection(bearers)
        if not objecting:
            return False
        if len(objecting) == len(bearers):
            return True
        if kind is None:
            plain = self._index.plain(ref)
            kind = plain[0] if plain else Kind.TEXT
        if kind is not Kind.FULL_NAME:
            return True
        return not self._view.ignores_shared_names and self._near(objecting)

    def _near(self, subjects: frozenset[int]) -> bool:
        """Whether one of them is in the viewer's school, as far as anybody knows."""
        if not self._school:
            return True
        schools = [self._view.schools(subject) for subject in subjects]
        return any(not theirs or self._school in theirs for theirs in schools)

    def _check_photo(self) -> None:
        if self._strangers:
            raise Refused(Reason.PHOTO_WITHOUT_CONSENT)
        refs = self.refs | self._named
        named = [bearers for ref in refs if (bearers := self._index.bearers(ref))]
        certain = {bearers[0] for bearers in named if len(bearers) == 1}
        meant = set(certain)
        for bearers in named:
            if certain.isdisjoint(bearers):
                meant.update(bearers)
        if not meant or self._view.consents.given_by(meant) != meant:
            raise Refused(Reason.PHOTO_WITHOUT_CONSENT)
