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

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from proxy.directory.importers.files import RosterFiles
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
_UNKNOWN_ENCODING = (LookupError, ValueError)
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

    def every(self, *paths: str) -> tuple[str, ...]:
        """All texts at these paths, each once."""
        fields = self._fields
        found = [fields[path] for path in paths if path in fields]
        if not found:
            return ()
        return tuple(dict.fromkeys(value for values in found for value in values))

    def listed(self, path: str) -> list[str]:
        """All texts at a path as they stand, repeated ones too."""
        return self._fields.get(path, [])

    def many(self, header: str, separator: str) -> tuple[str, ...]:
        """All texts at a path, each parted at ``separator``."""
        if header not in self._fields:
            return ()
        parts = (part.strip() for text in self._fields[header] for part in text.split(separator))
        return tuple(dict.fromkeys(part for part in parts if part))

    def place(self, header: str) -> tuple[int, int]:
        """Line and column of a field; the record's if it has no such field."""
        return self._lines.get(header, self.line), 1

    def called(self, header: str) -> str:
        """The field as the file spells it, to be put before a message."""
        return f"{self._spelling.get(header, header)}: "

    def put(self, path: str, line: int, text: str) -> None:
        """Add a text at a path."""
        values = self._fields.get(path)
        if values is None:
            self._fields[path] = [text]
            self._lines[path] = line
        else:
            values.append(text)


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

    with files.open(name) as stream:
        chunk = stream.read(_CHUNK)
        # A wrongly declared encoding is no matter here: tags are ASCII.
        has_mark = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8))
        parser = _guarded(files.label(name), None if has_mark else "iso-8859-1")
        parser.StartElementHandler = start
        fed = 0
        try:
            while chunk and not found and fed < MAX_TOKEN:
                parser.Parse(chunk, False)
                fed += len(chunk)
                chunk = stream.read(_CHUNK)
        except (expat.ExpatError, *_UNKNOWN_ENCODING):
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
    except _UNKNOWN_ENCODING as error:
        raise InputError(f"{label}:1:1: in an unknown encoding; export it as UTF-8") from error
    except expat.ExpatError as error:
        raise InputError(
            f"{label}:{error.lineno}:{error.offset + 1}: not well-formed XML "
            f"({expat.ErrorString(error.code)}); export it again"
        ) from error


def _guarded(label: str, encoding: str | None) -> expat.XMLParserType:
    """A parser that opens nothing and defines nothing."""
    parser = expat.ParserCreate(encoding)
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
        self._text = ""
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
        if self._record is None:
            self._outside(tag, attributes)
            return
        if self._elements > MAX_RECORD_ELEMENTS:
            _refuse(self._parser, self._label, "has a record that is too large")
        word = attributes.pop(self._shape.named_by, tag) if attributes else tag
        paths = self._paths
        path = self._steps.get((paths[-1], word))
        paths.append(self._step(paths[-1], word) if path is None else path)
        if attributes:
            self._put_attributes(self._record, attributes)
        self._text = ""  # what stood before a child is layout, not a value

    def _outside(self, tag: str, attributes: dict[str, str]) -> None:
        """An element that is in no record: it may be one."""
        if tag.lower() in self._shape.tags:
            self._put_attributes(self._open(tag), attributes)
        elif self._elements > MAX_STRAY_ELEMENTS:
            _refuse(self._parser, self._label, "has millions of elements without a person")

    def _open(self, tag: str) -> Record:
        line = self._parser.CurrentLineNumber
        record = self._record = Record(self._label, line, tag.lower(), self._spelling)
        self._paths.append("")
        self._elements = self._size = 0
        self._parser.CharacterDataHandler = self._characters
        return record

    def _put_attributes(self, record: Record, attributes: dict[str, str]) -> None:
        for key, text in attributes.items():
            self._grow(text)
            if text := text.strip():
                path = self._step(self._paths[-1], f"@{key}")
                record.put(path, self._parser.CurrentLineNumber, text)

    def _characters(self, text: str) -> None:
        """The parser gives a text whole, or in few pieces if it is long."""
        self._grow(text)
        self._text += text

    def _grow(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_RECORD_TEXT:
            _refuse(self._parser, self._label, "has a record that is too large")

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        record = self._record
        if record is None:
            return
        path = self._paths.pop()
        if self._text:
            if path and (text := self._text.strip()):
                record.put(path, self._parser.CurrentLineNumber, text)
            self._text = ""
        if not self._paths:
            self._ready.append(record)
            self._record = None
            self._elements = 0
            self._parser.CharacterDataHandler = None

    def _step(self, path: str, word: str) -> str:
        """The path of an element or attribute below another."""
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
