"""The origin that every gateway under test talks to: HTTP/1.1 over TLS, echoes JSON bodies.

Run as ``python -m benchmarks.origin CERT KEY PORT_FILE`` in a process of its own.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path


class Echo(asyncio.Protocol):
    """Answers each complete request with its own body; enough HTTP for a fair load."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            if head.startswith(b"get /blob"):
                self.blob(int(head.split(b" ")[1].rpartition(b"/")[2]))
                self.buffer = self.buffer[end + 4 :]
                continue
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n")[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(b"application/json", body)

    def answer(self, kind: bytes, body: bytes) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
            % (kind, len(body), body)
        )

    def blob(self, size: int) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n"
            b"content-length: %d\r\n\r\n" % size
        )
        piece = bytes(1 << 16)
        for _ in range(size >> 16):
            self.transport.write(piece)


async def serve(certificate: str, key: str, port_file: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=context)
    Path(port_file).write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:4]))
