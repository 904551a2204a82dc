"""Structured binary bodies: which codec reads them, by their type or by their bytes.

A declared type is believed if the bytes bear it out. Nobody declares what stands in a bytes
field, in base64 or in a WebSocket message, and some declare ``application/octet-stream``:
there the bytes have to be of the format from end to end, and hold a string.
"""

from __future__ import annotations

from proxy.content import (
    binary_frames,
    cbor,
    charset,
    grpc_frames,
    msgpack,
    outline,
    protobuf,
    sniff,
)
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def rewrite(data: bytes, media: str, walk: Walk, state: FieldState) -> bytes | None:
    """``data`` rewritten by the codec of its type; ``None`` if it is of none of them."""
    if media.startswith(("application/grpc", "application/connect+")):
        if "-text" in media:
            return grpc_frames.rewrite_text(data, walk, state, media)
        return grpc_frames.rewrite(data, walk, state, media, strict=False)
    if "proto" in media and "json" not in media:
        return protobuf.rewrite(data, walk, state, strict=False)
    if "cbor" in media or "cose" in media:
        return cbor.rewrite(data, walk, state, strict=False)
    if "msgpack" in media or "messagepack" in media:
        return msgpack.rewrite(data, walk, state, strict=False)
    if charset.is_wide_text(data):
        return None  # UTF-16 may begin like a document of a few other formats
    return _by_first_byte(data, media, walk, state)


def _by_first_byte(data: bytes, media: str, walk: Walk, state: FieldState) -> bytes | None:
    """What would else be taken for text: maps and lists, and a message that begins a line."""
    first = data[0]
    if 0x80 <= first <= 0xDF:
        return _maps(data, walk, state)
    if first == 0x0A and media in _UNTYPED:
        return protobuf.rewrite(data, walk, state, strict=True)
    return None


_TAGGED = {0xC4: b"\x82", 0xC5: b"\x82", 0xD0: b"\x83", 0xD1: b"\x83", 0xD2: b"\x84"}
"""CBOR's tags whose first byte begins a letter, and the list that may follow (RFC 8949, 9052)."""


def _is_letter(data: bytes) -> bool:
    """Whether text begins with a letter of two bytes: ``œuvre`` is no bigfloat of 19 elements."""
    if not 0xC2 <= data[0] <= 0xD3 or data[1:2] == _TAGGED.get(data[0]):
        return False
    return outline.clean_text(data, 0, len(data)) is not None


def _maps(data: bytes, walk: Walk, state: FieldState) -> bytes | None:
    if sniff.opaque_word(data, "") != "binary" or _is_letter(data):
        return None
    # A length of two bytes reads as a list too: the frames, which must fit to the end, go first.
    written = binary_frames.rewrite_signalr(data, walk, state)
    for codec in (msgpack.rewrite, cbor.rewrite):
        if written is None:
            written = codec(data, walk, state, strict=True)
    return written


def rewrite_opaque(data: bytes, walk: Walk, state: FieldState) -> bytes | None:
    """What is no text: frames, or a message, that nobody declared."""
    if sniff.opaque_word(data, "") != "binary":
        return None
    written = binary_frames.rewrite_signalr(data, walk, state)
    if written is None and data[0] in (0, 1):
        written = grpc_frames.rewrite(data, walk, state, "", strict=True)
    if written is None and data[0] in (0, 1, 4):
        written = binary_frames.rewrite_engineio(data, walk)
    if written is None:
        written = protobuf.rewrite(data, walk, state, strict=True)
    return written


def is_structured(data: bytes) -> bool:
    """Whether bytes that are no text are a document of one of these formats."""
    if 0x80 <= data[0] <= 0xDF:
        return msgpack.is_document(data) or cbor.is_document(data)
    return protobuf.is_likely(data)
