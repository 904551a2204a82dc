"""A WebSocket message is sent on as one frame.

Defect: a message whose length changed is cut every 4,000 bytes, and one whose length did
not, at the places of the original frames; each piece of text is then decoded by itself, so
that a character that lies across a cut becomes U+FFFD.

Mend: one message, one frame, which RFC 6455 section 5.4 allows an intermediary.

Tested on 12.2.3. Delete when ``Fragmentizer`` cuts between characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import websocket

from addons.mends.patching import replace


def _whole(self: Any, content: bytes) -> Iterator[Any]:
    yield self.msg(content, True)


@cache
def apply() -> None:
    """Mend it."""
    replace(websocket.Fragmentizer, "__call__", _whole)
