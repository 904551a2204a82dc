"""A WebSocket message has a size limit, after decompression.

Defect: mitmproxy puts the frames of a message together in memory without limit, also those
that ``permessage-deflate`` expands a thousandfold.

Mend: a message over ``LIMIT.message_bytes`` closes both sides with code 1009.

Tested on 12.2.3. Delete when mitmproxy has such a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import wsproto.events
from mitmproxy.proxy.layers import websocket
from wsproto.frame_protocol import CloseReason

from addons.mends.patching import wrap


@dataclass(slots=True)
class Limit:
    """Set once by the worker, before it listens."""

    message_bytes: int = 16 * 1024 * 1024


LIMIT = Limit()


def _events(original: Any) -> Callable[..., Any]:
    def events(self: Any) -> Iterator[Any]:
        for event in original(self):
            if isinstance(event, wsproto.events.Message):
                self.message_size = getattr(self, "message_size", 0) + len(event.data)
                if self.message_size > LIMIT.message_bytes:
                    yield wsproto.events.CloseConnection(CloseReason.MESSAGE_TOO_BIG, "too big")
                    return
                if event.message_finished:
                    self.message_size = 0
            yield event

    return events


@cache
def apply() -> None:
    """Mend it."""
    wrap(websocket.WebsocketConnection, "events", _events)
