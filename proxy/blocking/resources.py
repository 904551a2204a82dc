"""What we answer instead of a tracker: surrogate scripts and the smallest valid files.

The names are those that filter lists use after ``$redirect=`` (uBlock Origin's and AdGuard's,
plus ours). Everything here was written or generated for this project: scripts are the room
``surrogates``, images and sounds follow from their format's definition, ``media/`` was recorded
from an empty canvas.
"""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from proxy.blocking.surrogates import SURROGATES, for_address, script

_MEDIA = Path(__file__).parent / "media"


class Resource(NamedTuple):
    """A body and the content type it is served under."""

    content_type: bytes
    body: bytes


def _png(width: int = 1, height: int = 1) -> bytes:
    """Transparent pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\0\0\0\0" * width) * height, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _gif() -> bytes:
    """One transparent pixel: screen, two colours, transparency, image, end."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\xff\xff\xff\0\0\0"
    transparency = b"\x21\xf9\x04\x01\0\0\0\0"
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return screen + transparency + image + b"\x3b"


def _wav() -> bytes:
    """A hundredth of a second of silence: 8,000 Hz, 8 bits, one channel."""
    samples = b"\x80" * 80
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data


def _mp3() -> bytes:
    """Four frames of silence: MPEG-1 Layer III, 32 kbit/s, 32,000 Hz, one channel."""
    frame = b"\xff\xfb\x18\xc0" + b"\0" * 140  # 144 · 32,000 / 32,000 bytes; nothing coded
    return frame * 4


_WEBP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

EMPTY_SCRIPT = Resource(b"text/javascript; charset=utf-8", b"")
EMPTY_STYLE = Resource(b"text/css; charset=utf-8", b"")
EMPTY_TEXT = Resource(b"text/plain; charset=utf-8", b"")
EMPTY_JSON = Resource(b"application/json", b"{}")
EMPTY_PAGE = Resource(
    b"text/html; charset=utf-8", b"<!DOCTYPE html><html><head><title></title></head></html>"
)
EMPTY_FONT = Resource(b"font/woff2", b"")
"""Not a font: the browser falls back to the next family, as when a font cannot be loaded."""
GIF = Resource(b"image/gif", _gif())
PNG = Resource(b"image/png", _png())
SVG = Resource(
    b"image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
)
WEBP = Resource(b"image/webp", base64.b64decode(_WEBP))
SILENCE = Resource(b"audio/wav", _wav())
MP3 = Resource(b"audio/mpeg", _mp3())
CLIP = Resource(b"video/mp4", (_MEDIA / "blank.mp4").read_bytes())
WEBM = Resource(b"video/webm", (_MEDIA / "blank.webm").read_bytes())
CAPTIONS = Resource(b"text/vtt; charset=utf-8", b"WEBVTT\n\n")


def _xml(text: str) -> Resource:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return Resource(b"text/xml; charset=utf-8", (head + text).encode())


VAST = _xml('<VAST version="3.0"></VAST>')
"""No advertisement: players go on to the film."""
VMAP = _xml('<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap" version="1.0"></vmap:VMAP>')


def _png_sized(width: int, height: int) -> Resource:
    return Resource(b"image/png", _png(width, height))


SCRIPTS: dict[str, Resource] = {
    row.file: Resource(b"text/javascript; charset=utf-8", script(row)) for row in SURROGATES
}
"""Surrogates by file."""


def script_for(host: str, path: str) -> Resource | None:
    """The surrogate for the script at ``https://host/path``, where there is one."""
    return SCRIPTS.get(for_address(host, path))


_MORE_NAMES: tuple[tuple[Resource, tuple[str, ...]], ...] = (
    (EMPTY_TEXT, ("noop.txt", "nooptext", "blank-text", "empty")),
    (EMPTY_PAGE, ("noop.html", "noopframe", "blank-html", "click2load.html")),
    (EMPTY_STYLE, ("noop.css", "noopcss", "blank-css")),
    (EMPTY_JSON, ("noop.json", "noopjson")),
    (GIF, ("1x1.gif", "1x1-gif", "1x1-transparent.gif", "1x1-transparent-gif")),
    (_png_sized(2, 2), ("2x2.png", "2x2-png", "2x2-transparent.png", "2x2-transparent-png")),
    (_png_sized(3, 2), ("3x2.png", "3x2-png", "3x2-transparent.png", "3x2-transparent-png")),
    (_png_sized(32, 32), ("32x32.png", "32x32-png", "32x32-transparent.png")),
    (MP3, ("noop-0.1s.mp3", "noop-0.5s.mp3", "noopmp3-0.1s", "blank-mp3")),
    (CLIP, ("noop-1s.mp4", "noopmp4-1s", "blank-mp4")),
    (VAST, ("noop-vast2.xml", "noop-vast3.xml", "noop-vast4.xml")),
    (VAST, ("noopvast-2.0", "noopvast-3.0", "noopvast-4.0")),
    (VMAP, ("noop-vmap1.xml", "noop-vmap1.0.xml", "noopvmap-1.0")),
)

RESOURCES: dict[str, Resource] = {
    **{name: SCRIPTS[row.file] for row in SURROGATES for name in row.names},
    **{name: resource for resource, names in _MORE_NAMES for name in names},
}

NAMES = tuple(RESOURCES)
"""What a rule may name after ``$redirect=``; any other name gets the answer by type."""
