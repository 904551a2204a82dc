"""Content codings (RFC 9110 §8.4.1): undone step by step under limits, redone when changed.

Every decoder works in small steps and is checked after each, so memory never exceeds the
limit by more than one step. What follows a complete stream, and a stream that stops early,
are both refused: a decoder on the other side might read them differently.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason

GZIP_MAGIC = b"\x1f\x8b\x08"
_STEP = 256 << 10
_ZSTD_WINDOW = 8 << 20
_ZSTD_STEP = 256


def parse(value: str, limits: Limits) -> list[str]:
    """The codings of a Content-Encoding value in the order they were applied."""
    names = [name.strip().lower() for name in value.split(",")]
    names = [_ALIASES.get(name, name) for name in names if name and name != "identity"]
    if len(names) > limits.encodings:
        raise Refused(Reason.UNDECODABLE, "too many content codings")
    unknown = [name for name in names if name not in _DECODERS]
    if unknown:
        raise Refused(Reason.UNDECODABLE, "unknown content coding")
    return names


def decode(data: bytes, names: list[str], limits: Limits) -> tuple[bytes, list[str]]:
    """Undo ``names``, last first. Also gives the exact variants, for ``encode``."""
    exact: list[str] = []
    for name in reversed(names):
        data, variant = _undo(data, name, limits)
        exact.insert(0, variant)
    return data, exact


def encode(data: bytes, exact: list[str]) -> bytes:
    """Redo codings at fast levels."""
    for name in exact:
        data = _ENCODERS[name](data)
    return data


def _undo(data: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    if not data:
        raise Refused(Reason.UNDECODABLE, "empty compressed body")
    if name == "deflate" and not _is_zlib(data):
        name = "deflate-raw"
    bound = min(limits.expanded, max(limits.ratio_floor, limits.ratio * len(data)))
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _DECODERS[name](data):
            size += len(piece)
            if size > bound:
                raise Refused(Reason.EXPANSION_LIMIT, "expands beyond the limit")
            pieces.append(piece)
    except (zlib.error, brotli.error, zstandard.ZstdError, MemoryError) as error:
        raise Refused(Reason.UNDECODABLE, f"broken {name} stream") from error
    return b"".join(pieces), name


def _is_zlib(data: bytes) -> bool:
    """The two header bytes of RFC 1950: method 8 and a multiple of 31."""
    return len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


def _inflate(data: bytes, wbits: int) -> Iterator[bytes]:
    while True:
        member = zlib.decompressobj(wbits)
        yield member.decompress(data, _STEP)
        while not member.eof:
            piece = member.decompress(member.unconsumed_tail, _STEP)
            if not piece and not member.eof:
                raise Refused(Reason.UNDECODABLE, "compressed body is cut short")
            yield piece
        data = member.unused_data
        if not data:
            return
        if wbits != 31 or not data.startswith(GZIP_MAGIC):
            raise Refused(Reason.UNDECODABLE, "bytes after the compressed body")


def _unbrotli(data: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    yield decoder.process(data, output_buffer_limit=_STEP)
    while not decoder.is_finished():
        if decoder.can_accept_more_data():
            raise Refused(Reason.UNDECODABLE, "compressed body is cut short")
        yield decoder.process(b"", output_buffer_limit=_STEP)


def _unzstd(data: bytes) -> Iterator[bytes]:
    """Frame after frame. A block of 4 bytes may give 128 KiB, hence the small steps."""
    while data:
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        at, step = 0, _ZSTD_STEP
        while not frame.eof:
            if at >= len(data):
                raise Refused(Reason.UNDECODABLE, "compressed body is cut short")
            piece = frame.decompress(data[at : at + step])
            at += step
            step = step * 2 if len(piece) < 8 * step else _ZSTD_STEP
            yield piece
        data = frame.unused_data + data[at:]


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _deflate_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate"}
_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": lambda data: _inflate(data, 31),
    "deflate": lambda data: _inflate(data, 15),
    "deflate-raw": lambda data: _inflate(data, -15),
    "br": _unbrotli,
    "zstd": _unzstd,
}
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "deflate": lambda data: zlib.compress(data, 1),
    "deflate-raw": _deflate_raw,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": lambda data: zstandard.ZstdCompressor(level=1).compress(data),
}
