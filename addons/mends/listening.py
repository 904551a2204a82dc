"""Several workers can listen on one port, with a queue that a class of pupils does not fill.

Defect: mitmproxy's listeners have no SO_REUSEPORT and asyncio's queue of 100; for port 0 it
picks a port, closes it and hopes that it is still free.

Mend: the listener takes ``LISTEN.reuse_port`` and a queue of 1,024; the kernel picks port 0.
Or it takes ``LISTEN.descriptor``, a socket that the supervisor listens on and all workers
share: what waits in its queue is lost with no worker. One connection is accepted at a time,
for asyncio would take a whole queue and leave the other workers idle.

Tested on 12.2.3. Delete when the proxy modes take these options.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy.proxy import mode_servers

from addons.mends.patching import replace

_QUEUE = 1024
_AT_A_TIME = 1


@dataclass(slots=True)
class Listen:
    """Set once by the worker, before it listens."""

    reuse_port: bool = False
    descriptor: int | None = None
    """A listening socket of this process, to be used instead of one of its own."""


LISTEN = Listen()


class _Shared(socket.socket):
    """A listening socket whose queue is not this worker's to set."""

    def listen(self, backlog: int = 0, /) -> None:
        """It listens already; asyncio would cut the queue to what it accepts at a time."""


async def _listen(self: Any, host: str, port: int) -> list[asyncio.Server]:
    if LISTEN.descriptor is not None:
        shared = _Shared(fileno=LISTEN.descriptor)
        return [await asyncio.start_server(self.handle_stream, sock=shared, backlog=_AT_A_TIME)]
    reuse = LISTEN.reuse_port or None
    return [
        await asyncio.start_server(self.handle_stream, host, port, reuse_port=reuse, backlog=_QUEUE)
    ]


@cache
def apply() -> None:
    """Mend it."""
    for kind in (mode_servers.RegularInstance, mode_servers.TransparentInstance):
        replace(kind, "listen", _listen)
