"""A hook that is answered at once costs no turn of the event loop.

Defect: a hook's task, started eagerly inside ``server_event``, finds that function's lock
taken and waits for it: a future, a callback and a turn of the loop for each of the four or
five hooks of a request, although the lock's holder never suspends.

Mend: an event that comes while another is handled joins a queue, in the order in which it
would have had the lock, and is handled by the same call.

Tested on 12.2.3. Delete when ``server_event`` no longer takes a lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import server

from addons.mends.patching import wrap

_EVENTS = "_preau_events"


class _Free:
    """A lock that is always free: the queue already keeps events apart."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


_FREE = _Free()


def _server_event(original: Any) -> Callable[..., Any]:
    async def server_event(self: Any, event: Any) -> None:
        queue: deque[Any] | None = getattr(self, _EVENTS, None)
        if queue is not None:
            queue.append(event)
            return
        queue = deque((event,))
        setattr(self, _EVENTS, queue)
        self._server_event_lock = _FREE
        try:
            while queue:
                await original(self, queue.popleft())  # suspends nowhere
        finally:
            setattr(self, _EVENTS, None)

    return server_event


@cache
def apply() -> None:
    """Mend it."""
    wrap(server.ConnectionHandler, "server_event", _server_event)
