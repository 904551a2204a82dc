"""Bodies rewritten as they pass: speed against a body that passes unread, and memory.

Through one gateway, one body after another. ``opaque`` is streamed as it is, which is the floor:
TLS, framing and the kernel. The rest is read whole stretch by stretch, nothing in it to change.
The peak of the gateway's memory is taken for a short body and for a long one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.load import Target, connect
from benchmarks.stage import cpu_seconds, start, wait_for
from benchmarks.streaming_origin import KINDS, body
from proxy.ca import export_ca
from proxy.demo.cloud import BANK, SERVICE
from proxy.site import load_site

SHORT = 10 << 20
AIM = 0.7


class Passed(NamedTuple):
    """One body: bytes, seconds, processor seconds of the gateway, its peak of memory."""

    size: int
    seconds: float
    cpu: float
    peak: int


def peak_of(pid: int) -> int:
    """The highest resident set so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0


async def download(target: Target, kind: str, size: int) -> int:
    """Bytes of one download."""
    reader, writer = await connect(target)
    request = f"GET /{kind}/{size} HTTP/1.1\r\nHost: {target.host}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.split(b"\r\n")[0].decode())
    total = 0
    while data := await reader.read(1 << 18):
        total += len(data)
        if data.endswith(b"0\r\n\r\n") or (kind == "opaque" and total >= size - 65536):
            break
    writer.close()
    return total


async def upload(target: Target, kind: str, size: int) -> int:
    """Bytes that an upload sent on."""
    reader, writer = await connect(target)
    begin, piece, end, count = body(kind, size)
    length = len(begin) + len(piece) * count + len(end)
    fields = f"Content-Type: {KINDS[kind][0]}\r\nContent-Length: {length}\r\n\r\n"
    writer.write(f"POST /up HTTP/1.1\r\nHost: {target.host}\r\n{fields}".encode() + begin)
    for _ in range(count):
        writer.write(piece)
        await writer.drain()
    writer.write(end)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.split(b"\r\n")[0].decode())
    writer.close()
    return length


def measure(pid: int, work: Any, target: Target, kind: str, size: int) -> Passed:
    """One body through the gateway ``pid``."""
    before, started = cpu_seconds(pid), time.perf_counter()
    passed = asyncio.run(work(target, kind, size))
    return Passed(passed, time.perf_counter() - started, cpu_seconds(pid) - before, peak_of(pid))


def run(folder: Path, root: Path, files: Any, megabytes: int) -> None:
    """Start a gateway and an origin of long bodies, and print the table."""
    port_file, gateway_file = folder / "long.port", folder / "streaming.port"
    command = ["-m", "benchmarks.streaming_origin", str(files.certificate), str(files.key)]
    origin = start([sys.executable, *command, str(port_file)], 1)
    try:
        port = wait_for(port_file, origin)
        command = ["-m", "benchmarks.gateway", str(root), SERVICE, BANK, str(port)]
        gateway = start([sys.executable, *command, str(gateway_file)], 0)
        try:
            ca_file = folder / "streaming-ca.pem"
            ca_file.write_bytes(export_ca(load_site(root).ca_dir))
            proxy = wait_for(gateway_file, gateway)
            _table(gateway.pid, Target(SERVICE, port, proxy, str(ca_file)), megabytes << 20)
        finally:
            gateway.kill()
            gateway.wait()
    finally:
        origin.kill()
        origin.wait()


def _table(pid: int, target: Target, size: int) -> None:
    print(f"{'streamed':<16} {'MB/s':>7} {'MB/CPU s':>9} {'of plain':>9} {'peak MB':>8}")
    measure(pid, download, target, "text", SHORT)
    floor = 0.0
    short = peak_of(pid)
    for work, kind in (
        (download, "opaque"),
        (download, "text"),
        (download, "json"),
        (upload, "text"),
        (upload, "json"),
    ):
        one = measure(pid, work, target, kind, size)
        by_cpu = one.size / max(one.cpu, 0.01) / 1e6
        floor = floor or by_cpu
        name = f"{kind} {'down' if work is download else 'up'}"
        rate = one.size / one.seconds / 1e6
        print(f"{name:<16} {rate:>7.0f} {by_cpu:>9.0f} {by_cpu / floor:>8.2f}× {one.peak >> 20:>8}")
    grown = (peak_of(pid) - short) >> 20
    print(f"memory: {short >> 20} MB after 10 MB, {grown} MB more after {size >> 20} MB of each")
