"""Formats made of lines: event streams and CSV.

Event streams (``text/event-stream``): the data of each line is read on its own.

CSV: a restored value may hold a comma or a quote, so it is quoted as its cell asks for. A
name that stood in two cells (``Martin,Jean``) is replaced in the first and the second is left
empty, so that no row changes its number of cells; on the way back the two are filled again.
"""

from __future__ import annotations

import re

from proxy.content.edits import Page, shift
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_DATA = re.compile(r"^(?:data|event|id)?:[ ]?([^\r\n]+)", re.M)
_CELL_NEEDS_QUOTES = re.compile(r'["\r\n]')


def event_edits(text: str, walk: Walk) -> list[Edit]:
    """Edits for a stretch of an event stream, whole lines only."""
    page = Page(text)
    for match in _DATA.finditer(text):
        start, end = match.span(1)
        page.cover(start, end, shift(walk.text(match[1]), start))
    return page.finish(walk.visitor.text(page.rest()))


def csv_edits(text: str, walk: Walk) -> list[Edit]:
    """Edits for comma-, semicolon- or tab-separated values."""
    found = walk.prose(text)
    if not found:
        return found
    delimiter = _delimiter(text)
    written = []
    inside, counted, after = False, 0, 0
    for edit in found:
        if edit.start < after:
            continue
        inside ^= text.count('"', counted, edit.start) % 2 == 1
        counted = edit.start
        fitted = _fit(text, edit, delimiter, inside)
        after = fitted.end
        written.append(fitted)
    return written


def _delimiter(text: str) -> str:
    head = text[:2000].split("\n", 1)[0]
    return max(",;\t|", key=head.count)


def _fit(text: str, edit: Edit, delimiter: str, inside: bool) -> Edit:
    start, end, replacement = edit
    if inside:
        return Edit(start, end, replacement.replace('"', '""'))
    lost = text.count(delimiter, start, end) - replacement.count(delimiter)
    if lost > 0:
        return Edit(start, end, replacement + delimiter * lost)
    if lost < 0 and text.startswith(delimiter * -lost, end):
        return Edit(start, end - lost, replacement)
    if lost < 0 or _CELL_NEEDS_QUOTES.search(replacement):
        return _quote_cell(text, edit, delimiter)
    return edit


def _quote_cell(text: str, edit: Edit, delimiter: str) -> Edit:
    """Put the whole unquoted cell around ``edit`` in quotes."""
    line_start = text.rfind("\n", 0, edit.start) + 1
    line_end = text.find("\n", edit.end)
    line_end = len(text) if line_end < 0 else line_end - text.endswith("\r", 0, line_end)
    start = max(line_start, text.rfind(delimiter, line_start, edit.start) + 1)
    end = text.find(delimiter, edit.end, line_end)
    end = line_end if end < 0 else end
    value = text[start : edit.start] + edit.replacement + text[edit.end : end]
    return Edit(start, end, '"' + value.replace('"', '""') + '"')
