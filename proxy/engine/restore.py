"""The visitor of answers: this service's pseudonyms out, names in, within the viewer's scope."""

from __future__ import annotations

from collections.abc import Callable

from proxy.content.visitor import Drop, Edit
from proxy.directory.index import Index
from proxy.engine.exchange import Client, Hits
from proxy.kinds import Kind
from proxy.policy.model import Action, FieldRule
from proxy.pseudonyms.pseudonymiser import Pseudonymiser


class RestoreVisitor:
    """Puts back what this service's pseudonyms stand for."""

    __slots__ = ("_hits", "_may_restore", "_pseudonymiser")

    def __init__(
        self, pseudonymiser: Pseudonymiser, hits: Hits, may_restore: Callable[[int], bool] | None
    ) -> None:
        self._pseudonymiser = pseudonymiser
        self._hits = hits
        self._may_restore = may_restore

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        """Answers are restored wherever a pseudonym stands: field rules play no part."""
        return None

    def probe(self, text: str) -> bool:
        """Whether any pseudonym of this service stands there."""
        return bool(self._pseudonymiser.find(text))

    def text(self, text: str) -> list[Edit]:
        """Every pseudonym of this service that the viewer may see restored."""
        kinds: list[Kind] = []
        edits = self._pseudonymiser.restore_edits(text, self._may_restore, kinds)
        for kind in kinds:
            self._hits[kind, Action.PSEUDONYMISE] += 1
        return edits


def scope(index: Index, client: Client, whole_site: bool) -> Callable[[int], bool] | None:
    """Who may see a directory value restored: by default only the subject's own schools."""
    if whole_site:
        return None
    school = client.school

    def may_restore(ref: int) -> bool:
        schools = index.schools(ref)
        return not schools or school in schools

    return may_restore
