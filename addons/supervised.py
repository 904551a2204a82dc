"""A worker of a supervisor: the gateway on an inherited port, without the CA's key.

``python -m addons.supervised JSON`` (``proxy.supervisor.commands`` makes the JSON). It says
"ready" once it accepts connections, answers its supervisor's questions from its event loop
(a loop that hangs is a worker that hangs), and drains when told to, on SIGTERM, or when the
line ends: a worker never outlives its supervisor by more than its drain.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from mitmproxy.master import Master

from addons.gateway import Gateway, worker_settings
from addons.turns import handicap
from addons.worker import WorkerSettings, build_master, drain_and_stop, serve
from proxy.errors import InputError, PreauError
from proxy.frontends.status import Readiness
from proxy.runtime import Runtime
from proxy.supervisor.channel import Channel, Document
from proxy.supervisor.leaves import RemoteSigner
from proxy.supervisor.merge import snapshot

log = logging.getLogger("preau.worker")

_GRACE = 5.0
"""Seconds beyond the drain after which a worker without supervisor ends whatever it does."""


class Supervised:
    """The line's other end, and the gateway behind it."""

    def __init__(self, runtime: Runtime, gateway: Gateway, drain: float) -> None:
        self._runtime = runtime
        self._gateway = gateway
        self._drain = drain
        self._readiness = Readiness(runtime.checks())
        self._draining: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False
        self._least = 0
        self._master: Master
        self._channel: Channel

    async def run(self, settings: WorkerSettings, line: socket.socket) -> None:
        """Serve until told to leave, and gone."""
        self._channel = await Channel.over(line, self._hear)
        self._channel.ended.add_done_callback(lambda _: self._orphaned())
        self._master = build_master(
            settings, self._gateway.addons, self._gateway.refusal, self._ready
        )
        await serve(self._master, settings)
        self._over = True
        self._channel.send({"say": "last", "metrics": snapshot(self._runtime.metrics.registry)})
        await self._channel.flush()

    def _ready(self, port: int) -> None:
        self._runtime.started()
        # What is there now stays: looked through again for circles it would hold requests up for
        # a tenth of a second, whenever lists are loaded above all.
        gc.collect()
        gc.freeze()
        self._channel.send({"say": "ready", "port": port, **self._facts()})

    def handicap(self) -> float:
        """Seconds to let workers with fewer connections go first."""
        return handicap(self._connections(), self._least)

    def _connections(self) -> int:
        server: Any = self._master.addons.get("proxyserver")
        return len(server.connections)

    def _facts(self) -> Document:
        seen = self._runtime.snapshot()
        return {
            "policy": seen.policy.digest,
            "directory": seen.index.version,
            "lists": seen.blocker.digest[:16],
            "connections": self._connections(),
        }

    def _hear(self, question: Document) -> None:
        match question.get("do"):
            case "report":
                self._least = int(question.get("least", 0))
                metrics = snapshot(self._runtime.metrics.registry)
                self._channel.send({"id": question["id"], "metrics": metrics, **self._facts()})
            case "refresh":
                self._later(self._refresh(question))
            case "check":
                self._later(self._check(question))
            case "drain":
                self._leave(float(question["deadline"]))

    async def _refresh(self, question: Document) -> None:
        await self._gateway.keeper.refresh()
        self._channel.send({"id": question["id"], **self._facts()})

    async def _check(self, question: Document) -> None:
        results = await asyncio.to_thread(self._readiness.run)
        check = results.get(question["name"])
        answer = check._asdict() if check else {"ok": False, "detail": "no such check"}
        self._channel.send({"id": question["id"], **answer})

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _leave(self, deadline: float) -> None:
        if self._draining is None:
            leaving = drain_and_stop(self._master, deadline)
            self._draining = asyncio.get_running_loop().create_task(leaving)

    def _orphaned(self) -> None:
        """The supervisor is gone: drain, and end at the latest a little after that."""
        if self._over:
            return
        if self._draining is None:
            log.error("the supervisor is gone: this worker drains and ends")
            self._leave(self._drain)
        _end_in(self._drain + _GRACE)


def _end_in(seconds: float) -> None:
    def end() -> None:
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=end, name="last-resort", daemon=True).start()


def _resolve(entries: Mapping[str, list[Any]]) -> dict[str, tuple[str, int]]:
    return {name: (str(host), int(port)) for name, (host, port) in entries.items()}


def main(argument: str) -> int:
    """Open the site and serve; 2 when it cannot be opened, told on the line."""
    given = json.loads(argument)
    line = socket.socket(fileno=given["line"])
    line.set_inheritable(False)
    os.set_inheritable(given["listener"], False)
    try:
        runtime = Runtime.open(Path(given["site"]), may_write=False)
    except PreauError as error:
        return _fail(line, error)
    try:
        gateway = Gateway(runtime)
        worker = Supervised(runtime, gateway, given["drain"])
        settings = worker_settings(
            runtime,
            handicap=worker.handicap,
            listener=given["listener"],
            transparent=given["transparent"],
            signer=RemoteSigner(Path(given["signer"])),
            resolve=_resolve(given["resolve"]),
            drain_timeout=given["drain"],
        )
        asyncio.run(worker.run(settings, line))
    except PreauError as error:
        return _fail(line, error)
    finally:
        runtime.close()
    return 0


def _fail(line: socket.socket, error: PreauError) -> int:
    problems = error.problems if isinstance(error, InputError) else ()
    text = "; ".join((str(error), *problems))
    line.setblocking(True)
    line.sendall(json.dumps({"say": "failed", "problem": text}).encode() + b"\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
