"""gRPC, gRPC-web and Connect: messages in frames of five bytes of head and a length.

The head's first byte says what the frame is: bit 0, the message is compressed; bit 7 (gRPC-web)
or bit 1 (Connect), it is the end of the stream: trailers as lines, or JSON. Which compression
is in a header that is not at hand for every frame; the bytes tell it as well.

``split`` and ``join`` are pure, for streams too. gRPC-web-text is the same in base64, whose
writers may pad each piece: a piece ends at its padding.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable
from typing import NamedTuple

from proxy.content import charset, compression, protobuf
from proxy.content.edits import splice
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

HEAD = 5
COMPRESSED = 1
_END_OF_CONNECT = 2
TRAILERS = 0x80
_FLAGS = frozenset({0, 1, 2, 3, TRAILERS, TRAILERS | COMPRESSED})
_ZSTD_MAGIC = b"(\xb5/\xfd"
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}")


class Frame(NamedTuple):
    """One frame: its flags and what they say of the payload."""

    flags: int
    payload: bytes


def split(buffer: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames at the start of ``buffer``, and what is left of it.

    Raises ``ValueError`` where no frame can begin.
    """
    frames: list[Frame] = []
    at = 0
    while len(buffer) - at >= HEAD:
        flags = buffer[at]
        if flags not in _FLAGS:
            raise ValueError("no frame begins here")
        end = at + HEAD + int.from_bytes(buffer[at + 1 : at + HEAD])
        if end > len(buffer):
            break
        frames.append(Frame(flags, buffer[at + HEAD : end]))
        at = end
    return frames, buffer[at:]


def join(frames: Iterable[Frame]) -> bytes:
    """The frames as bytes."""
    return b"".join(
        bytes([frame.flags]) + len(frame.payload).to_bytes(4) + frame.payload for frame in frames
    )


def rewrite(
    data: bytes, walk: Walk, state: FieldState, media: str, *, strict: bool
) -> bytes | None:
    """A body of whole frames; ``None`` if it is none (``strict``: or if nobody declared it)."""
    try:
        frames, rest = split(data)
    except ValueError:
        return None
    if rest or not frames or (strict and not _is_likely(frames)):
        return None
    written = [rewrite_frame(frame, walk, state, media) for frame in frames]
    return data if written == frames else join(written)


def rewrite_text(data: bytes, walk: Walk, state: FieldState, media: str) -> bytes | None:
    """The same in base64 (gRPC-web-text)."""
    plain = from_base64(data)
    if plain is None:
        return None
    written = rewrite(plain, walk, state, media, strict=False)
    if written is None or written is plain:
        return data if written is plain else None
    return b2a_base64(written, newline=False)


def from_base64(data: bytes) -> bytes | None:
    """Pieces of base64, each padded or not, as one; ``None`` if it is no base64."""
    pieces: list[bytes] = []
    at = 0
    while match := _BASE64.match(data, at):
        try:
            pieces.append(a2b_base64(match[0]))
        except Error:
            return None
        at = match.end()
    return b"".join(pieces) if at == len(data) else None


def rewrite_frame(frame: Frame, walk: Walk, state: FieldState, media: str) -> Frame:
    """One frame; the same object when nothing changed."""
    flags, payload = frame
    if not payload:
        return frame
    exact: list[str] = []
    plain = payload
    if flags & COMPRESSED:
        name = _compression(payload)
        if not name:
            walk.note_opaque("compressed")
            return frame
        plain, exact = compression.decode(payload, [name], walk.limits)
        walk.spend(len(plain))
    new = _content(flags, plain, walk, state, media)
    if new is plain or new == plain:
        return frame
    return Frame(flags, compression.encode(new, exact))


def _content(flags: int, plain: bytes, walk: Walk, state: FieldState, media: str) -> bytes:
    if flags & TRAILERS:
        return _trailers(plain, walk)
    if flags & _END_OF_CONNECT or media.endswith(("json", "thrift")):
        return walk.data(plain, "application/json" if media.endswith("json") else "")
    written = protobuf.rewrite(plain, walk, state, strict=False)
    return walk.data(plain, "") if written is None else written


def _trailers(plain: bytes, walk: Walk) -> bytes:
    """``grpc-message: …`` lines; a line break would begin another."""
    text = charset.read(plain)
    if text is None:
        return walk.data(plain, "")
    edits = [
        edit._replace(replacement=re.sub(r"[\x00-\x1f\x7f]+", " ", edit.replacement))
        for edit in walk.text(text.view)
    ]
    return text.encode(splice(text.raw, edits)) if edits else plain


def _compression(payload: bytes) -> str:
    if payload.startswith(compression.GZIP_MAGIC):
        return "gzip"
    if payload.startswith(_ZSTD_MAGIC):
        return "zstd"
    if payload[0] & 0x0F == 8 and len(payload) > 1 and (payload[0] << 8 | payload[1]) % 31 == 0:
        return "deflate"
    return ""


def _is_likely(frames: list[Frame]) -> bool:
    """Whether frames that nobody declared hold a message in the first place."""
    return any(
        (
            frame.payload
            and not frame.flags & COMPRESSED
            and protobuf.read_fields(frame.payload, 0, len(frame.payload)) is not None
        )
        or (frame.flags & COMPRESSED and _compression(frame.payload) != "")
        for frame in frames
    )
