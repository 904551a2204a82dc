"""Addresses as people write them against robots: ``lea.martin (at) lycee (dot) example``.

The signs stand in round or square brackets, or the word is *arobase*. What is found is read as
the address that is meant; a bare ``at`` between words is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SIGN = r"[(\[] ?(?:at|arobase|chez) ?[)\]]"
"""For the quick look: what such an address cannot be without."""
_LOCAL = rb"[0-9a-z]+(?:[.+'\x02-][0-9a-z]+)*"
_DOT = rb"(?: ?[(\[] ?(?:dot|point) ?[)\]] ?|\.)"
_LABEL = rb"[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?"
_FROM_SIGN = re.compile(
    rb" ?" + SIGN.encode() + rb" ?(" + _LABEL + rb"(?:" + _DOT + _LABEL + rb"){1,9})"
)
_SIGN = re.compile(rb" ?" + SIGN.encode())
_DOTS = re.compile(_DOT)
_LOCAL_END = re.compile(_LOCAL + rb"\Z")
_MAX_LOCAL = 64


class Address(NamedTuple):
    """Where it stands, and the address that is meant, folded."""

    start: int
    end: int
    local: bytes
    domain: bytes


def addresses(ids: bytes) -> Iterator[list[Address]]:
    """Addresses written out in folded text: for each all that its domain may be, longest first."""
    if b"(" not in ids and b"[" not in ids:
        return
    for sign in _SIGN.finditer(ids):
        rest = _FROM_SIGN.match(ids, sign.start())
        before = _LOCAL_END.search(ids, max(0, sign.start() - _MAX_LOCAL), sign.start())
        if rest is None or before is None:
            continue
        dots = [dot.start() for dot in _DOTS.finditer(ids, *rest.span(1))]
        yield [
            Address(before.start(), end, before[0], _DOTS.sub(b".", ids[rest.start(1) : end]))
            for end in (rest.end(), *dots[:0:-1])
        ]
