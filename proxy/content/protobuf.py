"""Protocol Buffers without their schema: the wire says where strings stand.

1. A message is a row of fields; what holds a length may be text, another message or bytes.
   Only the schema knows which. It is taken for a message if it reads as one from end to end
   and not as text; where it reads as both, what stands under the same numbers elsewhere in
   the body decides, and at last its first byte.
2. Messages are opened level by level, each byte is read once as structure: linear time.
3. The outline names members by field number, so a rule says ``1.2.1``. Repeated fields are
   repeated members, which stand under the same rule.
4. A changed string changes its length and that of each message around it. Nothing else moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.content.outline import MAX_DEPTH, Change, Outline, clean_text, spliced
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_VARINT, _FIXED64, _LEN, _OPEN, _CLOSE, _FIXED32 = range(6)
_MOST_NUMBER = (1 << 29) - 1
_NOT_LETTERS = bytes([*range(32), *range(127, 256)])
_SOME_TEXT = 4
_OPENERS = b'\n"*:'
"""First bytes of a short message that may read as text: field 1, 4, 5 and 7."""


class Field(NamedTuple):
    """A field: number, wire type, where its tag, its value and what follows begin."""

    number: int
    wire: int
    start: int
    value: int
    end: int


@dataclass(slots=True, eq=False)
class _Message:
    """A message, or a group, with the messages found inside, by the index of their field."""

    fields: list[Field]
    path: int
    inner: dict[int, _Message] = field(default_factory=dict)


def rewrite(data: bytes, walk: Walk, state: FieldState, *, strict: bool) -> bytes | None:
    """A message rewritten; ``None`` if it is none.

    ``strict``, for bytes that nobody declared: some text must stand in it.
    """
    fields = read_fields(data, 0, len(data))
    if fields is None:
        return None
    text = clean_text(data, 0, len(data))
    if text is not None and (text[0] != "\n" or _cuts_a_name(text, fields, walk)):
        return None
    root = _Message(fields, 0)
    _open(data, root, walk)
    outline = Outline(data, numbers_fixed=True)
    _draw(outline, root, not state.dead)
    if strict and not any(leaf.kind == _LEN for leaf in outline.leaves):
        return None
    changes = {change.leaf.start: change for change in outline.changes(walk, state)}
    patches: list[tuple[int, int, bytes]] = []
    if changes:
        _patch(data, root, changes, patches)
    written = spliced(data, sorted(patches)) if patches else data
    outline.check(written, walk, state)
    return written


def is_likely(data: bytes) -> bool:
    """Whether ``data``, of which nobody says so, is a message with text in it."""
    return any(
        each.wire == _LEN
        and each.end - each.value >= _SOME_TEXT
        and (
            clean_text(data, each.value, each.end) is not None
            or bool(read_fields(data, each.value, each.end))
        )
        for each in read_fields(data, 0, len(data)) or ()
    )


# --- the wire -----------------------------------------------------------------------------


def read_fields(data: bytes, at: int, end: int) -> list[Field] | None:
    """The fields of ``data[at:end]`` if it is one message from end to end."""
    fields: list[Field] = []
    groups: list[int] = []
    try:
        while at < end:
            start = at
            tag, at = read_varint(data, at)
            number, wire = tag >> 3, tag & 7
            if not 0 < number <= _MOST_NUMBER:
                return None
            value = at
            if wire == _LEN:
                size, value = read_varint(data, at)
                at = value + size
            elif wire == _VARINT:
                at = read_varint(data, at)[1]
            elif wire in (_FIXED64, _FIXED32):
                at += 8 if wire == _FIXED64 else 4
            elif wire == _OPEN:
                groups.append(number)
            elif wire != _CLOSE or not groups or groups.pop() != number:
                return None
            if at > end or len(groups) > MAX_DEPTH:
                return None
            fields.append(Field(number, wire, start, value, at))
    except IndexError:
        return None
    return None if groups else fields


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at`` and where it ends. ``IndexError`` if there is none."""
    value = data[at]
    if value < 0x80:
        return value, at + 1
    value &= 0x7F
    for shift in range(7, 70, 7):
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
    raise IndexError


def varint(value: int, width: int = 1) -> bytes:
    """``value`` in at least ``width`` bytes: some writers pad the lengths they fill in later."""
    out = bytearray()
    while value >= 0x80 or len(out) + 1 < width:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# --- text, message or bytes ---------------------------------------------------------------


def _open(data: bytes, root: _Message, walk: Walk) -> None:
    """Find the messages inside ``root``, a level at a time."""
    paths: dict[tuple[int, int], int] = {}
    level = [root]
    for _ in range(MAX_DEPTH):
        found: list[_Message] = []
        unsure: list[tuple[_Message, int, _Message]] = []
        texts: set[int] = set()
        for message in level:
            for index, each in enumerate(message.fields):
                if each.wire != _LEN or each.value == each.end:
                    continue
                path = paths.setdefault((message.path, each.number), len(paths) + 1)
                fields = read_fields(data, each.value, each.end)
                readable = clean_text(data, each.value, each.end) is not None
                if fields is None:
                    if readable:
                        texts.add(path)
                    continue
                inner = _Message(fields, path)
                holds_text = any(part.wire == _LEN for part in fields)
                if readable and holds_text:
                    unsure.append((message, index, inner))
                elif not readable and (holds_text or _is_numbers(data, each)):
                    message.inner[index] = inner
                    found.append(inner)
        sure = {inner.path for inner in found}
        for message, index, inner in unsure:
            if inner.path not in texts and (
                inner.path in sure or _opens(data, message.fields[index], inner, walk)
            ):
                message.inner[index] = inner
                found.append(inner)
        if not found:
            return
        level = found


def _is_numbers(data: bytes, each: Field) -> bool:
    """Whether a message without text is one: numbers, and no text with a stray control in it."""
    raw = data[each.value : each.end]
    return len(raw.translate(None, _NOT_LETTERS)) * 4 < len(raw) * 3


def _opens(data: bytes, each: Field, inner: _Message, walk: Walk) -> bool:
    """Whether what reads as text and as a message, and nothing else tells, is a message."""
    if data[each.value] not in _OPENERS:
        return False
    return walk.answer or not _cuts_a_name(data[each.value : each.end].decode(), inner.fields, walk)


def _cuts_a_name(text: str, fields: list[Field], walk: Walk) -> bool:
    """Whether an identifier of the text would be cut by what the message takes for structure."""
    edits = walk.visitor.text(text)
    if not edits:
        return False
    structure = bytearray(len(text.encode()))
    for each in fields:
        end = each.value if each.wire == _LEN else each.end
        first = each.start - fields[0].start
        structure[first : first + end - each.start] = b"\1" * (end - each.start)
    at = place = 0
    for start, end, _ in edits:
        first = place + len(text[at:start].encode())
        at, place = end, first + len(text[start:end].encode())
        if any(structure[first:place]):
            return True
    return False


def _draw(out: Outline, message: _Message, everything: bool) -> None:
    """Write a message into the outline. Fixed numbers only matter to field rules."""
    out.raw("{")
    first = True
    for index, (number, wire, start, value, end) in enumerate(message.fields):
        if wire == _CLOSE:
            out.raw("}")
            first = False
            continue
        if wire in (_FIXED32, _FIXED64) and not everything:
            continue
        out.raw(f'"{number}":' if first else f',"{number}":')
        first = False
        if wire == _OPEN:
            out.raw("{")
            first = True
        elif wire == _VARINT:
            out.number(str(read_varint(out.data, value)[0]), start, end, wire)
        elif wire != _LEN:
            out.number("0", start, end, wire)
        elif index in message.inner:
            _draw(out, message.inner[index], everything)
        else:
            out.text(out.data[value:end], start, end, wire)
    out.raw("}")


# --- writing ------------------------------------------------------------------------------


def _patch(
    data: bytes,
    message: _Message,
    changes: dict[int, Change],
    patches: list[tuple[int, int, bytes]],
) -> int:
    """Gather what is written anew inside ``message``; by how much it grows."""
    grown = 0
    for index, each in enumerate(message.fields):
        inner = message.inner.get(index)
        change = changes.get(each.start)
        before = len(patches)
        if inner is not None:
            size = each.end - each.value + _patch(data, inner, changes, patches)
            if len(patches) == before:
                continue
        elif change is not None and change.leaf.end == each.end:
            new = _value(each, change)
            patches.append((each.value, each.end, new))
            size = len(new)
        else:
            continue
        grown += size - (each.end - each.value)
        if each.wire == _LEN:
            grown += _patch_length(data, each, size, patches)
    return grown


def _patch_length(
    data: bytes, each: Field, size: int, patches: list[tuple[int, int, bytes]]
) -> int:
    """The length before a value; by how much it grows itself."""
    _, at = read_varint(data, each.start)
    old = each.value - at
    padded = old > len(varint(each.end - each.value))
    new = varint(size, old if padded else 1)
    patches.append((at, each.value, new))
    return len(new) - old


def _value(each: Field, change: Change) -> bytes:
    if each.wire == _LEN:
        value = change.value or ""
        return value if isinstance(value, bytes) else value.encode()
    return bytes(each.end - each.value) if each.wire != _VARINT else b"\0"
