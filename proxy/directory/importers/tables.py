"""CSV tables with headers, read row by row, whatever wrote them.

Headers are compared without case, accents and punctuation, and with the misspellings that
are out there; delimiters may be comma, semicolon or tab.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, takewhile

from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.headings import header_line, is_known
from proxy.directory.importers.problems import Problems
from proxy.errors import InputError

_DELIMITERS = ",;\t|"
_ABOVE = 16
"""Lines among which the headers are: exports put a title and a date above them."""
_MAX_CELL = 4096
_MAX_HEADER = 1 << 16
_MAX_LINE = 1 << 16
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


_REMARK = re.compile(r"\[[^\]]*\]")


class Row:
    """One line of a table: cells by canonical header, stripped."""

    __slots__ = ("_cells", "_columns", "file", "line")

    def __init__(self, file: str, line: int, columns: Mapping[str, int], cells: list[str]) -> None:
        self.file, self.line = file, line
        self._columns, self._cells = columns, cells

    def __repr__(self) -> str:
        return f"Row({self.file}:{self.line})"

    def __getitem__(self, header: str) -> str:
        """The cell, empty if the table has no such column."""
        index = self._columns.get(header)
        cell = self._cells[index].strip() if index is not None else ""
        # ="0123" is how spreadsheets are made to keep a leading zero.
        return cell[2:-1] if cell.startswith('="') and cell[3:].endswith('"') else cell

    def many(self, header: str, separator: str) -> tuple[str, ...]:
        """A cell of several values."""
        cell = self[header]
        if separator not in cell:  # nearly always
            return (cell,) if cell else ()
        parts = (part.strip() for part in cell.split(separator))
        return tuple(dict.fromkeys(part for part in parts if part))

    def column(self, header: str) -> int:
        """Where a header stands, from 1; 1 if it is not there."""
        return self._columns.get(header, 0) + 1

    def place(self, header: str) -> tuple[int, int]:
        """Line and column of a field, for messages."""
        return self.line, self.column(header)

    def called(self, header: str) -> str:
        """What a message begins with: nothing, as its column tells the field."""
        return ""

    def repeated(self, header: str) -> tuple[str, ...]:
        """The cells of a header that stands more than once, empty ones too."""
        names = takewhile(self._columns.__contains__, numbered(header))
        return tuple(self[name] for name in names)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a table beforehand; what is empty is found out."""

    encoding: str = ""
    delimiter: str = ""
    skip: int = 0
    """Lines above the headers."""
    headed: bool = True
    """Whether the first line holds headers; else it holds a person."""
    columns: Callable[[list[str]], dict[str, int]] | None = None
    """The place of each canonical header, from the first line, in place of ``aliases``."""


FOUND_OUT = Layout()


class BadRow(Exception):
    """This row cannot be taken: the header at fault and why, without the cell's content."""

    def __init__(self, header: str, what: str) -> None:
        super().__init__(what)
        self.header, self.what = header, what


@contextmanager
def reported(row: Row, problems: Problems) -> Iterator[None]:
    """Turn a ``BadRow`` into a problem with its place."""
    try:
        yield
    except BadRow as bad:
        problems.add(row.file, *row.place(bad.header), row.called(bad.header) + bad.what)


def folded_header(header: str) -> str:
    """``Prénom usuel``, ``prenom_usuel`` and ``PRÉNOM USUEL [Required]`` are one header."""
    plain = unicodedata.normalize("NFKD", _REMARK.sub("", header))
    return "".join(c for c in plain.lower() if c.isascii() and c.isalnum())


def numbered(header: str) -> Iterator[str]:
    """How the first, second, … column of one header is called: ``child``, ``child 2``, …"""
    yield header
    yield from (f"{header} {number}" for number in count(2))


def headers_of(files: RosterFiles, name: str) -> list[str]:
    """The folded headers of a table, for detection; empty if it is not one."""
    return [folded_header(cell) for cell in header_cells(files, name)]


def header_cells(files: RosterFiles, name: str) -> list[str]:
    """The headers of a table as they are written; empty if it is not one."""
    try:
        with _text(files, name) as stream:
            lines, at = _beginning(stream)
    except UnicodeError:
        return []
    return _cells(lines[at]) if lines else []


def _beginning(stream: io.TextIOWrapper, given: str = "") -> tuple[list[str], int]:
    """The first lines and which of them holds the headers."""
    lines: list[str] = []
    while len(lines) < _ABOVE and (line := stream.readline(_MAX_HEADER)):
        lines.append(line)
        if len(lines) == 1 and (len(line) == _MAX_HEADER or is_known(_cells(line, given))):
            break
    return lines, header_line([_cells(line, given) for line in lines])


def _cells(line: str, given: str = "") -> list[str]:
    try:
        return next(csv.reader([line], _dialect(line, given)), [])
    except csv.Error:
        return []


def read_table(
    files: RosterFiles,
    name: str,
    aliases: Mapping[str, str],
    required: Collection[str],
    problems: Problems,
    layout: Layout = FOUND_OUT,
    *,
    repeated: Collection[str] = (),
    ragged: bool = False,
) -> Iterator[Row]:
    """Rows of a table. ``aliases``: canonical header by folded spelling.

    A missing required column ends the import; a row that is not as wide as the header row, or
    holds control characters, is a problem of its own. ``repeated`` headers may stand more than
    once; ``ragged``: the software that writes these leaves out empty cells at the end.
    """
    label, columns, width = files.label(name), dict[str, int](), 0
    with _text(files, name, layout.encoding) as stream:
        for line, cells in _lines(label, stream, layout):
            if not width:
                width = _width(cells) if layout.headed else len(cells)
                if layout.columns is not None:
                    columns = layout.columns(cells)
                else:
                    columns = _columns(label, cells, aliases, required, repeated)
                if layout.headed:
                    continue
            if any(cells):
                if ragged:
                    cells += [""] * (width - len(cells))
                problem = _shape_problem(cells, width)
                if problem:
                    problems.add(label, line, *problem)
                else:
                    yield Row(label, line, columns, cells)


def _lines(label: str, stream: io.TextIOWrapper, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Records with the line where each begins."""
    number = layout.skip
    try:
        for _ in range(layout.skip):
            stream.readline(_MAX_LINE)
        if layout.skip or not layout.headed:
            lines, at = [stream.readline(_MAX_HEADER)], 0
        else:
            lines, at = _beginning(stream, layout.delimiter)
        number += at
        first = lines[at] if lines else ""
        if len(first) == _MAX_HEADER:
            raise InputError(f"{label}:1:1: not a CSV table: its first line never ends")
        dialect = _dialect(first, layout.delimiter)
        rest = chain(lines[at:], _bounded(label, number + len(lines) - at - 1, stream))
        reader = csv.reader(rest, dialect, strict=True)
        line = 1
        for cells in reader:
            yield number + line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{label}:{number + reader.line_num}:1: not well-formed CSV ({error}); export it again "
            f"/ CSV mal formé ; exportez à nouveau"
        ) from error
    except UnicodeError as error:
        raise InputError(f"{label}: {_mixed(layout)}; export it again as UTF-8") from error


def _width(headers: list[str]) -> int:
    """Without the empty columns at the end: rows may end before them."""
    return max((at for at, cell in enumerate(headers, start=1) if cell.strip()), default=1)


def _mixed(layout: Layout) -> str:
    return f"is not in {layout.encoding}" if layout.encoding else "mixes encodings"


def _bounded(label: str, above: int, stream: io.TextIOWrapper) -> Iterator[str]:
    """Lines, none of which may fill the memory."""
    for number, line in enumerate(iter(partial(stream.readline, _MAX_LINE), ""), start=above + 2):
        if len(line) == _MAX_LINE:
            raise InputError(f"{label}:{number}:1: not a CSV table: a line that never ends")
        yield line


def _text(files: RosterFiles, name: str, encoding: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(files.open(name), encoding=encoding or files.encoding(name), newline="")


def _shape_problem(cells: list[str], width: int) -> tuple[int, str] | None:
    if len(cells) < width or any(cells[width:]):
        return min(len(cells), width), (
            f"{len(cells)} cells, expected {width} as in the header; look for a stray quote or "
            f"delimiter / cherchez un guillemet ou un séparateur de trop"
        )
    whole = " ".join(cells)
    if len(whole) <= _MAX_CELL and not _CONTROL.search(whole):
        return None
    for column, cell in enumerate(cells, start=1):
        if len(cell) > _MAX_CELL or _CONTROL.search(cell):
            return column, (
                "a cell that is too long or holds control characters; clear it / cellule trop "
                "longue ou avec des caractères de contrôle ; videz-la"
            )
    return None


def _columns(
    label: str,
    header: list[str],
    aliases: Mapping[str, str],
    required: Collection[str],
    repeated: Collection[str] = (),
) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(header):
        name = aliases.get(folded_header(cell))
        if name is not None and name in repeated:
            name = next(free for free in numbered(name) if free not in columns)
        if name in columns:
            raise InputError(
                f"{label}:1:{index + 1}: column {name} stands twice; remove one / cette colonne "
                f"figure deux fois ; supprimez-en une"
            )
        if name is not None:
            columns[name] = index
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            f"{label}:1:1: no column {', '.join(missing)}; see docs/rosters.md / "
            f"colonne absente ; voir docs/rosters.md"
        )
    return columns


def _dialect(first_line: str, given: str = "") -> type[csv.Dialect]:
    """Comma, semicolon or tab: the one that parts the header most often."""
    best = given or max(_DELIMITERS, key=first_line.count)

    class Found(csv.excel):
        delimiter = best

    return Found
