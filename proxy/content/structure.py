"""Whether bytes can be MessagePack, CBOR or protobuf at all: a step over heads and lengths.

Nearly every long word of a text is base64 of nothing, and to know that is most of the cost of
looking for the few that are. What is refused here is refused by the walkers too; what is not,
they read. Nothing is built, no value is looked at.
"""

from __future__ import annotations

_SOME_TEXT = 4
"""Bytes of the shortest text or message in a protobuf that nobody declared."""


def may_be_document(data: bytes) -> bool:
    """Whether bytes that begin like a map or a list may be one in MessagePack or CBOR."""
    first = data[0]
    if (first <= 0x9F or first >= 0xDC) and _may_be_msgpack(data):
        return True
    return first <= 0xDB and _may_be_cbor(data)


# --- MessagePack --------------------------------------------------------------------------

_COUNTED, _SIZED, _WRONG = -1, -2, -3


def _msgpack_steps() -> list[int]:
    """How far a value goes by its head, the head included; or that more has to be read."""
    steps = [1] * 256
    for head in range(0x80, 0xA0):
        steps[head] = _COUNTED
    for head in range(0xA0, 0xC0):
        steps[head] = 1 + (head & 31)
    steps[0xC1] = _WRONG
    for head in (*range(0xC4, 0xCA), 0xD9, 0xDA, 0xDB):
        steps[head] = _SIZED
    for head, size in zip(range(0xCA, 0xD4), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8), strict=True):
        steps[head] = 1 + size
    for head in range(0xD4, 0xD9):
        steps[head] = 2 + (1 << (head - 0xD4))
    for head in range(0xDC, 0xE0):
        steps[head] = _COUNTED
    return steps


_MSGPACK = _msgpack_steps()
_WIDTH = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip


def _may_be_msgpack(data: bytes) -> bool:
    """Maps and lists in a row, from end to end."""
    at, size, waiting = 0, len(data), 0
    while at < size:
        head = data[at]
        step = _MSGPACK[head]
        if step == _COUNTED:
            if head < 0xA0:
                count = head & 15
                at += 1
            else:
                count = int.from_bytes(data[at + 1 : at + 1 + _WIDTH[head]])
                at += 1 + _WIDTH[head]
            if 0x80 <= head <= 0x8F or head >= 0xDE:
                count *= 2
            waiting += count - 1 if waiting else count
            if waiting > size - at:
                return False
            continue
        if step == _WRONG or not waiting:
            return False
        if step == _SIZED:
            width = _WIDTH[head]
            step = 1 + width + int.from_bytes(data[at + 1 : at + 1 + width])
            if 0xC7 <= head <= 0xC9:
                step += 1
        waiting -= 1
        at += step
    return at == size and not waiting


# --- CBOR ---------------------------------------------------------------------------------

_ARGUMENT = {24: 1, 25: 2, 26: 4, 27: 8}
_TEXTS = (2, 3)
_LIST, _MAP, _TAG = 4, 5, 6
_MAY_BE_ENDLESS = (*_TEXTS, _LIST, _MAP)


def _may_be_cbor(data: bytes) -> bool:
    """Maps and lists, perhaps tagged, in a row. What has no length is left to the walker."""
    at, size, waiting = 0, len(data), 0
    while at < size:
        head = data[at]
        major, argument = head >> 5, head & 31
        at += 1
        if argument >= 24:
            width = _ARGUMENT.get(argument)
            if width is None:
                return argument == 31 and major in _MAY_BE_ENDLESS
            argument = int.from_bytes(data[at : at + width])
            at += width
        if major == _TAG:
            continue
        if major in (_LIST, _MAP):
            count = argument * 2 if major == _MAP else argument
            waiting += count - 1 if waiting else count
            if waiting > size - at:
                return False
            continue
        if not waiting:
            return False
        waiting -= 1
        if major in _TEXTS:
            at += argument
    return at == size and not waiting


# --- protobuf -----------------------------------------------------------------------------


def may_be_message(data: bytes) -> bool:
    """Whether bytes may be a protobuf message with something in it that has a length."""
    at, size, holds = 0, len(data), False
    while at < size:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            at = _behind(data, at, size)
        elif tag < 8:
            return False
        wire = tag & 7
        if wire == 2:
            length, at = _length(data, at, size)
            holds = holds or length >= _SOME_TEXT
            at += length
        elif wire == 0:
            at = _behind(data, at, size)
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire > 5:
            return False
        if at > size:
            return False
    return holds


def _behind(data: bytes, at: int, size: int) -> int:
    """Behind the rest of a varint; beyond the end where it has none."""
    while at < size and data[at] >= 0x80:
        at += 1
    return at + 1


def _length(data: bytes, at: int, size: int) -> tuple[int, int]:
    length = shift = 0
    while at < size:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length, at
        shift += 7
    return size + 1, at
