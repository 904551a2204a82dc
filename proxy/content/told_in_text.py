"""Fields in plain text: ``firstName: "Ada"``, ``familyName eq 'Roy'``, lines ``Nom : Roy``.

Filters, GraphQL literals, attribute lists, source code, forms sent as plain text and what
people copy from a form: a name that tells, a sign, a value. Quoted, any value whose name tells
counts. A whole line without quotes is prose as often (``Prénom : voir plus bas``): it counts
only for names of people, and only where a given and a family name stand together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.content.edits import Page
from proxy.content.guesses import is_mistaken
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.kinds import Kind
from proxy.policy.model import Action, FieldRule
from proxy.policy.telling import Told, settle

_QUOTED = re.compile(
    r"(?<![\w$])([^\W\d][\w.-]{0,60}+)"
    r"\s?(?:[:=~]{1,2}|\s(?:eq|ne|co|sw|ew|like|is)\s)\s?"
    r"(?:\"([^\"\\\n<>{}]{1,120})\"|'([^'\\\n<>{}]{1,120})')(?![\w\"'])",
)
_LINE = re.compile(
    r"^[ \t>*-]{0,6}([^\W\d][\w '’.()/-]{1,40}?)[ \t\xa0]?[:=][ \t\xa0]{0,4}(\S[^\r\n]{0,80})\r?$",
    re.M,
)
_MOST = 400
_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
QUOTE = re.compile(
    r"[\"'](?:(?<=[:=~].)|(?<=[:=~]\s.)|(?<=\s(?:eq|ne|co|sw|ew|is)\s.)|(?<=\slike\s.))"
)
"""The quote of a field's value, behind a sign: looked for from the quote, which is the rarer."""

type _Spot = tuple[str, int, int]


def take(page: Page, walk: Walk) -> None:
    """Replace, and cover, the values of fields in ``page``, a text of a request."""
    if walk.answer or walk.inside.dead:
        return
    text = page.text
    if QUOTE.search(text):
        _ruled(page, walk, list(_quoted(text)), lines=False)
    if text.count("\n") > 0 and (":" in text or "=" in text):
        _ruled(page, walk, list(_lines(text)), lines=True)


def _quoted(text: str) -> Iterator[_Spot]:
    for match in _QUOTED.finditer(text):
        group = 2 if match[2] is not None else 3
        yield match[1].rpartition(".")[2], *match.span(group)


def _lines(text: str) -> Iterator[_Spot]:
    for match in _LINE.finditer(text):
        yield match[1], *match.span(2)


def _ruled(page: Page, walk: Walk, spots: list[_Spot], *, lines: bool) -> None:
    rules = _rules(walk, [name for name, _, _ in spots[:_MOST]])
    if lines and not {Kind.GIVEN_NAME, Kind.FAMILY_NAME} <= {rule.kind for rule in rules if rule}:
        return
    for (_, start, end), rule in zip(spots, rules, strict=False):
        if rule is None or (lines and rule.kind not in _NAMES):
            continue
        value = page.text[start:end]
        if rule.action is Action.SEARCH or is_mistaken(rule, value, walk.visitor):
            continue
        if any(start < last and first < end for first, last in page.spans):
            continue
        answer = walk.visitor.field(rule, value)
        if answer is not None:
            written = "" if isinstance(answer, Drop) else answer
            page.cover(start, end, [Edit(start, end, written)])


def _rules(walk: Walk, names: list[str]) -> list[FieldRule | None]:
    """The rule of each name among the others; only those that names ask for, none written."""
    states = [walk.inside.step(name) for name in names]
    certain = {s.rule.vouches for s in states if s.rule is not None and s.rule.guessed}
    asked = [s.told for s in states if s.rule is None and s.told is not None]
    settled = iter(settle(certain, asked))
    found: list[FieldRule | None] = []
    for state in states:
        if state.rule is not None:
            found.append(state.rule if state.rule.guessed else None)
        elif isinstance(state.told, Told):
            found.append(next(settled))
        else:
            found.append(None)
    return found
