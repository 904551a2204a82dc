"""What we answer instead of a tracker: surrogate scripts and the smallest valid files.

The names are those that filter lists use after ``$redirect=`` (uBlock Origin's, plus ours).
Everything here was written or generated for this project: ``surrogates/*.js`` from the
public documentation of the calls that pages make, images from their format's definition,
``blank.webm`` recorded from an empty canvas.
"""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "surrogates"


class Resource(NamedTuple):
    """A body and the content type it is served under."""

    content_type: bytes
    body: bytes


def _script(name: str) -> Resource:
    return Resource(b"text/javascript; charset=utf-8", (_FOLDER / name).read_bytes())


def _png() -> bytes:
    """One transparent pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 5, 9)
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
CLIP = Resource(b"video/webm", (_FOLDER / "blank.webm").read_bytes())

_NOOP = _script("noop.js")
_ANALYTICS = _script("google-analytics.js")
_TAG_MANAGER = _script("google-tag-manager.js")

RESOURCES: dict[str, Resource] = {
    "google-analytics_analytics.js": _ANALYTICS,
    "google-analytics.com/analytics.js": _ANALYTICS,
    "googletagmanager_gtm.js": _TAG_MANAGER,
    "googletagmanager.com/gtm.js": _TAG_MANAGER,
    "googletagmanager_gtag.js": _TAG_MANAGER,
    "facebook_fbevents.js": _script("facebook-pixel.js"),
    "googlesyndication_adsbygoogle.js": _script("adsbygoogle.js"),
    "googlesyndication.com/adsbygoogle.js": _script("adsbygoogle.js"),
    **dict.fromkeys(("noop.js", "noopjs", "blank-js"), _NOOP),
    **dict.fromkeys(("noop.txt", "nooptext", "blank-text"), EMPTY_TEXT),
    **dict.fromkeys(("noop.html", "noopframe", "blank-html"), EMPTY_PAGE),
    **dict.fromkeys(("noop.css", "noopcss", "blank-css"), EMPTY_STYLE),
    **dict.fromkeys(("noop.json", "noopjson"), EMPTY_JSON),
    **dict.fromkeys(("1x1.gif", "1x1-gif", "1x1-transparent.gif", "1x1-transparent-gif"), GIF),
    **dict.fromkeys(("2x2.png", "2x2-png", "2x2-transparent.png", "32x32.png", "32x32-png"), PNG),
    **dict.fromkeys(("noop-0.1s.mp3", "noopmp3-0.1s", "blank-mp3"), SILENCE),
    **dict.fromkeys(("noop-1s.mp4", "noopmp4-1s", "blank-mp4"), CLIP),
}

NAMES = tuple(RESOURCES)
"""What a rule may name after ``$redirect=``; any other name gets the answer by type."""
