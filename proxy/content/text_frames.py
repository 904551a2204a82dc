"""JSON in frames of text: Google's chunks with lengths, Engine.IO and Socket.IO, SockJS.

``)]}'`` and chunks (Google batchexecute, WebChannel)::

    )]}'

    105
    [["wrb.fr","hNvQHb","…"]]
    25
    [["e",4,null,null,141]]

The number counts UTF-16 units, since JavaScript reads it, from the line break before the JSON to
the one behind it (seen in answers with letters beyond ASCII). Some writers count bytes, or no
line break: what the answer itself shows is kept, and a number moves by what its chunk grew.

Engine.IO 3 payloads are ``<units>:<packet>`` in a row. A packet, there, between marks
(``records``) or alone in a WebSocket message, is a digit, then for Socket.IO another, the
number of attachments, a namespace, an id; then JSON: ``451-/class,7["hello",{…}]``.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder

from proxy.content import json
from proxy.content.edits import shift
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_GUARD = re.compile(r"(?:\)\]\}'\s*)?(?=[1-9][0-9]{0,8}\r?\n\s*[\[{])")
_NUMBER = re.compile(r"([1-9][0-9]{0,8})(?=\r?\n)")
_SPACE = re.compile(r"\s*")
_PACKET = re.compile(r"(?:[0-6]{1,2}(?:[0-9]{1,4}-)?(?:/[^,\[{\"]*,)?[0-9]*|[acm])(?=[\[{\"])")
_PAYLOAD = re.compile(r"([0-9]{1,9}):(?=[0-6b])")
_BINARY = re.compile(r"(b4?)([A-Za-z0-9+/]{4,}={0,2})\Z")
_LINE_BREAKS = frozenset(range(5))
_DECODER = JSONDecoder(parse_int=len)

type Units = Callable[[str], int]
type _Chunk = tuple[int, int, int, int]
"""Where a number stands, and its JSON."""


def utf16(text: str) -> int:
    """The length that JavaScript gives a string."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


_UNITS: tuple[Units, ...] = (utf16, _bytes, len)


def edits(text: str, walk: Walk, state: FieldState) -> list[Edit] | None:
    """Edits for framed text; ``None`` if it is none."""
    first = text[:1]
    if first not in ")0123456789abcm" or not first:
        return None
    if _GUARD.match(text):
        return _chunks(text, walk, state)
    if _PAYLOAD.match(text):
        return _payload(text, walk, state)
    return packet(text, walk, state)


# --- chunks with lengths ------------------------------------------------------------------


def _chunks(text: str, walk: Walk, state: FieldState) -> list[Edit] | None:
    chunks = _cut(text)
    units = _units_of(text, chunks)
    if not chunks or (units is None and text[0] != ")"):
        return None
    units = units or utf16
    done: list[Edit] = []
    for start, end, first, last in chunks:
        inner = text[first:last]
        found = json.edits(inner, walk, state)
        if not found:
            continue
        grown = sum(units(each.replacement) - units(inner[each.start : each.end]) for each in found)
        if grown:
            done.append(Edit(start, end, str(int(text[start:end]) + grown)))
        done += shift(found, first)
    return done


def _cut(text: str) -> list[_Chunk]:
    """Numbers with the JSON behind them, up to the end of ``text``; empty if it is not so."""
    guard = _GUARD.match(text)
    at = guard.end() if guard else 0
    chunks: list[_Chunk] = []
    while at < len(text):
        number = _NUMBER.match(text, at)
        if number is None:
            return []
        first = _after_space(text, number.end())
        try:
            _, last = _DECODER.raw_decode(text, first)
        except (JSONDecodeError, RecursionError, ValueError):
            return []
        chunks.append((number.start(1), number.end(1), first, last))
        at = _after_space(text, last)
    return chunks


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _units_of(text: str, chunks: list[_Chunk]) -> Units | None:
    """What the numbers count: the first way in which each is as much above its chunk."""
    for units in _UNITS:
        above = {
            int(text[start:end]) - units(text[first:last]) for start, end, first, last in chunks
        }
        if len(above) == 1 and above <= _LINE_BREAKS:
            return units
    return None


# --- packets ------------------------------------------------------------------------------


def _payload(text: str, walk: Walk, state: FieldState) -> list[Edit] | None:
    """An Engine.IO 3 payload of text: each packet behind its length."""
    for units in _UNITS:
        spans = _spans(text, units)
        if spans:
            break
    else:
        return None
    done: list[Edit] = []
    for start, first, end in spans:
        inner = text[first:end]
        found = packet(inner, walk, state)
        if found is None:
            found = walk.text(inner)
        grown = sum(units(each.replacement) - units(inner[each.start : each.end]) for each in found)
        if grown:
            done.append(Edit(start, first - 1, str(int(text[start : first - 1]) + grown)))
        done += shift(found, first)
    return done


def _spans(text: str, units: Units) -> list[tuple[int, int, int]]:
    """Start of each length, start and end of each packet; empty if they do not fill ``text``."""
    spans: list[tuple[int, int, int]] = []
    at = 0
    while at < len(text):
        length = _PAYLOAD.match(text, at)
        if length is None:
            return []
        size = int(length[1])
        end = length.end() + size
        while end > length.end() and (over := units(text[length.end() : end]) - size) > 0:
            end -= max(1, over // 4)
        if end > len(text) or units(text[length.end() : end]) != size:
            return []
        spans.append((at, length.end(), end))
        at = end
    return spans


def packet(text: str, walk: Walk, state: FieldState) -> list[Edit] | None:
    """Edits for one packet with JSON or base64 in it; ``None`` if it is none."""
    head = _PACKET.match(text)
    if head is not None:
        inner = text[head.end() :]
        value = json.parse(inner)
        if value is json.INVALID:
            return None
        found = walk.prose(head[0]) if "/" in head[0] else []
        return found + shift(json.edits(inner, walk, state, value), head.end())
    return _attachment(text, walk)


def _attachment(text: str, walk: Walk) -> list[Edit] | None:
    """Binary data as ``b`` (Engine.IO 4) or ``b4`` (3) and padded base64."""
    binary = _BINARY.match(text)
    if binary is None:
        return None
    start = next((at for at in (1, 2) if (len(text) - at) % 4 == 0), 0)
    if not start or (start == 2 and binary[1] != "b4"):
        return None
    try:
        data = a2b_base64(text[start:])
    except Error:
        return None
    new = walk.data(data, "")
    if new is data:
        return []
    return [Edit(start, len(text), b2a_base64(new, newline=False).decode())]
