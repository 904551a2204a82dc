"""Hashes by which services know people: trackers match e-mail addresses without seeing them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import quote

_ALGORITHMS = (hashlib.md5, hashlib.sha1, hashlib.sha256)


def _spellings(email: str) -> list[str]:
    """As typed, in small letters (every vendor's rule), in capitals."""
    return list(dict.fromkeys((email, email.strip().lower(), email.upper())))


def digests(email: str) -> Iterator[str]:
    """What may stand in a request for an address: hexadecimal, base64, base64url."""
    for text in _spellings(email):
        for algorithm in _ALGORITHMS:
            digest = algorithm(text.encode()).digest()
            yield digest.hex()
            yield base64.b64encode(digest).decode()
            yield quote(base64.b64encode(digest).decode(), safe="")
            yield base64.urlsafe_b64encode(digest).decode()
