"""Writing ``exceptions.yaml`` for ``preau exception``: a line at a time, remarks untouched.

The file is edited as text, so that what people wrote stays byte for byte. It is checked before
(a broken file is not made worse) and after (what was there is still there, and the new entry is
what was asked for), then replaced by rename under a lock. The audit event comes between: if it
cannot be recorded, nothing changes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from proxy.errors import InputError
from proxy.policy.document import Document, parse_document
from proxy.policy.model import Service
from proxy.policy.problems import InvalidFiles, Problem
from proxy.state_file import locked, replacing
from proxy.timetable.entries import Entry
from proxy.timetable.plan import Timetable
from proxy.timetable.reading import CALENDAR, EXCEPTIONS, RULES, read_timetable

HEADER = """\
# yaml-language-server: $schema=../docs/exceptions.schema.json
#
# Temporary exceptions. `preau exception add` writes here; you may too. Each has an owner, a
# reason and an end, and has no effect from that second on.
exceptions:
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An exception to be added, as the file will say it: keys and plain values, in order."""

    id: str
    fields: Mapping[str, str | Sequence[str] | Mapping[str, Sequence[str]]]


class ExceptionsFileEditor:
    """The exceptions of one site."""

    def __init__(self, root: Path, services: Mapping[str, Service]) -> None:
        self._root = root
        self._path = root / EXCEPTIONS
        self._services = services

    def add(self, draft: Draft, record: Callable[[Entry], None]) -> Entry:
        """Append an exception. ``record`` is called with it just before it is in force."""

        def edit(text: str, document: Document) -> str:
            return _appended(text, document, _lines(draft))

        with self._editing(edit) as (before, after):
            new = _only_new(before, after, draft.id)
            record(new)
        return new

    def revoke(self, name: str, moment: str, record: Callable[[Entry], None]) -> Entry:
        """Note in an exception that it was taken back."""

        def edit(text: str, document: Document) -> str:
            return _revoked(text, document, name, moment)

        with self._editing(edit) as (before, after):
            changed = next(one for one in after if one.name == name)
            same = [replace(one, terms=None) for one in before]
            if same != [replace(one, terms=None) for one in _places_of(before, after)]:
                raise InputError(f"{EXCEPTIONS} is written in a way that this command cannot edit")
            record(changed)
        return changed

    @contextlib.contextmanager
    def _editing(
        self, edit: Callable[[str, Document], str]
    ) -> Iterator[tuple[Sequence[Entry], Sequence[Entry]]]:
        with locked(self._root):
            raw = self._path.read_bytes() if self._path.exists() else HEADER.encode()
            before = self._read(raw)
            document = parse_document(raw, EXCEPTIONS)
            text = edit(raw.decode("utf-8-sig"), document)
            after = self._read(text.encode())
            mode = self._path.stat().st_mode & 0o777 if self._path.exists() else 0o644
            with replacing(self._path, text, mode=mode):
                yield before.exceptions, after.exceptions

    def _read(self, raw: bytes) -> Timetable:
        sources = {EXCEPTIONS: raw}
        for name in (CALENDAR, RULES):
            with contextlib.suppress(FileNotFoundError):
                sources[name] = (self._root / name).read_bytes()
        read = read_timetable(sources, self._services)
        if read.problems:
            raise InvalidFiles("the exceptions cannot be changed", read.problems)
        return read.timetable


def _only_new(before: Sequence[Entry], after: Sequence[Entry], name: str) -> Entry:
    if list(after[:-1]) != list(before) or after[-1].name != name:
        raise InputError(f"{EXCEPTIONS} is written in a way that this command cannot edit")
    return after[-1]


def _places_of(before: Sequence[Entry], after: Sequence[Entry]) -> list[Entry]:
    """``after`` with the lines of ``before``: the inserted line moves those below."""
    return [replace(new, ref=old.ref) for old, new in zip(before, after, strict=True)]


_CLOSED = ("blocking", "treatment")
_WORDS = ("on", "off", "inspect", "tunnel", "deny")
"""Words of ours stand as an administrator writes them; our YAML has no other ``off`` than text."""


def _lines(draft: Draft) -> list[str]:
    lines = [f"- id: {draft.id}"]
    for key, value in draft.fields.items():
        if key in _CLOSED and value in _WORDS:
            lines.append(f"  {key}: {value}")
        elif isinstance(value, str):
            lines.append(f"  {key}: {_scalar(value)}")
        elif isinstance(value, Mapping):
            inner = ", ".join(f"{name}: {_flow(words)}" for name, words in value.items())
            lines.append(f"  {key}: {{{inner}}}")
        else:
            lines.append(f"  {key}: {_flow(value)}")
    return lines


def _flow(words: Sequence[str]) -> str:
    return "[" + ", ".join(map(_scalar, words)) + "]"


def _scalar(text: str) -> str:
    """Always quoted: no text of a person can be read as anything but text."""
    if any(ord(c) < 0x20 or ord(c) in (0x7F, 0x85, 0x2028, 0x2029, 0xFEFF) for c in text):
        raise InputError("expected one line of plain text, without control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _appended(text: str, document: Document, lines: Sequence[str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    data = document.data or {}
    if "exceptions" not in data:
        text = _ended(text, newline) + "exceptions:" + newline
    elif data["exceptions"] == []:
        raise _by_hand(document, ("exceptions",), "write 'exceptions:' without the brackets")
    indent = _indent(text, document) if data.get("exceptions") else ""
    added = "".join(f"{indent}{line}{newline}" for line in lines)
    return _ended(text, newline) + added


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline


def _indent(text: str, document: Document) -> str:
    """What stands before the dash of the entries that are there."""
    mark = document.mark(("exceptions", 0))
    line = text.split("\n")[mark.line - 1]
    indent, dash, _ = line.partition("-")
    if not dash or indent.strip():
        raise _by_hand(document, ("exceptions",), "write each exception below a '- ' of its own")
    return indent


def _revoked(text: str, document: Document, name: str, moment: str) -> str:
    listed = (document.data or {}).get("exceptions") or []
    index = next((n for n, one in enumerate(listed) if one.get("id") == name), None)
    if index is None:
        known = ", ".join(str(one.get("id")) for one in listed) or "none"
        raise InputError(f"there is no exception {name!r}; there are: {known}")
    if listed[index].get("revoked"):
        raise InputError(f"{name} was revoked already, at {listed[index]['revoked']}")
    place = ("exceptions", index)
    mark, key = document.mark(place), document.key_mark((*place, "id"))
    lines = text.split("\n")  # as YAML counts them here; a final "\r" stays where it is
    line = lines[mark.line - 1]
    said = f'revoked: "{moment}"'
    if line[mark.column - 1] == "{":
        lines[mark.line - 1] = line[: mark.column] + f"{said}, " + line[mark.column :]
        return "\n".join(lines)
    end = "\r" if lines[key.line - 1].endswith("\r") else ""
    lines.insert(key.line, " " * (key.column - 1) + said + end)
    return "\n".join(lines)


def _by_hand(document: Document, place: tuple[str | int, ...], what: str) -> InvalidFiles:
    problem: Problem = document.problem(place, what)
    return InvalidFiles("this command cannot write into the file as it is", [problem])
