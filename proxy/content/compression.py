"""Content codings (RFC 9110 §8.4.1): undone step by step under limits, redone when changed.

Every decoder takes any pieces and works in small steps, checked after each, so memory never
exceeds the limit by more than one step. What follows a complete stream, and a stream that stops
early, are both refused: a decoder on the other side might read them differently.

``decode`` and ``encode`` are for a body that is there as a whole, ``Unpacker`` and ``Packer``
for one that passes: the very same decoders.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
import zstandard

from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason

GZIP_MAGIC = b"\x1f\x8b\x08"
_STEP = 256 << 10
_ZSTD_WINDOW = 8 << 20
_ZSTD_STEP = 256


class _Decoder(Protocol):
    """Undoes one coding. ``name`` becomes the exact variant once the first bytes are known."""

    name: str

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds, in steps."""

    def is_complete(self) -> bool:
        """Whether the stream may end here."""


class _Encoder(Protocol):
    def compress(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


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
        encoder = _ENCODERS[name]()
        data = encoder.compress(data) + encoder.flush()
    return data


def _undo(data: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    if not data:
        raise Refused(Reason.UNDECODABLE, "empty compressed body")
    layer = _Layer(name, limits, limits.expanded)
    pieces = list(layer.feed(data))
    layer.finish()
    return b"".join(pieces), layer.decoder.name


class _Layer:
    """One coding under the limits: so many bytes in all, so many times what came in."""

    __slots__ = ("_came", "_limits", "_most", "_out", "decoder")

    def __init__(self, name: str, limits: Limits, most: int) -> None:
        self.decoder = _DECODERS[name]()
        self._limits, self._most = limits, most
        self._came = self._out = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._came += len(data)
        bound = min(self._most, max(self._limits.ratio_floor, self._limits.ratio * self._came))
        try:
            for piece in self.decoder.feed(data):
                self._out += len(piece)
                if self._out > bound:
                    raise Refused(Reason.EXPANSION_LIMIT, "expands beyond the limit")
                if piece:
                    yield piece
        except (zlib.error, brotli.error, zstandard.ZstdError, MemoryError) as error:
            raise Refused(Reason.UNDECODABLE, f"broken {self.decoder.name} stream") from error

    def finish(self) -> None:
        if not self.decoder.is_complete():
            raise Refused(Reason.UNDECODABLE, "compressed body is cut short")


class Unpacker:
    """Undoes the codings of a body that passes, of which ``most`` bytes may come out."""

    __slots__ = ("_layers",)

    def __init__(self, names: list[str], limits: Limits, most: int) -> None:
        self._layers = [_Layer(name, limits, most) for name in reversed(names)]

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds, in steps; none of them empty. May raise ``Refused``."""
        return self._through(0, data)

    def _through(self, depth: int, data: bytes) -> Iterator[bytes]:
        if depth == len(self._layers):
            yield data
            return
        for piece in self._layers[depth].feed(data):
            yield from self._through(depth + 1, piece)

    def finish(self) -> None:
        """The body ends here; raises ``Refused`` where it is cut short."""
        for layer in self._layers:
            layer.finish()

    def exact(self) -> list[str]:
        """The variants met, in the order they were applied, for ``Packer``."""
        return [layer.decoder.name for layer in reversed(self._layers)]


class Packer:
    """Redoes codings on a body that passes."""

    __slots__ = ("_encoders",)

    def __init__(self, exact: list[str]) -> None:
        self._encoders = [_ENCODERS[name]() for name in exact]

    def feed(self, data: bytes) -> bytes:
        """What leaves now, perhaps nothing."""
        for encoder in self._encoders:
            data = encoder.compress(data)
        return data

    def finish(self) -> bytes:
        """The rest."""
        data = b""
        for encoder in self._encoders:
            data = (encoder.compress(data) if data else b"") + encoder.flush()
        return data


# --- one class a coding -------------------------------------------------------------------


class _Inflate:
    """gzip, of several members too, and both kinds of deflate."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._member: zlib._Decompress | None = None
        self._begun = False
        self._ahead = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        data = self._ahead + data
        self._ahead = b""
        while data:
            if self._member is None:
                if not self._may_begin(data):
                    return
                self._member = zlib.decompressobj(_WBITS[self.name])
                self._begun = True
            member = self._member
            yield member.decompress(data, _STEP)
            while not member.eof and member.unconsumed_tail:
                yield member.decompress(member.unconsumed_tail, _STEP)
            if not member.eof:  # a long match may still be inside
                while piece := member.decompress(b"", _STEP):
                    yield piece
            if not member.eof:
                return
            self._member, data = None, member.unused_data

    def _may_begin(self, data: bytes) -> bool:
        """Whether enough is there to begin a member; refuses what can be none."""
        if self._begun:
            if self.name != "gzip" or not GZIP_MAGIC.startswith(data[:3]):
                raise Refused(Reason.UNDECODABLE, "bytes after the compressed body")
            enough = len(data) >= len(GZIP_MAGIC)
        else:
            enough = self.name != "deflate" or len(data) >= 2
            if enough and self.name == "deflate" and not _is_zlib(data):
                self.name = "deflate-raw"
        if not enough:
            self._ahead = data
        return enough

    def is_complete(self) -> bool:
        return self._begun and self._member is None and not self._ahead


class _Brotli:
    def __init__(self) -> None:
        self.name = "br"
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        decoder = self._decoder
        if decoder.is_finished():
            raise Refused(Reason.UNDECODABLE, "bytes after the compressed body")
        yield decoder.process(data, output_buffer_limit=_STEP)
        while not decoder.is_finished() and not decoder.can_accept_more_data():
            yield decoder.process(b"", output_buffer_limit=_STEP)

    def is_complete(self) -> bool:
        return bool(self._decoder.is_finished())


class _Zstd:
    """Frame after frame. A block of 4 bytes may give 128 KiB, hence the small steps."""

    def __init__(self) -> None:
        self.name = "zstd"
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._begun = False
        self._step = _ZSTD_STEP

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame is None:
                new = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
                self._frame, self._begun = new.decompressobj(), True
            frame, at = self._frame, 0
            while not frame.eof and at < len(data):
                piece = frame.decompress(data[at : at + self._step])
                at += self._step
                self._step = self._step * 2 if len(piece) < 8 * self._step else _ZSTD_STEP
                yield piece
            if not frame.eof:
                return
            self._frame, data = None, frame.unused_data + data[at:]

    def is_complete(self) -> bool:
        return self._begun and self._frame is None


class _BrotliEncoder:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=1)

    def compress(self, data: bytes) -> bytes:
        packed: bytes = self._compressor.process(data)
        return packed

    def flush(self) -> bytes:
        packed: bytes = self._compressor.finish()
        return packed


def _is_zlib(data: bytes) -> bool:
    """The two header bytes of RFC 1950: method 8 and a multiple of 31."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


_WBITS = {"gzip": 31, "deflate": 15, "deflate-raw": -15}
_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate"}
_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Inflate("gzip"),
    "deflate": lambda: _Inflate("deflate"),
    "br": _Brotli,
    "zstd": _Zstd,
}
_ENCODERS: dict[str, Callable[[], _Encoder]] = {
    "gzip": lambda: zlib.compressobj(1, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(1),
    "deflate-raw": lambda: zlib.compressobj(1, zlib.DEFLATED, -15),
    "br": _BrotliEncoder,
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compressobj(),
}
