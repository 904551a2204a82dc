"""Formats made of lines: event streams and CSV.

Event streams (``text/event-stream``): the data of each line is read on its own.

CSV: a cell under a field rule (by the name that heads its column) is dealt with by the rule; all
else is read as text in which a change of cell is a comma, whatever the delimiter and the quotes,
so that ``"Martin";"Jean"`` is a name. It is replaced in its first cell and the others are left
empty, so that no row changes its number of cells; on the way back they are filled again. A value
that needs it is quoted as its cell asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.content.coding import CELL, Writer, back
from proxy.content.edits import Page, merge, shift
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_DATA = re.compile(r"^(?:data|event|id)?:[ ]?([^\r\n]+)", re.M)
_LINES = re.compile(r"[^\r\n]+")
_DELIMITERS = ";\t|,"
_SNIFFED = 6
_HEAD = 2000
_DOCUMENT = frozenset("<{[")


def event_edits(text: str, walk: Walk) -> list[Edit]:
    """Edits for a stretch of an event stream, whole lines only."""
    page = Page(text)
    for match in _DATA.finditer(text):
        start, end = match.span(1)
        page.cover(start, end, shift(walk.text(match[1]), start))
    return page.finish(walk.visitor.text(page.rest()))


def is_csv(text: str) -> bool:
    """Whether undeclared text is CSV beyond doubt: its first lines have the same cells."""
    head = text[:_HEAD]
    lines = [match[0] for match in _LINES.finditer(head)]
    if len(text) > _HEAD:
        lines = lines[:-1]
    if len(lines) < 2:
        return False
    separators = (";", "\t", '","') if len(lines) > 2 else ('";"', '"\t"', '","')
    return any(
        lines[0].count(separator) > 0
        and len({line.count(separator) for line in lines[:_SNIFFED]}) == 1
        for separator in separators
    )


def csv_edits(text: str, walk: Walk) -> list[Edit]:
    """Edits for comma-, semicolon- or tab-separated values."""
    table = _Table(text)
    if '""' in text:
        page = Page(text)
        _documents(page, walk, table)
        if page.spans:
            return page.finish(csv_edits(page.rest(), walk))
    # As it stands too: a semicolon may end an entity.
    found = merge(walk.prose(text), back(text, walk.prose(table.decode(text)), table))
    return sorted(_written(text, found, table))


def _documents(page: Page, walk: Walk, table: _Table) -> None:
    """Quoted cells that hold a document of another format, each read as it was before it
    was quoted."""
    for match in table.cell.finditer(page.text):
        raw = match[1]
        if raw and '""' in raw and raw.lstrip()[:1] in _DOCUMENT:
            found = back(raw, walk.text(CELL.decode(raw)), CELL)
            page.cover(*match.span(1), shift(found, match.start(1)))


class _Table:
    """A CSV text, as a coding: between two cells it reads a comma."""

    __slots__ = ("between", "cell", "delimiter")

    def __init__(self, text: str) -> None:
        self.delimiter = delimiter_of(text)
        sign = re.escape(self.delimiter)
        self.between = re.compile(rf'"?{sign}"?')
        self.cell = re.compile(rf'(?:"((?:[^"]++|"")*+)"|([^{sign}\r\n]*+))({sign}|\r?\n|\r|\Z)')

    def decode(self, raw: str) -> str:
        """As ``between`` has it, at many times its speed: quotes next to a delimiter go."""
        if "\0" in raw:
            return self.between.sub(",", raw)
        sign = self.delimiter
        for written in (f'"{sign}"', f'"{sign}', f'{sign}"', sign):
            raw = raw.replace(written, "\0")
        return raw.replace("\0", ",")

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in self.between.finditer(raw):
            yield *match.span(), 1

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: replacement

    def crossed(self, spot: str, *, inside: bool) -> list[str]:
        """The changes of cell in a stretch that begins in a quoted cell, or not."""
        changes = []
        for match in self.between.finditer(spot):
            if not inside or match[0][0] == '"':
                changes.append(match[0])
                inside = match[0][-1] == '"'
        return changes

    def emptied(self, text: str, at: int, count: int) -> list[str]:
        """The changes to the ``count`` cells behind ``at`` if those are empty."""
        changes = []
        for _ in range(count):
            match = self.between.match(text, at)
            if match is None:
                return []
            changes.append(match[0])
            at = match.end()
        if text.startswith('"', at):
            at += 1
        return changes if at == len(text) or text[at] in self.delimiter + "\r\n" else []


def _written(text: str, found: list[Edit], table: _Table) -> Iterator[Edit]:
    """Fit each replacement into its cell, or the cells that it came from."""
    inside = False
    cell = scanned = quoted_to = 0
    cell_end = re.compile(rf"[{re.escape(table.delimiter)}\r\n]|\Z")
    for start, end, replacement in found:
        if start < scanned:
            continue
        inside ^= text.count('"', scanned, start) % 2 == 1
        opening = max(text.rfind(sign, scanned, start) for sign in (table.delimiter, "\n"))
        cell = opening + 1 if opening >= 0 else cell
        quoted = inside or start < quoted_to
        changes = table.crossed(text[start:end], inside=inside)
        scanned = end
        inside ^= text.count('"', start, end) % 2 == 1
        parts = [replacement, *[""] * len(changes)]
        if not changes and (filled := _in_cells(text, end, replacement, table)):
            changes, parts = filled, replacement.split(",")
            end += len("".join(changes))
            inside ^= "".join(changes).count('"') % 2 == 1
            scanned = end
        if not quoted and not changes and _needs_quotes(replacement, table.delimiter):
            closing = cell_end.search(text, end)
            quoted_to = closing.start() if closing else len(text)
            yield Edit(cell, cell, '"')
            yield Edit(start, end, _doubled(replacement))
            yield Edit(quoted_to, quoted_to, '"')
            continue
        if quoted or changes:
            parts = [_doubled(part) for part in parts]
        pieces = [part for pair in zip(parts, [*changes, ""], strict=True) for part in pair]
        yield Edit(start, end, "".join(pieces))


def _in_cells(text: str, end: int, replacement: str, table: _Table) -> list[str]:
    """The changes of cell behind a name that came from several, and was no ``Martin, Léa``."""
    count = replacement.count(",")
    return table.emptied(text, end, count) if count and ", " not in replacement else []


def _needs_quotes(replacement: str, delimiter: str) -> bool:
    return any(sign in replacement for sign in (delimiter, '"', "\r", "\n"))


def _doubled(replacement: str) -> str:
    return replacement.replace('"', '""')


def delimiter_of(text: str) -> str:
    """What parts the cells, by the first line."""
    return max(_DELIMITERS, key=text[:_HEAD].split("\n", 1)[0].count)
