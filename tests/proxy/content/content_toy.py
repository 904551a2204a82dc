"""A toy visitor for codec tests: known secrets become tokens, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxy.content.body import Rewritten, rewrite_body
from proxy.content.data import NO_FIELDS, BodyFields
from proxy.content.limits import Limits
from proxy.content.visitor import DROP, Drop, Edit, Thorough
from proxy.kinds import Kind
from proxy.policy.model import ELEMENT as ELEMENT
from proxy.policy.model import Action, FieldRule, FieldState, RuleRef, dead_state

RULE = FieldRule(Kind.FULL_NAME, Action.PSEUDONYMISE, RuleRef("services/x.yaml", 1, "x"))
DROP_RULE = FieldRule(Kind.BIRTH_DATE, Action.DROP, RuleRef("services/x.yaml", 2, "x"))
ALLOW_RULE = FieldRule(Kind.TEXT, Action.ALLOW, RuleRef("services/x.yaml", 3, "x"))


class Toy(Thorough):
    """Replaces each key of ``words`` by its value, wherever it stands."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = dict(words)
        ordered = sorted(self.words, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, ordered)))
        self.fields: list[str] = []

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        self.fields.append(text)
        if rule.action is Action.DROP:
            return DROP
        if rule.action is Action.ALLOW:
            return None
        return self.words.get(text, "zq1field")

    def text(self, text: str) -> list[Edit]:
        return [
            Edit(match.start(), match.end(), self.words[match[0]])
            for match in self.pattern.finditer(text)
        ]


class Blind(Thorough):
    """Edits nothing."""

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        return None

    def text(self, text: str) -> list[Edit]:
        return []


SECRETS = {
    "Léa Martin": "zq1aaaa",
    "Jean Dupont": "zq1bbbb",
    "Tom O'Brien": "zq1cccc",
    "lea.martin@ecole.example": "zq1dddd@p.ecole.example",
    "0690001122": "zq1eeee",
    "Zoé Çelik-Øst": "zq1ffff",
    "Иван Петров": "zq1gggg",
}
PROTECT = Toy(SECRETS)
RESTORE = Toy({token: secret for secret, token in SECRETS.items()})


def run(
    body: bytes,
    content_type: str = "",
    *,
    encoding: str = "",
    visitor: Toy | Blind = PROTECT,
    fields: BodyFields = NO_FIELDS,
    limits: Limits | None = None,
    answer: bool = False,
) -> Rewritten:
    headers = []
    if content_type:
        headers.append((b"Content-Type", content_type.encode()))
    if encoding:
        headers.append((b"Content-Encoding", encoding.encode()))
    return rewrite_body(
        body, tuple(headers), visitor, fields, limits or Limits(), "answer" if answer else "request"
    )


def protect(body: bytes | str, content_type: str = "") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return run(data, content_type).body


def restore(body: bytes | str, content_type: str = "") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return run(data, content_type, visitor=RESTORE, answer=True).body


def automaton(*rules: tuple[tuple[str, ...], FieldRule]) -> FieldState:
    """The automaton of some paths, as the policy compiler would build it (no wildcards)."""
    dead = dead_state()
    root = FieldState()
    root.other = dead
    for path, rule in rules:
        state = root
        for step in path:
            if step not in state.next:
                below = FieldState()
                below.other = dead
                state.next[step] = below
            state = state.next[step]
        state.rule = rule
    return root
