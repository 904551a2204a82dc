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
    delimiter = delimiter_of(text)
    cell_end = re.compile(rf"[{re.escape(delimiter)}\r\n]|\Z")
    written: list[Edit] = []
    inside = False
    cell = scanned = quoted_to = 0
    for edit in found:
        inside ^= text.count('"', scanned, edit.start) % 2 == 1
        opening = max(text.rfind(sign, scanned, edit.start) for sign in (delimiter, "\n"))
        cell = opening + 1 if opening >= 0 else cell
        scanned = edit.end
        if inside or edit.start < quoted_to:
            written.append(edit._replace(replacement=edit.replacement.replace('"', '""')))
            continue
        fitted = _fit(text, edit, delimiter)
        if fitted is not None:
            written.append(fitted)
            continue
        closing = cell_end.search(text, edit.end)
        quoted_to = closing.start() if closing else len(text)
        written += (
            Edit(cell, cell, '"'),
            edit._replace(replacement=edit.replacement.replace('"', '""')),
            Edit(quoted_to, quoted_to, '"'),
        )
    return sorted(written)


def delimiter_of(text: str) -> str:
    """What parts the cells, by the first line."""
    head = text[:2000].split("\n", 1)[0]
    return max(",;\t|", key=head.count)


def _fit(text: str, edit: Edit, delimiter: str) -> Edit | None:
    """The edit if its replacement fits an unquoted cell, ``None`` if the cell needs quotes."""
    start, end, replacement = edit
    lost = text.count(delimiter, start, end) - replacement.count(delimiter)
    if lost > 0:
        return Edit(start, end, replacement + delimiter * lost)
    if lost < 0 and _stood_in_cells(text, edit, delimiter, -lost):
        return Edit(start, end - lost, replacement)
    if lost < 0 or _CELL_NEEDS_QUOTES.search(replacement):
        return None
    return edit


def _stood_in_cells(text: str, edit: Edit, delimiter: str, count: int) -> bool:
    """Whether a name came from several cells: they are empty, and it was no ``Martin, Léa``."""
    after = edit.end + count
    return (
        text.startswith(delimiter * count, edit.end)
        and (after == len(text) or text[after] in delimiter + "\r\n")
        and f"{delimiter} " not in edit.replacement
    )
