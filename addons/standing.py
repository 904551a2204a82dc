"""Work that stands beside the connections: from when the worker serves until it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine


class Standing:
    """One task of an addon's own."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """In the loop that runs."""
        self._task = asyncio.get_running_loop().create_task(work)

    async def end(self) -> None:
        """Stop it, and wait until it has stopped; nothing where it never began."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
