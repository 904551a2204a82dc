"""Columns of CSV under a rule: the header names them, each cell below is a field.

Only cells under a rule are touched; all else is left to the text search (``lines``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxy.content.edits import Page
from proxy.content.guesses import is_mistaken
from proxy.content.lines import csv_edits, delimiter_of
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.model import Action, FieldRule
from proxy.policy.telling import rules_among

_MOST_COLUMNS = 500


def edits(text: str, walk: Walk, rules: Mapping[str, FieldRule]) -> list[Edit]:
    """Edits for a whole document: its ruled cells, then the rest as text."""
    page = Page(text)
    if rules and not walk.answer:
        _columns(page, walk, rules)
    return page.finish(csv_edits(page.rest(), walk))


def _columns(page: Page, walk: Walk, rules: Mapping[str, FieldRule]) -> None:
    text, delimiter = page.text, re.escape(delimiter_of(page.text))
    cell = re.compile(rf'("(?:[^"]|"")*+"|[^{delimiter}\r\n]*+)({delimiter}|\r?\n|\Z)')
    names: list[str] = []
    at = 0
    while match := cell.match(text, at):
        names.append(_plain(match[1]).lstrip("\ufeff").strip())
        at = match.end()
        if match[2].endswith("\n") or at == len(text) or len(names) == _MOST_COLUMNS:
            break
    ruled = rules_among(rules, names)
    by_column = [ruled.get(name) for name in names]
    if not any(by_column):
        return
    column = 0
    while at < len(text) and (match := cell.match(text, at)):
        rule = by_column[column] if column < len(by_column) else None
        if rule is not None and match[1]:
            _cell(page, walk, rule, match.start(1), match[1])
        column = 0 if match[2].endswith("\n") else column + 1
        at = match.end()


def _cell(page: Page, walk: Walk, rule: FieldRule, start: int, raw: str) -> None:
    value = _plain(raw)
    if rule.action is Action.SEARCH or is_mistaken(rule, value, walk.visitor):
        return
    answer = walk.visitor.field(rule, value)
    span = (start, start + len(raw))
    if answer is None:
        page.cover(*span)
        return
    written = "" if isinstance(answer, Drop) else answer
    if raw.startswith('"') or re.search(r'[",;\t|\r\n]', written):
        written = '"' + written.replace('"', '""') + '"'
    page.cover(*span, [Edit(*span, written)])


def _plain(raw: str) -> str:
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
