"""A bounded load: keep-alive POSTs over CONNECT and TLS, and one large download."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Where to send, and through which proxy (``None``: straight to the origin)."""

    host: str
    origin_port: int
    proxy_port: int | None
    ca_file: str


async def connect(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TLS connection to the host, through the proxy if there is one."""
    context = ssl.create_default_context(cafile=target.ca_file)
    if target.proxy_port is None:
        return await asyncio.open_connection(
            "127.0.0.1", target.origin_port, ssl=context, server_hostname=target.host
        )
    reader, writer = await asyncio.open_connection("127.0.0.1", target.proxy_port)
    authority = f"{target.host}:443"
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.split(b"\r\n")[0].decode())
    await writer.start_tls(context, server_hostname=target.host)
    return reader, writer


async def post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, body: bytes
) -> bytes:
    """One POST on an open connection; the answer's body."""
    writer.write(
        b"POST /v1/classwork HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (host.encode(), len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.split(b"\r\n")[0].decode())
    mark = head.lower().find(b"content-length:")
    length = int(head[mark + 15 :].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def posts(
    target: Target, body: Callable[[int], bytes], connections: int, seconds: float
) -> tuple[int, float]:
    """Requests done, and the seconds they took, over keep-alive connections."""
    done = 0
    opened = [await connect(target) for _ in range(connections)]
    for reader, writer in opened:
        await post(reader, writer, target.host, body(0))
    started = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal done
        reader, writer = opened[number]
        while time.perf_counter() - started < seconds:
            sent = body(done)
            answer = await post(reader, writer, target.host, sent)
            if answer != sent:
                raise AssertionError("the answer is not what was sent")
            done += 1

    await asyncio.gather(*(client(number) for number in range(connections)))
    elapsed = time.perf_counter() - started
    for _, writer in opened:
        writer.close()
    return done, elapsed


async def download(target: Target, size: int) -> float:
    """Bytes per second of one download."""
    reader, writer = await connect(target)
    started = time.perf_counter()
    writer.write(b"GET /blob/%d HTTP/1.1\r\nHost: %b\r\n\r\n" % (size, target.host.encode()))
    await reader.readuntil(b"\r\n\r\n")
    left = size
    while left > 0:
        left -= len(await reader.read(1 << 18)) or left
    elapsed = time.perf_counter() - started
    writer.close()
    return size / elapsed
