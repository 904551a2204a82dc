"""Pictures: what cameras and programs write beside the pixels goes, the pixels stay.

EXIF (where, when and with which device), XMP and IPTC (who), comments, embedded previews of
another moment and whatever follows the picture's end are removed. What decides how it looks
stays: colour profile, transparency, animation, and the orientation of a JPEG, as the only EXIF
field. Formats: JPEG (ITU T.81), PNG (W3C), WebP (RFC 9649), GIF89a.
"""

from __future__ import annotations

import struct

from proxy.content.clear_text import refuse_names_in_binary
from proxy.content.walk import Walk

SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


def rewrite(data: bytes, walk: Walk) -> bytes | None:
    """A picture in a request without its metadata. One that cannot be read is ``None``.

    Whether a picture may be sent at all is the service's policy: it is noted as one.
    """
    if walk.answer:
        return None
    try:
        clean = _strip(data)
    except (IndexError, struct.error):
        return None
    if clean is None:
        return None
    walk.picture = True
    refuse_names_in_binary(clean, walk)
    return data if clean == data else clean


def _strip(data: bytes) -> bytes | None:
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG"):
        return _png(data)
    if data.startswith(b"GIF"):
        return _gif(data)
    return _webp(data) if data[8:12] == b"WEBP" else None


# --- JPEG -------------------------------------------------------------------------------------

_SOI, _EOI, _SCAN, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_ALONE = {0x01, *range(0xD0, 0xD8)}
_COMMENT = 0xFE
_ORIENTATION = 0x0112


def _jpeg(data: bytes) -> bytes | None:
    """Segments up to the end of the picture, without those that describe it."""
    out, at = bytearray(b"\xff\xd8"), 2
    while True:
        if data[at] != 0xFF:
            return None
        kind = data[at + 1]
        if kind == 0xFF:  # fill bytes may stand before a marker
            at += 1
        elif kind == _EOI:
            return bytes(out + b"\xff\xd9")
        elif kind in _ALONE:
            out += data[at : at + 2]
            at += 2
        else:
            (size,) = struct.unpack_from(">H", data, at + 2)
            segment = data[at : at + 2 + size]
            if size < 2 or len(segment) != 2 + size:
                return None
            out += _kept(kind, segment)
            at += 2 + size
            if kind == _SCAN:
                stop = _end_of_scan(data, at)
                out += data[at:stop]
                at = stop


def _kept(kind: int, segment: bytes) -> bytes:
    if kind == _APP0:
        return segment if segment[4:9] == b"JFIF\0" and len(segment) == 18 else b""
    if kind == _APP1:
        return _only_orientation(segment[4:])
    if kind == _APP2:
        return segment if segment[4:16] == b"ICC_PROFILE\0" else b""
    described = kind == _COMMENT or (_APP0 <= kind <= 0xEF and kind != _APP14)
    return b"" if described else segment


def _end_of_scan(data: bytes, at: int) -> int:
    """The next marker that is no restart marker and no stuffed zero."""
    while True:
        at = data.index(b"\xff", at) if b"\xff" in data[at : at + 65536] else _next_mark(data, at)
        if data[at + 1] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return at
        at += 1 if data[at + 1] == 0xFF else 2


def _next_mark(data: bytes, at: int) -> int:
    found = data.find(b"\xff", at)
    if found < 0:
        raise IndexError("a picture without an end")
    return found


def _only_orientation(payload: bytes) -> bytes:
    """An EXIF segment with nothing but which side is up; empty if that is the usual one."""
    if not payload.startswith(b"Exif\0\0"):
        return b""
    tiff = payload[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return b""
    try:
        (start,) = struct.unpack_from(order + "L", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for index in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(order + "HHLH", tiff, start + 2 + index * 12)
            if tag == _ORIENTATION and kind == 3 and 1 < value <= 8:
                body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(
                    ">HHLHHL", _ORIENTATION, 3, 1, value, 0, 0
                )
                return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    except struct.error:
        return b""
    return b""


# --- PNG --------------------------------------------------------------------------------------

_PNG_KEPT = frozenset(
    b"tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs acTL fcTL fdAT cICP mDCV cLLI".split()
)


def _png(data: bytes) -> bytes | None:
    out, at = bytearray(data[:8]), 8
    while at < len(data):
        (size,) = struct.unpack_from(">L", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + size
        if end > len(data):
            return None
        critical = not kind[0] & 0x20
        if critical or kind in _PNG_KEPT:
            out += data[at:end]
        at = end
        if kind == b"IEND":
            return bytes(out)
    return None


# --- WebP -------------------------------------------------------------------------------------

_WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF_OR_XMP = 0x08 | 0x04


def _webp(data: bytes) -> bytes | None:
    (total,) = struct.unpack_from("<L", data, 4)
    stop = 8 + total
    chunks, at = bytearray(), 12
    while at + 8 <= stop:
        kind = data[at : at + 4]
        (size,) = struct.unpack_from("<L", data, at + 4)
        end = at + 8 + size + size % 2
        chunk = bytearray(data[at:end])
        if end > min(stop + 1, len(data)):
            return None
        if kind == b"VP8X":
            chunk[8] &= ~_HAS_EXIF_OR_XMP & 0xFF
        if kind in _WEBP_KEPT:
            chunks += chunk
        at = end
    if not chunks or at < stop:
        return None
    return b"RIFF" + struct.pack("<L", len(chunks) + 4) + b"WEBP" + bytes(chunks)


# --- GIF --------------------------------------------------------------------------------------

_EXTENSION, _PICTURE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _gif(data: bytes) -> bytes | None:
    flags = data[10]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    out = bytearray(data[:at])
    while True:
        kind = data[at]
        if kind == _TRAILER:
            return bytes(out + b"\x3b")
        if kind == _EXTENSION:
            end = _end_of_blocks(data, at + 2)
            label = data[at + 1]
            loop = label == _APPLICATION and data[at + 3 : at + 14] in _LOOP
            if label == _CONTROL or loop:
                out += data[at:end]
        elif kind == _PICTURE:
            local = data[at + 9]
            blocks = at + 11 + (3 << (local & 7) + 1 if local & 0x80 else 0)
            end = _end_of_blocks(data, blocks)
            out += data[at:end]
        else:
            return None
        at = end


def _end_of_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1
