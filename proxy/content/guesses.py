"""Whether a rule that a field's name asks for holds for its value."""

from __future__ import annotations

from proxy.content.visitor import Visitor
from proxy.policy.model import FieldRule
from proxy.policy.plausible import looks_like


def is_mistaken(rule: FieldRule, text: str, visitor: Visitor) -> bool:
    """Whether the name was wrong about this value, which is then read as if there were no rule."""
    if not rule.guessed:
        return False
    if not looks_like(rule.kind, text):
        return True
    return rule.known and not visitor.knows(rule.kind, text)
