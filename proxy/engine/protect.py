"""The visitor of requests: identifiers out, pseudonyms in."""

from __future__ import annotations

import re

from proxy.content.edits import splice
from proxy.content.visitor import DROP, Drop, Edit
from proxy.directory.birth_dates import told_of
from proxy.directory.index import Index, Kept
from proxy.directory.seen import Seen, SeenNet
from proxy.engine.exchange import Hits
from proxy.errors import Refused
from proxy.kinds import Kind
from proxy.policy.mentioned import mentioned
from proxy.policy.model import Action, FieldRule, FieldState
from proxy.policy.plausible import plausible
from proxy.pseudonyms.minimise import generalise
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.reasons import Reason
from proxy.rights.watch import Watch

_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.FULL_NAME)
_MOST_KEPT = 1 << 20
"""Characters of which a second reading need not be told again what the first one found."""
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;\"()\[\]]+")
_ONE_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;\"()\[\]]+|[^@]*")
_DIGIT = re.compile(r"\d")
_NO_LETTER = re.compile(r"[._0-9]+")
_WRITTEN_NAME = re.compile(r"\s*\"?([^\"<>@,;:]*[^\"<>@,;:\s])\"?\s*(?=<)")


class ProtectVisitor:
    """Applies the three nets to what a request carries and counts every hit.

    ``school`` is the viewer's. ``again`` makes the visitor of a second reading, which knows
    what the first one has seen.
    """

    __slots__ = (
        "_any_case", "_births", "_hits", "_index", "_kept", "_net", "_pseudonymiser", "_school",
        "_seen",
        "_watch",
    )  # fmt: skip

    def __init__(
        self,
        index: Index,
        pseudonymiser: Pseudonymiser,
        hits: Hits,
        school: str = "",
        watch: Watch | None = None,
        births: FieldRule | None = None,
    ) -> None:
        """``births``: the service's rule on birth dates, for those in prose."""
        self._births = births
        self._index = index
        self._pseudonymiser = pseudonymiser
        self._hits = hits
        self._school = school
        self._watch = watch
        self._any_case = False
        self._seen = Seen()
        self._net: SeenNet | None = None
        self._kept: Kept = {}

    def typed(self) -> ProtectVisitor:
        """The same, for what a person typed: names count in lower case too."""
        if self._any_case:
            return self
        visitor = self._like()
        visitor._any_case = True
        visitor._seen, visitor._net, visitor._kept = self._seen, self._net, self._kept
        return visitor

    def again(self) -> ProtectVisitor | None:
        """The visitor of a second reading; ``None`` if it would find no more."""
        seen, index = self._seen, self._index
        net = seen.net(index.classmates(seen.refs), seen.certain_dates(index))
        if net is None:
            return None
        visitor = self._like()
        visitor._net, visitor._kept = net, self._kept
        return visitor

    @property
    def knows_more(self) -> bool:
        """Whether what was plain to an earlier reading may not be now: a second one's is not, nor
        one's to whom the service's own pseudonyms name people."""
        return self._net is not None or (self._watch is not None and self._watch.reads_pseudonyms)

    def signs(self, text: str, state: FieldState, inside: FieldState) -> int | None:
        """A first reading only: what a second one looks for is the request's own."""
        if self._net is not None or self._any_case:
            return None
        return self._index.screen.signs(text, mentioned(state), mentioned(inside))

    def absent(self, data: bytes) -> bool:
        """Nothing is restored in a request."""
        return False

    def knows(self, kind: Kind, text: str) -> bool:
        """Whether the directory has this identifier."""
        return self._index.lookup(kind, text) is not None

    def escapes(self) -> bool:
        """A pseudonym has no letters beyond ASCII."""
        return False

    def may_tell(self, form: str) -> bool:
        """Whether names in a form may tell: decoded, a line break for each ``=``."""
        return self._index.screen.may_tell(form)

    def holds(self, text: str) -> bool:
        """Whether a net catches anything in ``text``. Nothing is counted."""
        if self._net is not None:
            return True
        return self._index.catches(text, self._any_case, self._school)

    def passed(self, text: str) -> None:
        """A text known to hold nobody of the directory; it may hold what a field shows."""
        self._seen.text(text)
        self._look(text)

    def _like(self) -> ProtectVisitor:
        return ProtectVisitor(
            self._index, self._pseudonymiser, self._hits, self._school, self._watch, self._births
        )

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        """Net 1, a field rule: exact, and it treats people the directory does not know."""
        if not text:
            return None
        if self._watch is not None:
            self._look(text)
            if rule.action is not Action.PSEUDONYMISE:
                self._watch.shown(rule.kind, text)
        if rule.action is Action.ALLOW:
            return None
        if rule.action is Action.SEARCH:
            return self.typed()._as_text(text)
        if rule.action is Action.PSEUDONYMISE:
            if not rule.strict and not plausible(rule.kind, text):
                return self._as_text(text)
            return self._replaced(rule, text)
        if rule.kind is Kind.BIRTH_DATE and self._net is None:
            self._seen.birth(text)
        if rule.guessed and rule.generalise and not _DIGIT.search(text):
            return self._as_text(text)  # ``zip: "string"``: no postcode, no date
        self._hits[rule.kind, rule.action] += 1
        if rule.action is Action.REFUSE:
            raise Refused(Reason.FIELD_REFUSED, str(rule.ref))
        return DROP if rule.action is Action.DROP else generalise(text, rule.generalise)

    def text(self, text: str) -> list[Edit]:
        """Nets 2 and 3, the directory and the patterns, in any text."""
        keeps = self._net is not None or self._seen.size < _MOST_KEPT
        kept = self._kept if keeps else None
        matches = self._index.find(text, self._any_case, self._school, self._net, kept)
        if self._net is None:
            self._seen.text(text)
        self._look(text)
        if not matches:
            return []
        if self._net is None:
            self._seen.births.update(told_of(text, matches))
        edits = []
        for start, end, kind, ref in matches:
            if kind is Kind.BIRTH_DATE:
                edits += self._minimised(text[start:end], start)
                continue
            # "text": in prose a letters-only name would look like a word of the language.
            replaced = self._pseudonymiser.pseudonym(kind, text[start:end], "text", ref or None)
            edits.append(Edit(start, end, replaced))
            self._hits[kind, Action.PSEUDONYMISE] += 1
            if ref:
                self._seen.refs.add(ref)
                self._note_person(kind, text[start:end])
        return edits

    def _minimised(self, text: str, start: int) -> list[Edit]:
        """A birth date in prose, by the service's rule on such dates; without one, its year."""
        rule = self._births
        action = rule.action if rule else Action.GENERALISE
        if action is Action.ALLOW:
            return []
        if action is Action.REFUSE:
            raise Refused(Reason.FIELD_REFUSED, str(rule.ref) if rule else "")
        how = rule.generalise if rule else ""
        written = "…" if action is Action.DROP else generalise(text, how or "year")
        if written == text:
            return []
        self._hits[Kind.BIRTH_DATE, action] += 1
        return [Edit(start, start + len(text), written or "…")]

    def _look(self, text: str) -> None:
        """Pseudonyms in a text: canaries' of elsewhere; this service's, where they name people."""
        watch = self._watch
        if watch is None:
            return
        watch.text(text)
        if watch.reads_pseudonyms:
            for found in self._pseudonymiser.find(text):
                watch.named(None if found.reference.in_vault else found.reference.ref)

    def _replaced(self, rule: FieldRule, text: str) -> str | None:
        kind, ref = rule.kind, None
        if kind is Kind.EMAIL and _ONE_ADDRESS.fullmatch(text) is None:
            replaced = self._addresses(rule, text)
        else:
            if kind in _NAMES:
                kind, ref = self._name_kind(kind, text)
            self._note(kind, text)
            replaced = self._pseudonymiser.pseudonym(kind, text, rule.shape, ref)
        if replaced == text:
            return None
        self._hits[rule.kind, rule.action] += 1
        return replaced

    def _note(self, kind: Kind, text: str) -> None:
        """Remember what a field held, for a second reading."""
        self._seen.value(kind, text)
        if kind is Kind.LOGIN and self._index.lookup(kind, text) is not None:
            self._seen.logins.add(text)
        self._note_person(kind, text)

    def _note_person(self, kind: Kind, text: str) -> None:
        """Whose full name, address or login this is, as far as its words tell."""
        if kind is not Kind.FULL_NAME:
            if kind not in (Kind.EMAIL, Kind.LOGIN):
                return
            text = _NO_LETTER.sub(" ", text.partition("@")[0])
        if (names := self._index.halves(text)) is not None:
            self._seen.person(*names)

    def _name_kind(self, kind: Kind, text: str) -> tuple[Kind, int | None]:
        """A field for one name may hold a whole one, which is then the same as anywhere.

        With its reference, if the directory knows it.
        """
        lookup = self._index.lookup
        ref = lookup(kind, text)
        if ref is None:
            for other in _NAMES:
                if other is not kind and (found := lookup(other, text)) is not None:
                    return other, found
        return kind, ref

    def _addresses(self, rule: FieldRule, text: str) -> str:
        """``mailto:…``, ``"Jean Martin" <…>``, several addresses: what is around them stays."""

        def address(match: re.Match[str]) -> str:
            self._note(Kind.EMAIL, match[0])
            return self._pseudonymiser.pseudonym(Kind.EMAIL, match[0], rule.shape)

        def name(match: re.Match[str]) -> str:
            self._note(Kind.FULL_NAME, match[1])
            replaced = self._pseudonymiser.pseudonym(Kind.FULL_NAME, match[1], "text")
            return match[0].replace(match[1], replaced)

        replaced = _WRITTEN_NAME.sub(name, _ADDRESS.sub(address, text))
        return self._as_text(replaced) or replaced

    def _as_text(self, text: str) -> str | None:
        edits = self.text(text)
        return splice(text, edits) if edits else None
