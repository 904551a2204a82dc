"""A gateway of several processes, as ``preau serve`` starts it, and what looks into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.supervisor.control import ask
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, wait_for
from tests.sim.school import HOST, School
from tests.sim.served import Served
from tests.sim.well_behaved import Load

WEBSOCKET = "direct.nuage.example"
OTHERS = tuple(f"autre-{n}.nuage.example" for n in range(6))
GET = b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n"


def always_ok(connection: RawConnection) -> None:
    """Answer each request of a connection."""
    while connection.read_message()[0]:
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@dataclass
class Fleet:
    """A gateway with its processes."""

    school: School
    gateway: Served
    ca: Path
    seen: Callable[[], bytes] = bytes
    """All that its service has received."""

    @property
    def run(self) -> Path:
        """The folder of the sockets between the processes."""
        return self.school.root / "state/run"

    def status(self) -> dict[str, Any]:
        """The supervisor's status document."""
        status = ask(self.run, "status", 20)
        assert status is not None, self.gateway.said
        return status

    def processes(self, role: str, state: str = "ready") -> list[dict[str, Any]]:
        """The processes of a role."""
        status = self.status()
        everyone = status["workers"] + status["processes"]
        return [p for p in everyone if p["role"] == role and p["state"] == state]

    def pids(self, role: str) -> list[int]:
        """Process ids of a role, of those that serve."""
        return [int(process["pid"]) for process in self.processes(role)]

    def total(self) -> float:
        """All requests ever counted, as Prometheus sees it."""
        lines = self.gateway.get("/metrics")[1].splitlines()
        return sum(float(n.split()[-1]) for n in lines if n.startswith("preau_requests_total{"))

    def load(self) -> Load:
        """Well-behaved clients of every protocol."""
        return Load(self.gateway.port, self.ca, HOST, WEBSOCKET)

    def client(self, host: str = HOST) -> RawClient:
        """An HTTP/1 client."""
        return RawClient.connect(self.gateway.port, host, client_context(self.ca.read_text()))

    def whole(self) -> bool:
        """Whether every place is filled and nothing is under way."""
        status = self.status()
        ready = [w for w in status["workers"] if w["state"] == "ready"]
        return len(ready) == 2 and not status["busy"] and len(self.pids("signer")) == 1


def soon(condition: Callable[[], bool], seconds: float = 90) -> bool:
    """Whether it becomes true in time; generous, as the machine may be shared."""
    return wait_for(condition, seconds, every=0.1)


def exists(pid: int) -> bool:
    """Whether a process is there, and not a zombie that its parent has not reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ask_all(run: Path) -> list[dict[str, Any]]:
    """Every process of the gateway."""
    status = ask(run, "status", 20)
    assert status is not None
    return [p for p in status["workers"] + status["processes"] if "pid" in p]


def kill(pid: int, number: int) -> None:
    """One process, by its id."""
    os.kill(pid, number)
