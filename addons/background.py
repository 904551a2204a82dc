"""A worker in a thread of this process, for the demo and the tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import ClassVar, Self

from mitmproxy.master import Master

from addons.fail_closed import Refusal
from addons.worker import WorkerSettings, build_master, drain_and_stop, serve


class BackgroundWorker:
    """``with BackgroundWorker(settings, addons, refusal) as worker: worker.port``.

    One at a time: mitmproxy keeps its master in a global.
    """

    _only_one: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self, settings: WorkerSettings, addons: Sequence[object], refusal: Refusal
    ) -> None:
        self.settings = settings
        self._addons = addons
        self._refusal = refusal
        self._thread = threading.Thread(target=self._run, name="preau worker", daemon=True)
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self.master: Master
        self.port = 0

    def start(self) -> Self:
        """Listen; raises what kept the worker from it."""
        if not self._only_one.acquire(timeout=10):
            raise RuntimeError("another worker runs in this process")
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def stop(self, drain: float = 0.0) -> None:
        """Stop, after up to ``drain`` seconds for requests in flight."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(drain_and_stop(self.master, drain), self._loop)
        self._thread.join()

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            self._error = error
        finally:
            self._only_one.release()
            self._started.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.master = build_master(self.settings, self._addons, self._refusal, self._ready)
        await serve(self.master, self.settings)

    def _ready(self, port: int) -> None:
        self.port = port
        self._started.set()
