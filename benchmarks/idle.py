"""How many idle connections the gateway holds, and what they cost.

    python -m benchmarks.idle --connections 10000

Each is a TLS connection through the gateway that has had one answer and then waits. Several
processes open them, each from an address of its own (127.0.0.x: one address has 28,000 ports),
as one process opening them one after the other takes a quarter of an hour. A connection takes a
descriptor of a client and one of a worker, so the limit of open files bounds what can be reached,
as do --seconds and the site's own limits; what was reached is printed, and what bounded it. At
the end all of them must still answer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from benchmarks.soak import processes
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.school import TRACKER, School
from tests.sim.served import Served

REQUEST = b"GET /t.js HTTP/1.1\r\nhost: %s\r\n\r\n" % TRACKER.encode()
"""Answered by the gateway itself: no upstream connection mingles with what is measured."""
SETTLE = 3.0


def memory(pid: int) -> tuple[int, int]:
    """Proportional set of the gateway's processes, in bytes, and their descriptors."""
    total = descriptors = 0
    for one in processes(pid):
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(text.partition("\nPss:")[2].split()[0]) << 10
        descriptors += len(list(Path(f"/proc/{one}/fd").iterdir()))
    return total, descriptors


# --- a client process: opens, says how many, waits to be told, asks all of them again ---


def connect(port: int, address: str, context: object) -> RawClient:
    """One connection from ``address``, with one answer."""
    sock = socket.create_connection(("127.0.0.1", port), 30, (address, 0))
    sock.sendall(b"CONNECT %b:443 HTTP/1.1\r\nhost: %b:443\r\n\r\n" % ((TRACKER.encode(),) * 2))
    if b" 200 " not in sock.recv(4096):
        raise ConnectionError("refused")
    client = RawClient(context.wrap_socket(sock, server_hostname=TRACKER))  # type: ignore[attr-defined]
    if not client.ask(REQUEST)[0]:
        raise ConnectionError("no answer")
    client.received.clear()
    return client


def open_all(port: int, address: str, wanted: int, seconds: float, ca: str) -> None:
    """What the child does."""
    context = client_context(Path(ca).read_text())
    end = time.monotonic() + seconds
    clients: list[RawClient] = []
    bound = ""
    try:
        while len(clients) < wanted and not bound:
            clients.append(connect(port, address, context))
            bound = "time" if time.monotonic() > end else ""
    except OSError as error:
        bound = f"{type(error).__name__}: {error}"
    print(json.dumps({"open": len(clients), "bound": bound}), flush=True)
    sys.stdin.readline()
    silent = sum(not client.ask(REQUEST)[0] for client in clients)
    print(json.dumps({"silent": silent}), flush=True)


# --- the parent ---


def hold(folder: Path, wanted: int, clients: int, workers: int, seconds: float) -> int:
    """Open, wait, ask again; prints the figures. Gives how many are missing or silent."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    school = School(folder, count=20)
    ca = school.write_ca(folder / "ca.pem")
    with contextlib.ExitStack() as stack, Served(school.root, {}, workers=workers) as gateway:
        with contextlib.closing(connect(gateway.port, "127.0.0.1", client_context(ca.read_text()))):
            before, _ = memory(gateway.pid)
        share = -(-wanted // clients)
        told = []
        for number in range(clients):
            words = (gateway.port, f"127.0.0.{10 + number}", share, seconds, ca)
            command = [sys.executable, "-m", "benchmarks.idle", "--child", *map(str, words)]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            told.append(stack.enter_context(child))
        opened = [_hear(child.stdout) for child in told]
        time.sleep(SETTLE)
        after, descriptors = memory(gateway.pid)
        for child in told:
            assert child.stdin is not None
            child.stdin.write(b"\n")
            child.stdin.flush()
        silent = sum(int(_hear(child.stdout)["silent"]) for child in told)
    count = sum(int(one["open"]) for one in opened)
    bounds = {str(one["bound"]) for one in opened if one["bound"]}
    print(
        f"{count} of {wanted} idle connections held by {workers} workers (open files: {hard}, "
        f"the gateway has {descriptors}); {(after - before) / max(1, count) * 1000 / 1e6:.0f} MB "
        f"for 1,000; {silent} no longer answered{'; bounded by ' if bounds else ''}"
        f"{', '.join(sorted(bounds))}"
    )
    return silent + wanted - count


def _hear(pipe: IO[bytes] | None) -> dict[str, object]:
    assert pipe is not None
    document: dict[str, object] = json.loads(pipe.readline())
    return document


def main() -> int:
    """Run and print."""
    if sys.argv[1:2] == ["--child"]:
        port, address, wanted, seconds, ca = sys.argv[2:]
        open_all(int(port), address, int(wanted), float(seconds), ca)
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4, help="processes that open them")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=600, help="the longest to open them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        missing = hold(root, given.connections, given.clients, given.workers, given.seconds)
    return 1 if missing > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
