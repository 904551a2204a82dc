"""What passing a connection unread costs, against Squid and HAProxy.

    python -m benchmarks.tunnels

Processor milliseconds of the proxy for a new tunnelled connection with one request in it, and for
a megabyte that passes. Squid takes CONNECT as we do; HAProxy passes TCP to one place by itself and
takes none, so it is the floor and no equal. What is not installed is left out
(``python scripts/tools.py haproxy squid`` as root on Debian brings them).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.latency import stage
from benchmarks.soak import processes
from benchmarks.stage import cpu_seconds
from proxy.demo.cloud import BANK
from proxy.demo.people import cast
from proxy.demo.site import SCHOOL
from scripts import tools
from tests.sim.served import Served

CONNECTIONS = 150
MEGABYTES = 128
ROUNDS = 3

HAPROXY = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen tunnel
  bind 127.0.0.1:{port}
  server origin 127.0.0.1:{origin}
"""
SQUID = """\
http_port 127.0.0.1:{port}
http_access allow all
pid_filename none
access_log none
cache_log /dev/null
cache deny all
cache_mem 8 MB
coredump_dir none
netdb_filename none
mime_table /dev/null
unlinkd_program /bin/true
icon_directory {folder}
shutdown_lifetime 1 seconds
cache_effective_user nobody
"""


@dataclass
class Contestant:
    """A proxy that runs, and what a client has to say to it first."""

    name: str
    port: int
    pid: int
    connect: str
    """The authority of the CONNECT; empty where none is asked for."""


def free_port() -> int:
    """One that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def program(
    name: str, words: list[str], text: str, folder: Path, origin: int
) -> Iterator[Contestant]:
    """A peer on a free port, with its configuration."""
    found = tools.find(name)
    assert found is not None
    port = free_port()
    file = folder / f"{name}.conf"
    file.write_text(text.format(port=port, origin=origin, folder=folder))
    log = (folder / f"{name}.out").open("wb")
    process = subprocess.Popen([found, *words, str(file)], stdout=log, stderr=log)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            if process.poll() is not None:
                raise SystemExit(f"{name} ended with {process.returncode}")
            time.sleep(0.05)
        authority = f"127.0.0.1:{origin}" if name == "squid" else ""
        yield Contestant(name, port, process.pid, authority)
    finally:
        process.terminate()  # killed, Squid leaves its shared memory behind
        process.wait()


async def opened(
    one: Contestant, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """TLS with the origin, through the proxy."""
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    if one.connect:
        writer.write(f"CONNECT {one.connect} HTTP/1.1\r\nHost: {one.connect}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())
    await writer.start_tls(context, server_hostname=BANK)
    return reader, writer


async def get(one: Contestant, context: ssl.SSLContext, size: int) -> None:
    """One download on a connection of its own."""
    reader, writer = await opened(one, context)
    writer.write(b"GET /blob/%d HTTP/1.1\r\nHost: %b\r\n\r\n" % (size, BANK.encode()))
    await reader.readuntil(b"\r\n\r\n")
    left = size
    while left > 0:
        data = await reader.read(1 << 18)
        if not data:
            raise ConnectionError("ended early")
        left -= len(data)
    writer.close()


def cpu(one: Contestant) -> float:
    """Of a proxy and its children."""
    return sum(map(cpu_seconds, processes(one.pid)))


async def measure(one: Contestant, context: ssl.SSLContext) -> tuple[float, float]:
    """Milliseconds a connection, and a megabyte."""
    before = cpu(one)
    for _ in range(CONNECTIONS):
        await get(one, context, 0)
    middle = cpu(one)
    await get(one, context, MEGABYTES << 20)
    return (middle - before) / CONNECTIONS * 1e3, (cpu(one) - middle) / MEGABYTES * 1e3


def main() -> int:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # Squid leaves root behind
        people = cast(20, school=SCHOOL)
        root, origin, trusted, _ = stack.enter_context(stage(folder, people))
        context = ssl.create_default_context(cafile=trusted)
        gateway = stack.enter_context(Served(root, {BANK: ("127.0.0.1", origin)}))
        running = [Contestant("preau", gateway.port, gateway.pid, f"{BANK}:443")]
        peers = {"haproxy": (["-db", "-f"], HAPROXY), "squid": (["-N", "-f"], SQUID)}
        for peer, (words, text) in peers.items():
            if tools.find(peer) is None:
                print(f"{peer} is left out: it is not installed")
                continue
            running.append(stack.enter_context(program(peer, words, text, folder, origin)))
        found: dict[str, list[tuple[float, float]]] = {one.name: [] for one in running}
        for _ in range(ROUNDS):
            for one in running:
                found[one.name].append(asyncio.run(measure(one, context)))
        print(f"{'':<10} {'ms a new tunnel':>16} {'ms a megabyte':>14}")
        for peer, times in found.items():
            print(f"{peer:<10} {min(t[0] for t in times):>16.2f} {min(t[1] for t in times):>14.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
