"""What a body really is: its bytes decide, the declared type only breaks ties.

A request that declares a picture and carries JSON is read as JSON. What is neither text nor
a format known by its first bytes is opaque: the caller's policy decides, after a raw search.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any, NamedTuple

from proxy.content import json, lines
from proxy.content.compression import GZIP_MAGIC


class Format(Enum):
    """The codecs of this room."""

    JSON = auto()
    JSON_LINES = auto()
    FORM = auto()
    HTML = auto()
    XML = auto()
    CSV = auto()
    EVENTS = auto()
    SCRIPT = auto()
    TEXT = auto()


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\0\0\1\0", "image"),
    (b"BM", "image"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"(\xb5/\xfd", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"OggS", "media"),
    (b"ID3", "media"),
    (b"fLaC", "media"),
    (b"\x1aE\xdf\xa3", "media"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"\0asm", "binary"),
)
_CONTAINERS = {b"WEBP": "image", b"WAVE": "media", b"AVI ": "media"}
_FORM_TYPE = "application/x-www-form-urlencoded"
_FORM = re.compile(r"\A[\w.%+\[\]$:~*-]++=[^\s<=][^\s<]*+\Z")
_PREFIX = re.compile(
    r"\A(?:\)\]\}'?,?\s*|for\s*\(;;\);|while\s*\(1\);|throw 1;\s*(?:<[^>]*>\s*)?|\{\}&&\s*)"
)
_HTML_START = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|!--|[a-z][a-z0-9]*[\s>/])", re.I)
_EVENTS = re.compile(r"\A(?:(?:data|event|id|retry)?:[^\r\n]*(?:\r\n|\n|\r))+")


def opaque_word(data: bytes, media: str) -> str:
    """A short word for binary content, by its first bytes."""
    for magic, word in _MAGIC:
        if data.startswith(magic):
            return word
    if data[:4] == b"RIFF":
        return _CONTAINERS.get(data[8:12], "media")
    if data[4:8] == b"ftyp":
        return "image" if data[8:12] in (b"avif", b"heic", b"mif1") else "media"
    if "jose" in media or "pkcs7" in media or "pgp" in media or "encrypted" in media:
        return "encrypted"
    return "binary"


def is_gzip(data: bytes) -> bool:
    """Whether the bytes are a gzip stream that nobody declared."""
    return data.startswith(GZIP_MAGIC)


class Found(NamedTuple):
    """A format, where its content starts (after a guard prefix), and its value if JSON."""

    format: Format
    start: int = 0
    value: Any = None


def may_be_csv(text: str, media: str) -> bool:
    """Whether ``text_format`` may say so."""
    return "csv" in media or "tab-separated" in media or lines.is_csv(text)


def text_format(text: str, media: str) -> Found:
    """What decoded text is."""
    prefix = _PREFIX.match(text)
    start = prefix.end() if prefix else 0
    first = text[start : start + 200].lstrip()[:1]
    if first and (first in '{["' or "json" in media):
        body = text[start:] if start else text
        value = json.parse(body)
        if value is not json.INVALID:
            return Found(Format.JSON, start, value)
        values_in_a_row = first in "{[" or (first in '"0123456789' and not may_be_csv(text, media))
        if values_in_a_row and json.is_sequence(body):
            return Found(Format.JSON_LINES, start)
    return Found(other_format(text, media, first))


def other_format(text: str, media: str, first: str) -> Format:
    """What decoded text is that is no JSON; ``first`` is its first sign behind a guard."""
    if first == "<":
        html = "html" in media or _HTML_START.match(text) is not None
        return Format.HTML if html and "xml" not in media else Format.XML
    if "html" in media:
        return Format.HTML
    if media == "text/event-stream" or (first and _EVENTS.match(text[:2000])):
        return Format.EVENTS
    if media == _FORM_TYPE or (media != "text/plain" and _FORM.match(text)):
        return Format.FORM
    if "csv" in media or "tab-separated" in media:
        return Format.CSV
    if "javascript" in media or "ecmascript" in media or media == "text/css":
        return Format.SCRIPT
    return Format.CSV if media != "text/markdown" and lines.is_csv(text) else Format.TEXT


def guard_end(text: str) -> int:
    """Where the content begins behind a guard prefix such as ``)]}'``."""
    prefix = _PREFIX.match(text)
    return prefix.end() if prefix else 0
