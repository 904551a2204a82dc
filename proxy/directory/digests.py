"""Hashes of e-mails: what trackers and learning platforms send in place of the address.

xAPI's ``mbox_sha1sum`` is SHA-1 of ``mailto:`` and the address; Gravatar's is MD5 (now
SHA-256); advertisers send SHA-256, some SHA-1 or MD5, of the trimmed address in lower case,
and of Gmail addresses without the dots and the tag. Anybody who holds a list of addresses
can undo them, so each is an identifier.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

SIZES = (16, 20, 32)
"""Bytes of MD5, SHA-1 and SHA-256."""

HEXADECIMAL = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_GMAIL = ("gmail.com", "googlemail.com")


def digests_of(email: str) -> Iterator[bytes]:
    """Every hash under which a canonical address is known to travel."""
    local, _, domain = email.rpartition("@")
    if domain in _GMAIL:
        bare = local.partition("+")[0].replace(".", "")
        for form in {f"{bare}@{domain}", f"{bare}@gmail.com"} - {email}:
            yield from _digests(form.encode())
    yield from _digests(email.encode("utf-8", "surrogatepass"))


def _digests(address: bytes) -> Iterator[bytes]:
    yield hashlib.md5(address, usedforsecurity=False).digest()
    yield hashlib.sha1(address, usedforsecurity=False).digest()
    yield hashlib.sha256(address).digest()
    yield hashlib.sha1(b"mailto:" + address, usedforsecurity=False).digest()
