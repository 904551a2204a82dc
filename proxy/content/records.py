"""Messages with a mark (U+001E) between, behind or before them.

SignalR ends each JSON message with it, Engine.IO 4 puts it between packets, and JSON text
sequences (RFC 7464) begin each text with it. ``split`` is pure, for streams too.
"""

from __future__ import annotations

from proxy.content import charset

MARK = b"\x1e"


def split(data: bytes) -> list[bytes]:
    """The messages between the marks, empty ones included; empty if they are not all text."""
    if MARK not in data:
        return []
    text = charset.read(data.replace(MARK, b"\n"))
    return [] if text is None or text.is_wide else data.split(MARK)
