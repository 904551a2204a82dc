"""What a supervisor does for its workers, as far as one process can do it for itself."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Coroutine
from typing import Any

from addons.gateway import Keeper
from proxy.supervisor import notify

_BEAT = 5.0


class Alone:
    """SIGHUP takes in what changed; systemd is told that the process serves and lives."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._tasks: set[asyncio.Task[None]] = set()

    def running(self) -> None:
        """The worker serves."""
        notify.ready("1 process")
        self._spawn(self._beat())
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, self._reload)

    async def done(self) -> None:
        """The worker ends."""
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _reload(self) -> None:
        self._spawn(self._keeper.refresh())

    async def _beat(self) -> None:
        while True:
            notify.alive()
            await asyncio.sleep(_BEAT)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
