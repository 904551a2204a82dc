"""Digests of a body without a key: renewed when the body changed.

``Content-MD5``, ``Digest`` (RFC 3230), ``Content-Digest`` and ``Repr-Digest`` (RFC 9530),
``x-goog-hash``, ``x-amz-checksum-…``. A digest of the body as it was must not leave: whoever
has a list of names could find the one that was in it. An algorithm that is not here is left
out, and a field with none left.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64encode
from collections.abc import Callable

from proxy.decisions import Headers

type _Digest = Callable[[bytes], bytes]


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def _sha1(body: bytes) -> bytes:
    return hashlib.sha1(body, usedforsecurity=False).digest()


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


_ALGORITHMS: dict[bytes, _Digest] = {
    b"md5": _md5,
    b"sha": _sha1,
    b"sha-256": _sha256,
    b"sha-512": lambda body: hashlib.sha512(body).digest(),
}
_WHOLE: dict[bytes, _Digest] = {
    b"content-md5": _md5,
    b"x-amz-checksum-sha1": _sha1,
    b"x-amz-checksum-sha256": _sha256,
    b"x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4),
}
_LISTS = frozenset({b"digest", b"content-digest", b"repr-digest", b"x-goog-hash"})
_STRUCTURED = frozenset({b"content-digest", b"repr-digest"})
_DROPPED = frozenset({b"x-ms-content-crc64", b"x-amz-checksum-crc32c", b"x-amz-checksum-crc64nvme"})
_HEX = re.compile(rb"[0-9a-fA-F]{64}\Z")
_SHA256_FIELD = b"x-amz-content-sha256"
FIELDS = frozenset(_WHOLE) | _LISTS | _DROPPED | {_SHA256_FIELD}


def renewed(headers: Headers, body: bytes) -> list[tuple[bytes, bytes]]:
    """The digest fields of ``headers``, for ``body``."""
    found: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        lower = name.lower()
        if lower in _WHOLE:
            found.append((name, b64encode(_WHOLE[lower](body))))
        elif lower in _LISTS:
            members = _members(lower, value, body)
            if members:
                found.append((name, b", ".join(members)))
        elif lower == _SHA256_FIELD:
            hexadecimal = hashlib.sha256(body).hexdigest().encode()
            found.append((name, hexadecimal if _HEX.match(value.strip()) else value))
    return found


def _members(lower: bytes, value: bytes, body: bytes) -> list[bytes]:
    """``sha-256=…`` for each algorithm that stood there and that we have."""
    members: list[bytes] = []
    for part in value.split(b","):
        name = part.partition(b"=")[0].strip()
        digest = _ALGORITHMS.get(name.lower())
        if digest is not None:
            coded = b64encode(digest(body))
            members.append(name + (b"=:" + coded + b":" if lower in _STRUCTURED else b"=" + coded))
    return members
