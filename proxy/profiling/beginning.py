"""The beginning of a body as it was before it was compressed, declared or not.

Telemetry is often compressed without saying so in ``Content-Encoding`` (a beacon cannot set
headers), hence the look at the first bytes. Nothing here refuses: what cannot be unpacked is
left for the readers that decide about it later.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from proxy.content.compression import GZIP_MAGIC, Unpacker, parse
from proxy.content.limits import Limits
from proxy.errors import Refused

LENGTH: Final = 64 << 10
"""How much of a body is looked at, unpacked."""
_PACKED_STEP: Final = 16 << 10
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LIMITS: Final = Limits()


class Beginning(NamedTuple):
    """The first bytes, and whether they are all."""

    data: bytes
    whole: bool


def of_body(body: bytes, coding: bytes) -> Beginning:
    """The beginning of ``body`` without the codings of its ``Content-Encoding``."""
    found = Beginning(body[:LENGTH], len(body) <= LENGTH)
    if coding:
        try:
            names = parse(coding.decode("latin-1"), _LIMITS)
        except Refused:
            return Beginning(b"", whole=False)
        if names:
            found = _unpacked(body, names)
    undeclared = _undeclared(found.data)
    if not undeclared:
        return found
    return _unpacked(found.data if coding else body, [undeclared])


def _undeclared(data: bytes) -> str:
    """gzip, zstd, or zlib's header (RFC 1950): no text and no JSON begins like these."""
    if data.startswith(GZIP_MAGIC):
        return "gzip"
    if data.startswith(_ZSTD_MAGIC):
        return "zstd"
    zlib_like = len(data) > 2 and data[0] == 0x78 and data[1] in (0x01, 0x5E, 0x9C, 0xDA)
    return "deflate" if zlib_like and (data[1] != 0x5E or data[2] >= 0x80) else ""


def _unpacked(body: bytes, names: list[str]) -> Beginning:
    """Step by step until enough has come out."""
    unpacker = Unpacker(names, _LIMITS, _LIMITS.expanded)
    out, size = [], 0
    try:
        for at in range(0, len(body), _PACKED_STEP):
            for piece in unpacker.feed(body[at : at + _PACKED_STEP]):
                out.append(piece)
                size += len(piece)
                if size > LENGTH:
                    return Beginning(b"".join(out)[:LENGTH], whole=False)
    except Refused:
        return Beginning(b"".join(out), whole=False)
    return Beginning(b"".join(out), whole=True)
