"""What a supervisor does for its workers, as far as one process can do it for itself."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from mitmproxy import ctx

from addons.gateway import Keeper
from proxy import __version__
from proxy.errors import InputError
from proxy.runtime import Runtime
from proxy.supervisor import local_socket, notify
from proxy.supervisor.channel import Document
from proxy.supervisor.control import SOCKET, Control
from proxy.supervisor.options import private_folder
from proxy.supervisor.posts import Post

_BEAT = 5.0
_ONE = "a single process serves: start it again (one of --workers 2 or more is replaced in place)"


class Alone:
    """SIGHUP takes in what changed; systemd is told that the process serves and lives; ``preau
    status`` and ``preau doctor`` are answered on the control socket, as a supervisor would."""

    def __init__(self, keeper: Keeper, runtime: Runtime, run: Path) -> None:
        self._keeper = keeper
        self._runtime = runtime
        self._run = run
        self._since = time.time()
        self._lock = -1
        self._tasks: set[asyncio.Task[None]] = set()

    async def running(self) -> None:
        """The worker serves."""
        notify.ready("1 process")
        self._spawn(self._beat())
        await self._answer_questions()
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, self._reload)

    async def done(self) -> None:
        """The worker ends."""
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._lock >= 0:
            (self._run / SOCKET).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    async def _answer_questions(self) -> None:
        """Where another gateway of the site does that already, it goes on to."""
        try:
            path = private_folder(self._run) / "lock"
        except InputError:
            return  # a state folder that cannot be written: the log says so, and louder
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return
        self._lock = lock
        verbs = {"status": self._status, "reload": self._take_in}
        control = Control(verbs | {"roll": self._cannot, "upgrade": self._cannot})
        with local_socket.listen(self._run, SOCKET, socket.SOCK_STREAM) as listener:
            await control.start(listener)

    async def _status(self) -> Document:
        server: Any = ctx.master.addons.get("proxyserver")
        host, port = server.listen_addrs()[0][:2]
        digest = self._runtime.snapshot().policy.digest
        own = {
            "role": "worker",
            "slot": 1,
            "pid": os.getpid(),
            "state": "ready",
            "seconds": round(time.time() - self._since),
            "silent": 0.0,
            "problem": "",
            "policy": digest,
            "connections": len(server.connections),
            **Post().document(),
        }
        return {
            "version": __version__,
            "generation": 1,
            "since": self._since,
            "stopping": False,
            "listen": f"{host}:{port}",
            "workers": [own],
            "processes": [],
            "policies": {digest: [1]},
            "busy": False,
            "problems": {},
        }

    async def _take_in(self) -> Document:
        await self._keeper.refresh()
        return {"problem": ""}

    async def _cannot(self) -> Document:
        return {"problem": _ONE}

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
