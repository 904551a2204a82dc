"""What one service's policy makes of the rules: flat tables, made once per policy load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from proxy.privacy.rules import ANSWER_FIELDS, HINT_PREFIX, REQUEST_FIELDS, Rule

if TYPE_CHECKING:
    from proxy.policy.model import RuleRef

type Matches = Callable[[str], object]
"""Whether a normal host is one of some: truthy if so."""


def _nowhere(_host: str) -> bool:
    return False


class Plan:
    """The rules in force for a service, and where each was written. Immutable by habit."""

    __slots__ = ("answer", "hints", "is_own", "keeps_cookies", "on", "refs", "request", "signal")

    def __init__(
        self,
        on: Iterable[Rule] = tuple(Rule),
        refs: Mapping[Rule, RuleRef] | None = None,
        is_own: Matches = _nowhere,
        keeps_cookies: Matches = _nowhere,
    ) -> None:
        self.on = frozenset(on)
        self.refs: Mapping[Rule, RuleRef] = refs or {}
        self.is_own = is_own
        """Hosts of the service itself: one party, however many sites they are."""
        self.keeps_cookies = keeps_cookies
        """Hosts whose cookies stay: sign-in pages, above all."""
        self.request = {name: rule for name, rule in REQUEST_FIELDS.items() if rule in self.on}
        self.answer = {name: rule for name, rule in ANSWER_FIELDS.items() if rule in self.on}
        self.hints = HINT_PREFIX if Rule.CLIENT_HINTS in self.on else b"\0"
        """What a field's name begins with that is a hint to look at; else nothing does."""
        self.signal = Rule.PRIVACY_SIGNAL in self.on

    def __contains__(self, rule: Rule) -> bool:
        return rule in self.on
