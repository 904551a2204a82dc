"""XML rosters, read record by record in flat memory, by a parser that refuses to be used.

Rosters are data: they need no entities and no document type. What a document type could do is
refused (entities, an internal subset) or left undone (an external DTD, as AAF names one, is
never fetched); a reference to an entity that nobody defined is refused, as the parser would
drop it in silence. Nesting, the size of a record and of a single tag are bounded; the file as
a whole is not, since only one record is held at a time.

A record is an element that a format asks for by tag, flattened: the text of each element below
it by path (``scolarite_an_dernier/mel``), attributes as ``@id``. Paths are in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import Row
from proxy.errors import InputError

MAX_DEPTH = 24
MAX_RECORD_TEXT = 1 << 20
MAX_RECORD_ELEMENTS = 50_000
MAX_STRAY_ELEMENTS = 4_000_000
MAX_PATHS = 4096
MAX_TOKEN = 1 << 20
_CHUNK = 1 << 16
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LATIN = frozenset(
    "ascii usascii iso88591 iso885915 latin1 latin9 cp1252 windows1252 utf8 utf16".split()
)


class Record(Row):
    """One element as a row: its first values by path, stripped; ``every`` for all of them."""

    __slots__ = ("_fields", "_lines", "_spelling", "tag")

    def __init__(self, file: str, line: int, tag: str, spelling: Mapping[str, str]) -> None:
        super().__init__(file, line, {}, [])
        self.tag = tag
        self._fields: dict[str, list[str]] = {}
        self._lines: dict[str, int] = {}
        self._spelling = spelling

    def __getitem__(self, header: str) -> str:
        """The first text at a path, empty if there is none."""
        values = self._fields.get(header)
        return values[0] if values else ""

    def __contains__(self, path: str) -> bool:
        """Whether the record has the field, even if it is empty."""
        return path in self._lines

    def every(self, *paths: str) -> tuple[str, ...]:
        """All texts at these paths, each once."""
        values = (value for path in paths for value in self._fields.get(path, ()))
        return tuple(dict.fromkeys(values))

    def listed(self, path: str) -> list[str]:
        """All texts at a path as they stand, repeated ones too."""
        return self._fields.get(path, [])

    def many(self, header: str, separator: str) -> tuple[str, ...]:
        """All texts at a path, each parted at ``separator``."""
        parts = (part.strip() for text in self.every(header) for part in text.split(separator))
        return tuple(dict.fromkeys(part for part in parts if part))

    def place(self, header: str) -> tuple[int, int]:
        """Line and column of a field; the record's if it has no such field."""
        return self._lines.get(header, self.line), 1

    def called(self, header: str) -> str:
        """The field as the file spells it, to be put before a message."""
        return f"{self._spelling.get(header, header)}: "

    def put(self, path: str, line: int, text: str) -> None:
        """Add a text at a path."""
        self._lines.setdefault(path, line)
        if stripped := text.strip():
            self._fields.setdefault(path, []).append(stripped)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a format's records look like."""

    tags: frozenset[str]
    """Elements that are records, in lower case."""
    transparent: frozenset[str] = field(default=frozenset())
    """Elements that add nothing to a path."""
    named_by: str = ""
    """The attribute that names an element better than its tag does."""


def root_of(files: RosterFiles, name: str) -> str:
    """The root's tag in lower case; empty if the file is no XML. Refuses what is hostile."""
    found: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        found.append(tag)

    parser = _guarded(files.label(name), None)
    parser.StartElementHandler = start
    try:
        with files.open(name) as stream:
            for _ in range(MAX_TOKEN // _CHUNK):
                chunk = stream.read(_CHUNK)
                parser.Parse(chunk, not chunk)
                if found or not chunk:
                    break
    except expat.ExpatError:
        pass  # before the root: no XML; behind it: told when the file is read
    return found[0].lower() if found else ""


def read_records(files: RosterFiles, name: str, shape: Shape) -> Iterator[Record]:
    """The records of a file, in its order."""
    label = files.label(name)
    parser = _guarded(label, _encoding(files, name))
    collector = _Collector(label, parser, shape)
    with files.open(name) as stream:
        fed = 0
        while True:
            chunk = stream.read(_CHUNK)
            fed += len(chunk)
            _feed(parser, label, chunk)
            yield from collector.taken()
            if fed - max(parser.CurrentByteIndex, 0) > MAX_TOKEN:
                _refuse(parser, label, "has a tag or comment that never ends")
            if not chunk:
                return


def _feed(parser: expat.XMLParserType, label: str, chunk: bytes) -> None:
    try:
        parser.Parse(chunk, not chunk)
    except expat.ExpatError as error:
        raise InputError(
            f"{label}:{error.lineno}:{error.offset + 1}: not well-formed XML "
            f"({expat.ErrorString(error.code)}); export it again"
        ) from error


def _guarded(label: str, encoding: str | None) -> expat.XMLParserType:
    """A parser that opens nothing and defines nothing."""
    try:
        parser = expat.ParserCreate(encoding)
    except (LookupError, ValueError) as error:
        raise InputError(f"{label}: in an unknown encoding; export it again as UTF-8") from error
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.buffer_size = _CHUNK

    def doctype(_name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            _refuse(parser, label, "declares a document type of its own")

    def entity(*_: object) -> NoReturn:
        _refuse(parser, label, "declares or uses an entity")

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = entity
    parser.SkippedEntityHandler = entity
    return parser


def _refuse(parser: expat.XMLParserType, label: str, what: str) -> NoReturn:
    raise InputError(
        f"{label}:{parser.CurrentLineNumber}:{parser.CurrentColumnNumber + 1}: {what}; "
        f"no roster needs that, do not trust this file"
    )


def _encoding(files: RosterFiles, name: str) -> str | None:
    """The encoding that the bytes are in, which is not always the declared one.

    ``None`` leaves it to the declaration: UTF-16, and encodings that are neither UTF-8 nor of
    western Europe.
    """
    with files.open(name) as stream:
        head = stream.read(200)
    declared = _DECLARED.search(head)
    if declared and re.sub(r"[^a-z0-9]", "", declared[1].decode().lower()) not in _LATIN:
        return None
    found = files.encoding(name)
    return None if found == "utf-16" else found.removesuffix("-sig")


class _Collector:
    """Turns the parser's events into records."""

    def __init__(self, label: str, parser: expat.XMLParserType, shape: Shape) -> None:
        self._label, self._parser, self._shape = label, parser, shape
        self._record: Record | None = None
        self._ready: list[Record] = []
        self._paths: list[str] = []
        """The path of each open element of the record; its length is the depth within it."""
        self._depth = self._elements = self._size = 0
        self._steps: dict[tuple[str, str], str] = {}
        self._spelling: dict[str, str] = {}
        self._text: list[str] = []
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def taken(self) -> list[Record]:
        """The records that became whole since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            _refuse(self._parser, self._label, f"nests more than {MAX_DEPTH} deep")
        record = self._record
        if record is None:
            if tag.lower() not in self._shape.tags:
                if self._elements > MAX_STRAY_ELEMENTS:
                    _refuse(self._parser, self._label, "has millions of elements without a person")
                return
            record = self._open(tag)
        elif self._elements > MAX_RECORD_ELEMENTS:
            _refuse(self._parser, self._label, "has a record that is too large")
        else:
            word = attributes.pop(self._shape.named_by, tag) if attributes else tag
            self._paths.append(self._step(self._paths[-1], word))
        if attributes:
            self._put_attributes(record, attributes)
        self._text.clear()

    def _open(self, tag: str) -> Record:
        line = self._parser.CurrentLineNumber
        record = self._record = Record(self._label, line, tag.lower(), self._spelling)
        self._paths.append("")
        self._elements = self._size = 0
        self._parser.CharacterDataHandler = self._characters
        return record

    def _put_attributes(self, record: Record, attributes: dict[str, str]) -> None:
        for key, text in attributes.items():
            self._size += len(text)
            record.put(self._step(self._paths[-1], f"@{key}"), self._parser.CurrentLineNumber, text)

    def _characters(self, text: str) -> None:
        self._text.append(text)
        self._size += len(text)
        if self._size > MAX_RECORD_TEXT:
            _refuse(self._parser, self._label, "has a record that is too large")

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        record = self._record
        if record is None:
            return
        path = self._paths.pop()
        if self._paths:
            if path:
                record.put(path, self._parser.CurrentLineNumber, "".join(self._text))
            self._text.clear()
            return
        self._ready.append(record)
        self._record = None
        self._elements = 0
        self._parser.CharacterDataHandler = None

    def _step(self, path: str, word: str) -> str:
        step = self._steps.get((path, word))
        if step is None:
            if len(self._steps) >= MAX_PATHS:
                _refuse(self._parser, self._label, "has thousands of different fields")
            lower = word.lower()
            step = path if lower in self._shape.transparent else f"{path}/{lower}".lstrip("/")
            self._steps[path, word] = step
            self._spelling.setdefault(step, word)
        return step


def files_by_root(files: RosterFiles, is_wanted: Callable[[str], bool]) -> dict[str, str]:
    """The root's tag by file name, of those XML files whose root is wanted."""
    roots = {name: root_of(files, name) for name in files.names() if is_xml_name(name)}
    return {name: root for name, root in roots.items() if is_wanted(root)}


def is_xml_name(name: str) -> bool:
    """Whether a file may be XML, by its name."""
    return name.endswith((".xml", ".txt")) or "." not in name


def note_others(
    files: RosterFiles, known: Collection[str], format_name: str, problems: Problems
) -> None:
    """Say which files may hold people but are left alone, as they are of another format."""
    for name in files.names():
        if name not in known and name.endswith((".xml", ".csv", ".zip")):
            what = f"not read, as it is no file of {format_name}; import it on its own"
            problems.note(files.label(name), 1, 1, what)
