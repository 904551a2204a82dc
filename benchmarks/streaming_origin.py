"""An origin of long bodies: ``GET /KIND/BYTES`` sends one, ``POST`` counts what comes.

Run as ``python -m benchmarks.streaming_origin CERT KEY PORT_FILE``. It never holds a body.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

_RECORD = {
    "courseId": "358120441207",
    "title": "Exposé sur les volcans d'Auvergne",
    "state": "TURNED_IN",
    "late": False,
    "points": 14.5,
    "text": "Bien construit, sources à citer. " * 6,
}
KINDS: dict[str, tuple[str, bytes]] = {
    "opaque": ("application/octet-stream", bytes(range(128, 256)) * 8),
    "json": ("application/json", json.dumps(_RECORD, ensure_ascii=False).encode() + b",\n"),
    "text": ("text/plain; charset=utf-8", ("Bien construit, à citer. " * 6 + "\n").encode()),
}


def body(kind: str, size: int) -> tuple[bytes, bytes, bytes, int]:
    """What a body begins with, repeats, ends with, and how often it repeats."""
    piece = KINDS[kind][1]
    piece *= max(1, 65536 // len(piece))
    count = max(1, size // len(piece))
    if kind == "json":
        return b'{"value":[', piece, b"{}]}", count
    return b"", piece, b"", count


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            method, path, _ = head.split(" ", 2)
            if method == "get":
                await _send(writer, path)
            else:
                count = await _count(reader)
                text = b"%d" % count
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _send(writer: asyncio.StreamWriter, path: str) -> None:
    _, kind, size = path.split("/")
    begin, piece, end, count = body(kind, int(size))
    length = len(begin) + len(piece) * count + len(end)
    fields = f"content-type: {KINDS[kind][0]}\r\ncontent-length: {length}\r\n\r\n"
    writer.write(b"HTTP/1.1 200 OK\r\n" + fields.encode() + begin)
    for _ in range(count):
        writer.write(piece)
        await writer.drain()
    writer.write(end)


async def _count(reader: asyncio.StreamReader) -> int:
    """Bytes of a chunked body."""
    total = 0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readexactly(2)
    return total


async def serve(certificate: str, key: str, port_file: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, ssl=context)
    Path(port_file).write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:4]))
