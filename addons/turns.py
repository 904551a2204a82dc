"""Several workers accept on one socket, and whoever has least to do comes first.

The supervisor listens; every worker has the same socket. So what waits in the queue is lost
with no worker, and a worker that is hung takes nothing. But the kernel wakes all of them
for each connection, who wins is chance or habit, and connections stay for hours: of 60
opened one after the other two workers got 22 and 38, with the handicap 28 and 32.

Hence a handicap: a worker with more connections than the one with fewest (as the
supervisor last told) waits a little before it accepts, up to ``MOST`` seconds. The kernel's
queue needs no other agreement, and nobody waits when the others are hung or gone longer
than that. One connection is accepted at a time; asyncio's own listener would empty the queue.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

log = logging.getLogger("preau.turns")

STEP = 0.0005
"""Seconds of handicap for each connection more than the least."""
MOST = 0.005
_AFTER_EXHAUSTION = 0.5

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def handicap(connections: int, least: int) -> float:
    """Seconds to wait before accepting."""
    return min(MOST, max(0, connections - least) * STEP)


class Turns:
    """What mitmproxy needs of an ``asyncio.Server``: ``sockets`` and ``close``."""

    def __init__(self, descriptor: int, serve: Serve, wait: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._shared = socket.socket(fileno=descriptor)
        self._shared.setblocking(False)
        self._serve = serve
        self._handicap = wait
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.sockets = [self._shared]
        self._watch()

    def close(self) -> None:
        """Accept no more; the socket goes on listening where others have it."""
        if self.sockets:
            self.sockets = []
            self._loop.remove_reader(self._shared)
            if self._timer is not None:
                self._timer.cancel()
            self._shared.close()

    def _watch(self) -> None:
        self._timer = None
        self._loop.add_reader(self._shared, self._somebody)

    def _somebody(self) -> None:
        wait = self._handicap()
        if wait > 0:
            self._pause(wait, self._late)
        else:
            self._accept()

    def _late(self) -> None:
        self._watch()
        self._accept()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._shared)
        self._timer = self._loop.call_later(seconds, then)

    def _accept(self) -> None:
        try:
            connection, _ = self._shared.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was first, or the client left
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "")
            log.error("cannot accept (%s): trying again in a moment", name)
            self._pause(_AFTER_EXHAUSTION, self._watch)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._open(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, connection: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._serve, loop=self._loop)
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except OSError:
            connection.close()
