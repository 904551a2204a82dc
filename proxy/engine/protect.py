"""The visitor of requests: identifiers out, pseudonyms in."""

from __future__ import annotations

import re

from proxy.content.edits import splice
from proxy.content.visitor import DROP, Drop, Edit
from proxy.directory.index import Index
from proxy.directory.match import Match
from proxy.engine.exchange import Hits
from proxy.errors import Refused
from proxy.kinds import Kind
from proxy.policy.model import Action, FieldRule
from proxy.pseudonyms.minimise import generalise
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.reasons import Reason


class ProtectVisitor:
    """Applies the three nets to what a request carries and counts every hit."""

    __slots__ = ("_hits", "_index", "_probed", "_pseudonymiser")

    def __init__(self, index: Index, pseudonymiser: Pseudonymiser, hits: Hits) -> None:
        self._index = index
        self._pseudonymiser = pseudonymiser
        self._hits = hits
        self._probed: tuple[str, list[Match]] = ("", [])

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        """Net 1, a field rule: exact, and it treats people the directory does not know."""
        if not text or rule.action is Action.ALLOW:
            return None
        if rule.action is Action.PSEUDONYMISE:
            if not rule.strict and not plausible(rule.kind, text):
                return self._as_text(text)
            replaced = self._pseudonymiser.pseudonym(rule.kind, text, rule.shape)
            if replaced == text:
                return None
            self._hits[rule.kind, rule.action] += 1
            return replaced
        self._hits[rule.kind, rule.action] += 1
        if rule.action is Action.REFUSE:
            raise Refused(Reason.FIELD_REFUSED, str(rule.ref))
        return DROP if rule.action is Action.DROP else generalise(text, rule.generalise)

    def probe(self, text: str) -> bool:
        """Nets 2 and 3 without a trace. What was found is kept for ``text``, if it comes next.

        A dense text is known by its beginning.
        """
        if len(text) > _BEGINNING and self._index.find(text[:_BEGINNING]):
            return True
        matches = self._index.find(text)
        self._probed = (text, matches)
        return bool(matches)

    def text(self, text: str) -> list[Edit]:
        """Nets 2 and 3, the directory and the patterns, in any text."""
        probed, matches = self._probed
        if probed is not text:
            matches = self._index.find(text)
        if not matches:
            return []
        edits = []
        for start, end, kind, ref in matches:
            # "text": in prose a letters-only name would look like a word of the language.
            replaced = self._pseudonymiser.pseudonym(kind, text[start:end], "text", ref or None)
            edits.append(Edit(start, end, replaced))
            self._hits[kind, Action.PSEUDONYMISE] += 1
        return edits

    def _as_text(self, text: str) -> str | None:
        edits = self.text(text)
        return splice(text, edits) if edits else None


_BEGINNING = 4096
_PLAUSIBLE = {
    Kind.EMAIL: re.compile(r"@|%40"),
    Kind.UUID: re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}"),
    Kind.PHONE: re.compile(r"\d\D*\d\D*\d\D*\d\D*\d\D*\d"),
    Kind.NATIONAL_ID: re.compile(r"\d.*\d.*\d.*\d"),
}


def plausible(kind: Kind, text: str) -> bool:
    """Whether a lenient field rule treats ``text`` as the kind it names.

    Parameters such as Google's ``userId`` hold a number, an e-mail or the word ``me``: only
    the e-mail is an identifier of the site. Kinds without a telling form are always treated.
    """
    pattern = _PLAUSIBLE.get(kind)
    return pattern is None or pattern.search(text) is not None
