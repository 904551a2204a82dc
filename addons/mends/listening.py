"""Several workers can listen on one port, with a queue that a class of pupils does not fill.

Defect: mitmproxy's listeners have no SO_REUSEPORT and asyncio's queue of 100; for port 0 it
picks a port, closes it and hopes that it is still free.

Mend: the listener takes ``LISTEN.reuse_port`` and a queue of 1,024; the kernel picks port 0.
Or it takes ``LISTEN.descriptor``, a socket that the supervisor listens on and all workers
share (``addons.turns``).

Tested on 12.2.3. Delete when the proxy modes take these options.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy.proxy import mode_servers

from addons.mends.patching import replace
from addons.turns import Turns

_QUEUE = 1024


@dataclass(slots=True)
class Listen:
    """Set once by the worker, before it listens."""

    reuse_port: bool = False
    descriptor: int | None = None
    """A listening socket of this process, to be used instead of one of its own."""
    handicap: Callable[[], float] = lambda: 0.0
    """Seconds to let other workers go first (``addons.turns``)."""


LISTEN = Listen()


async def _listen(self: Any, host: str, port: int) -> list[Any]:
    if LISTEN.descriptor is not None:
        return [Turns(LISTEN.descriptor, self.handle_stream, LISTEN.handicap)]
    reuse = LISTEN.reuse_port or None
    return [
        await asyncio.start_server(self.handle_stream, host, port, reuse_port=reuse, backlog=_QUEUE)
    ]


@cache
def apply() -> None:
    """Mend it."""
    for kind in (mode_servers.RegularInstance, mode_servers.TransparentInstance):
        replace(kind, "listen", _listen)
