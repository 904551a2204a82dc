"""A report as plain values: sections of blocks, the same for the page and for JSON.

Texts are plain: whatever turns them into markup escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

type Cell = str | int


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph that nobody should pass over: a limit, something missing."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Terms and what is said of each."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """What only people can say: a marked place to fill in by hand."""

    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a caption; the first cell of a row names it. Whole numbers are numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, drawn; the table with the same numbers stands beside them."""

    title: str
    label: str
    """What a bar stands for: the first column of the table."""
    unit: str
    bars: tuple[tuple[str, int], ...]

    @property
    def table(self) -> Table:
        """The same as a table."""
        return Table(self.title, (self.label, self.unit), self.bars)


type Block = Text | Note | Bullets | Pairs | Blank | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    kind: str
    language: str
    title: str
    about: str
    """Whom it is for and what it says, in a sentence or two."""
    sections: tuple[Section, ...]
    source: tuple[tuple[str, str], ...]
    """Where it comes from: site, policy, log, period."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The figures, for programs: no words of a language in it."""

    @property
    def blanks(self) -> list[str]:
        """Everything left for people to fill in."""
        return [block.label for section in self.sections for block in _blanks(section)]


VERSION = 1
"""Of the JSON below."""


def as_json(document: Document) -> dict[str, Any]:
    """The report as a JSON document: the figures, then the text as the page has it."""
    return {
        "preau_report": document.kind,
        "version": VERSION,
        "language": document.language,
        "title": document.title,
        "about": document.about,
        "source": dict(document.source),
        "data": dict(document.data),
        "blanks": document.blanks,
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "blocks": [_block(block) for block in section.blocks],
        "parts": [_section(part) for part in section.parts],
    }


def _block(block: Block) -> dict[str, Any]:
    members = {one.name: getattr(block, one.name) for one in fields(block)}
    return {"block": type(block).__name__.lower(), **members}


def _blanks(section: Section) -> list[Blank]:
    found = [block for block in section.blocks if isinstance(block, Blank)]
    for part in section.parts:
        found += _blanks(part)
    return found
