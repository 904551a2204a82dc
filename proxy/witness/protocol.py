"""What goes over the wire of C2SP tlog-witness: one request, one answer.

::

    old 600                              the size the witness last signed
    <base64 hash>                        consistency proof, at most 63 lines
                                         an empty line
    preau.example/school                 the new checkpoint, a signed note
    ...
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from proxy.audit.errors import NoteError

MOST_PROOF = 63
MOST_BODY = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed ``add-checkpoint`` body."""

    old: int
    proof: list[bytes]
    note: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a content type and a body."""

    status: int
    body: bytes
    content_type: str = _TEXT


def format_submission(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of a request."""
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof)]
    return ("\n".join(lines) + f"\n\n{note}").encode()


def parse_submission(body: bytes) -> Submission:
    """The request in ``body``. Raises ``NoteError``."""
    if len(body) > MOST_BODY:
        raise NoteError("the request is too long")
    try:
        head, separator, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise NoteError("the request is not UTF-8") from None
    lines = head.split("\n")
    if not separator or len(lines) > MOST_PROOF + 1 or not lines[0].startswith("old "):
        raise NoteError("not an add-checkpoint request")
    return Submission(parse_size(lines[0][4:]), [_hash(line) for line in lines[1:]], note)


def parse_size(text: str) -> int:
    """A tree size: decimal without leading zeros, below 2^63."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and str(int(text)) == text):
        raise NoteError("malformed tree size")
    if int(text) >= 2**63:
        raise NoteError("the tree size is too large")
    return int(text)


def _hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("a proof line is not base64") from None
    if len(raw) != 32 or base64.b64encode(raw).decode() != line:
        raise NoteError("a proof line is not a hash")
    return raw
