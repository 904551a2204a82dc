"""Documents in the beginning of a body: JSON whole or cut, JSON lines, forms, parts.

A body is read only as far as it was looked at, so its JSON may stop anywhere. Such a text is
closed at the last place where a value is complete; what stood behind it is not needed.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from proxy.content.coding import FORM

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_FORM = re.compile(rb"[A-Za-z_$][\w$.%\[\]-]{0,63}=")
_FORM_DOCUMENT = re.compile(rb"=(?:\{|\[|%7[bB]|%5[bB]|eyJ|W3s|ew|Ww)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_FRAMING = re.compile(rb"\d{0,4}(?:/[\w-]*,)?(?=[{\[])")
_BOM = b"\xef\xbb\xbf"
_LINES = 8
_PAIRS = 32
_PARTS = 8
_CUTS = 4
_GLANCE = 8 << 10
"""What is decoded of a form's value before it is known that it is worth it."""

type Worth = Callable[[bytes], bool]


def in_body(data: bytes, whole: bool, worth: Worth) -> Iterator[Any]:
    """Every document found, in order. A JSON lines body is one list.

    ``worth`` says of the beginning of a form's value, once it is clear, if it is to be read.
    """
    data = data.removeprefix(_BOM).lstrip()
    first = data[:1]
    if first in (b"{", b"["):
        yield from _json(data, whole)
    elif data.startswith(b"--"):
        yield from _parts(data)
    elif is_form(data):
        yield from in_form(data, whole, worth)


def is_form(data: bytes) -> bool:
    """Whether a body begins like a form."""
    return _FORM.match(data) is not None


def in_form(data: bytes, whole: bool, worth: Worth) -> Iterator[Any]:
    """Documents that are values of a form or a query, as they are or in base64."""
    if not _FORM_DOCUMENT.search(data):
        return
    pairs = data.split(b"&", _PAIRS)
    for number, pair in enumerate(pairs):
        value = pair.partition(b"=")[2]
        glance = _clear(value[:_GLANCE])
        if glance[:1] in (b"{", b"[") and worth(glance):
            last = number == len(pairs) - 1
            text = glance if len(value) <= _GLANCE else _clear(value)
            yield from _json(text, whole or not last)


def in_message(data: bytes, whole: bool) -> Iterator[Any]:
    """The document of a WebSocket message, behind the framing that socket libraries add."""
    start = _FRAMING.match(data)
    if start is not None:
        yield from _json(data[start.end() :], whole)


def lines_of(document: object) -> list[Any]:
    """The lines of a JSON lines body; none of any other."""
    return list(document) if isinstance(document, Lines) else []


class Lines(list[Any]):
    """What was one JSON text a line."""


def _clear(raw: bytes) -> bytes:
    """A form's value without percent signs, and without base64 if it is that."""
    value = FORM.decode(raw.decode("utf-8", "replace"))
    if _BASE64.fullmatch(value) is None:
        return value.encode("utf-8", "replace")
    padded = value.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    padded = padded[: len(padded) - 1] if len(padded) % 4 == 1 else padded
    try:
        return b64decode(padded + "=" * (-len(padded) % 4))
    except (Base64Error, ValueError):
        return b""


def _json(data: bytes, whole: bool) -> Iterator[Any]:
    if whole and (found := _loaded(data)) is not None:
        yield found
        return
    head, newline, rest = data.partition(b"\n")
    first = _loaded(head) if newline else None
    if first is not None:
        found = [first]
        for line in rest.split(b"\n", _LINES)[:_LINES]:
            if (one := _loaded(line)) is not None:
                found.append(one)
        yield Lines(found)
    elif (cut := _closed(data)) is not None:
        yield cut


def _loaded(text: bytes) -> Any | None:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _closed(data: bytes) -> Any | None:
    """A JSON text that stops somewhere, closed behind one of its last complete values."""
    stack: list[bytes] = []
    places: list[tuple[int, bytes]] = []
    for token in _TOKEN.finditer(data):
        kind = token[0]
        if kind == b"{" or kind == b"[":
            stack.append(b"}" if kind == b"{" else b"]")
        elif kind == b"," or kind == b"}" or kind == b"]":
            if kind != b",":
                if not stack or stack.pop() != kind:
                    return None
                if not stack:
                    break
            at = token.start() if kind == b"," else token.end()
            places.append((at, b"".join(reversed(stack))))
            del places[:-_CUTS]
    for at, closing in reversed(places):
        if (found := _loaded(data[:at] + closing)) is not None:
            return found
    return None


def _parts(data: bytes) -> Iterator[Any]:
    """JSON in parts of a multipart body."""
    boundary = data.partition(b"\r\n")[0].rstrip()
    if len(boundary) < 3:
        return
    for part in data.split(boundary, _PARTS + 1)[1:]:
        _, gap, content = part.partition(b"\r\n\r\n")
        content = content.lstrip()
        if gap and content[:1] in (b"{", b"["):
            complete = content.endswith(b"\r\n")
            yield from _json(content.removesuffix(b"\r\n") if complete else content, complete)
