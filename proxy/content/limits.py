"""How far reading may go: every bound of this room in one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on the work one message may cause.

    ``expanded`` bytes after decompression, and ``ratio`` times the compressed size once
    more than ``ratio_floor`` bytes have come out. ``nesting`` counts every layer that is
    undone (a coding, a format inside a string, a view of escapes). ``work`` is how many
    times its own length a message may be read altogether. ``signed_allowed`` lets a signed
    token that holds an identifier pass unchanged. ``streamed`` bytes, decompressed, may a body
    have that is rewritten as it passes.
    """

    expanded: int = 32 << 20
    ratio: int = 250
    ratio_floor: int = 1 << 20
    nesting: int = 10
    encodings: int = 3
    parts: int = 1000
    work: int = 64
    signed_allowed: bool = False
    streamed: int = 4 << 30
