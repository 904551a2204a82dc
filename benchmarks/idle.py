"""How many idle connections the gateway holds, and what they cost.

    python -m benchmarks.idle --connections 10000

Each is a TLS connection through the gateway that has had one answer and then waits. It takes a
descriptor of this process and one of a worker, so the limit of open files bounds what can be
reached, as do --seconds and the site's own limits; what was reached is printed. At the end all
of them must still answer.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.soak import processes
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import wait_for
from tests.sim.school import TRACKER, School
from tests.sim.served import Served

REQUEST = b"GET /t.js HTTP/1.1\r\nhost: %s\r\n\r\n" % TRACKER.encode()
"""Answered by the gateway itself: no upstream connection mingles with what is measured."""


def memory(pid: int) -> int:
    """Proportional set of the gateway's processes, in bytes: shared pages count once."""
    total = 0
    for one in processes(pid):
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(text.partition("\nPss:")[2].split()[0]) << 10
    return total


def hold(folder: Path, wanted: int, seconds: float) -> int:
    """Open, wait, ask again; prints the figures. Gives how many no longer answered."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    reachable = min(wanted, hard - 200)
    school = School(folder, count=20)
    context = client_context(school.write_ca(folder / "ca.pem").read_text())
    with contextlib.ExitStack() as stack, Served(school.root, {}, workers=2) as gateway:
        before = memory(gateway.pid)
        clients = []
        end = time.monotonic() + seconds
        while len(clients) < reachable and time.monotonic() < end:
            client = stack.enter_context(RawClient.connect(gateway.port, TRACKER, context))
            assert client.ask(REQUEST)[0], "no answer"
            clients.append(client)
        wait_for(lambda: False, 2)
        grown = memory(gateway.pid) - before
        silent = sum(not client.ask(REQUEST)[0] for client in clients)
    count = len(clients)
    print(
        f"{count} of {wanted} idle connections held (open files: {hard}), "
        f"{grown / max(1, count) / 1024:.0f} KiB each, {silent} no longer answered"
    )
    return silent


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600, help="the longest to open them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 1 if hold(Path(folder), given.connections, given.seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
