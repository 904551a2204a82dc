"""Event streams that arrive compressed: unpacked piece by piece, then restored.

What leaves is not compressed again: an event must not wait in a packer.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
import zstandard

from proxy.content.limits import Limits
from proxy.content.streaming import StreamRestorer
from proxy.content.visitor import Visitor
from proxy.decisions import Headers
from proxy.errors import Refused
from proxy.reasons import Reason

type Transform = Callable[[bytes], list[bytes]]

_STEP = 256 << 10
_INPUT_STEP = 256
_ZSTD_WINDOW = 8 << 20


class _Unpacker(Protocol):
    def __call__(self, chunk: bytes) -> Iterator[bytes]: ...


def event_stream(headers: Headers, visitor: Visitor, limits: Limits) -> Transform | None:
    """What restores this stream as it passes; ``None`` where its coding is not one of ours."""
    codings = _codings(headers)
    restorer = StreamRestorer(visitor, "text/event-stream", limits)
    if not codings:
        return restorer
    if len(codings) > 1 or codings[0] not in _UNPACKERS:
        return None
    return _Unpacked(_UNPACKERS[codings[0]](), restorer, limits.expanded)


def _codings(headers: Headers) -> list[bytes]:
    found = [
        part.strip().lower()
        for name, value in headers
        if name.lower() == b"content-encoding"
        for part in value.split(b",")
    ]
    return [coding for coding in found if coding not in (b"", b"identity")]


class _Unpacked:
    """A restorer behind an unpacker; the end of the stream goes through as ``b""``."""

    __slots__ = ("_most", "_restore", "_unpack")

    def __init__(self, unpack: _Unpacker, restore: Transform, most: int) -> None:
        self._unpack = unpack
        self._restore = restore
        self._most = most

    def __call__(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._restore(b"")
        out: list[bytes] = []
        size = 0
        try:
            for piece in self._unpack(chunk):
                size += len(piece)
                if size > self._most:
                    raise Refused(Reason.EXPANSION_LIMIT, "a piece expands beyond the limit")
                if piece:
                    out += self._restore(piece)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise Refused(Reason.UNDECODABLE, "broken compressed stream") from error
        return out


def _inflater(wbits: int) -> _Unpacker:
    member = zlib.decompressobj(wbits)

    def unpack(chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest and not member.eof:
            yield member.decompress(rest, _STEP)
            rest = member.unconsumed_tail
        if rest or member.unused_data:
            raise Refused(Reason.UNDECODABLE, "bytes after the compressed stream")

    return unpack


def _unbrotli() -> _Unpacker:
    decoder = brotli.Decompressor()

    def unpack(chunk: bytes) -> Iterator[bytes]:
        yield decoder.process(chunk, output_buffer_limit=_STEP)
        while not decoder.is_finished() and not decoder.can_accept_more_data():
            yield decoder.process(b"", output_buffer_limit=_STEP)

    return unpack


def _unzstd() -> _Unpacker:
    frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def unpack(chunk: bytes) -> Iterator[bytes]:
        for at in range(0, len(chunk), _INPUT_STEP):
            if frame.eof:
                raise Refused(Reason.UNDECODABLE, "bytes after the compressed stream")
            yield frame.decompress(chunk[at : at + _INPUT_STEP])

    return unpack


_UNPACKERS: dict[bytes, Callable[[], _Unpacker]] = {
    b"gzip": lambda: _inflater(31),
    b"x-gzip": lambda: _inflater(31),
    b"deflate": lambda: _inflater(15),
    b"br": _unbrotli,
    b"zstd": _unzstd,
}
