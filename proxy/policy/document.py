"""YAML with the place of every key and value, and without YAML's traps.

The events of libyaml are read one by one with a stack of our own, so that depth cannot
exhaust Python's. What differs from ``yaml.safe_load``, and why:

* Every scalar is text; the schema gives it meaning. ``no`` is not false, ``12:30`` is not
  750, ``1.10`` is not 1.1. Only an empty plain scalar, ``~`` and ``null`` are ``None``.
* A duplicate key is an error: the second would win in silence.
* Tags (``!!python/…``) are refused.
* Aliases share their anchor's value, so memory does not grow, and the values they stand
  for are counted: a "billion laughs" file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from proxy.policy.problems import Mark, Problem

MAX_BYTES = 8 * 1024 * 1024
MAX_VALUES = 400_000
MAX_DEPTH = 60
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NEEDS_QUOTES = re.compile("scanning an alias|cannot start any token")

type Location = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """One file's data and marks. ``problems`` is not empty when it could not be read."""

    file: str
    data: Any = None
    values: dict[Location, Mark] = field(default_factory=dict)
    keys: dict[Location, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mark(self, location: Location) -> Mark:
        """Where the value at ``location`` stands; what encloses it when it has no mark."""
        return _nearest(location, self.values)

    def key_mark(self, location: Location) -> Mark:
        """Where the key of ``location`` stands."""
        return self.keys.get(location) or self.mark(location)

    def problem(self, location: Location, message: str, *, key: bool = False) -> Problem:
        """A problem at a value, or at its key."""
        return Problem(
            self.file, *(self.key_mark(location) if key else self.mark(location)), message
        )


def _nearest(location: Location, marks: Mapping[Location, Mark]) -> Mark:
    for length in range(len(location), -1, -1):
        if (mark := marks.get(location[:length])) is not None:
            return mark
    return Mark(1, 1)


def read_document(path: Path, file: str) -> tuple[Document, bytes]:
    """Read ``path``; ``file`` is the name that problems show. Never raises for content."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        document = Document(file)
        what = error.strerror or "cannot be read"
        document.problems.append(Problem(file, 1, 1, f"cannot read this file: {what}"))
        return document, b""
    return parse_document(raw, file), raw


def parse_document(raw: bytes, file: str) -> Document:
    """The document in ``raw``."""
    document = Document(file)
    if len(raw) > MAX_BYTES:
        limit = f"this file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        document.problems.append(Problem(file, 1, 1, limit))
        return document
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        message = "this byte is not UTF-8 text, save the file as UTF-8"
        document.problems.append(Problem(file, line, column, message))
        return document
    try:
        _Builder(document).build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
        what = " ".join(part for part in (error.context, error.problem) if part)
        if _NEEDS_QUOTES.search(what):
            what += ' (text that begins with * or @ or % needs quotes: "*.example.com")'
        document.problems.append(Problem(file, *mark, f"not valid YAML: {what}"))
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        document.problems.append(Problem(file, 1, 1, f"not valid YAML: {what}"))
    except _Stop as stop:
        document.problems.append(stop.problem)
    if document.problems:
        document.data = None
    return document


class _Stop(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence that is being read."""

    location: Location
    value: dict[str, Any] | list[Any]
    anchor: str | None
    first: int
    key: str | None = None


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0
        self.roots = 0

    def build(self, events: Iterator[yaml.Event]) -> None:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._document(event)

    def _stop(self, event: yaml.Event, message: str) -> _Stop:
        return _Stop(Problem(self.document.file, *_mark(event), message))

    def _document(self, event: yaml.Event) -> None:
        self.roots += 1
        if self.roots > 1:
            raise self._stop(event, "a second document starts here (---), expected only one")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            raise self._stop(event, "tags (!…) are not allowed, write the value alone")
        null = not event.style and event.value in _NULLS
        frame = self.stack[-1] if self.stack else None
        if isinstance(frame, _Frame) and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event)
            return
        value = None if null else event.value
        self._place(event, value, 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)

    def _key(self, frame: _Frame, event: yaml.ScalarEvent) -> None:
        key = event.value
        if key == "<<":
            raise self._stop(event, "merge keys (<<) are not allowed, repeat the lines")
        if event.anchor is not None:
            raise self._stop(event, "a key cannot carry an anchor (&…)")
        location = (*frame.location, key)
        first = self.document.keys.get(location)
        if first is not None:
            self.document.problems.append(
                Problem(
                    self.document.file,
                    *_mark(event),
                    f"the key {key!r} stands twice here (first at line {first.line}), remove one",
                )
            )
        else:
            self.document.keys[location] = _mark(event)
        frame.key = key

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            raise self._stop(event, "tags (!…) are not allowed, write the value alone")
        if len(self.stack) >= MAX_DEPTH:
            raise self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        location = self._place(event, value, 1)
        self.stack.append(_Frame(location, value, event.anchor, self.count))

    def _end(self) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, self.count - frame.first + 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self.anchors:
            message = (
                f"the alias *{event.anchor} has no anchor above it "
                "(text that begins with * needs quotes)"
            )
            raise self._stop(event, message)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            raise self._stop(event, "a key cannot be an alias (*…)")
        value, size = self.anchors[event.anchor]
        self._place(event, value, size)

    def _place(self, event: yaml.Event, value: Any, size: int) -> Location:
        """Put a value where the innermost open collection wants it; its location."""
        self.count += size
        if self.count > MAX_VALUES:
            raise self._stop(event, f"more than {MAX_VALUES:,} values with aliases counted")
        if not self.stack:
            location: Location = ()
            self.document.data = value
        else:
            frame = self.stack[-1]
            if isinstance(frame.value, list):
                location = (*frame.location, len(frame.value))
                frame.value.append(value)
            elif frame.key is None:
                raise self._stop(event, "a key must be plain text")
            else:
                location = (*frame.location, frame.key)
                frame.value[frame.key] = value
                frame.key = None
        self.document.values[location] = _mark(event)
        return location


def _mark(event: yaml.Event) -> Mark:
    if event.start_mark is None:
        return Mark(1, 1)
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
