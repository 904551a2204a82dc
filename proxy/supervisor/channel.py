"""How the supervisor talks to a child: JSON, a document a line, over an inherited socket pair.

The supervisor asks (``{"do": …, "id": n}``), the child answers (``{"id": n, …}``). On its own
a child only says ``{"say": "ready" | "failed" | "last", …}``. The end of the line is the end
of the other side: that is how a child learns that its supervisor died, however it died.

``Channel`` is the supervisor's end and lives in its event loop; ``Lifeline`` is the end of
the children that have no loop (signer, audit writer). A worker uses ``Channel`` too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of a document: a worker's metrics are a few hundred thousand."""

type Document = dict[str, Any]


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends, closed in children that are not given one."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


class Channel:
    """One end, in an event loop."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        told: Callable[[Document], None],
    ) -> None:
        self._reader, self._writer, self._told = reader, writer, told
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Document]] = {}
        self.ended = asyncio.get_running_loop().create_task(self._read())
        """Done when the other side is gone."""

    @classmethod
    async def over(cls, end: socket.socket, told: Callable[[Document], None]) -> Channel:
        """Over one end of a pair; ``told`` gets whatever answers no question."""
        end.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=LINE_LIMIT)
        return cls(reader, writer, told)

    def fileno(self) -> int:
        """The descriptor, to be handed over at an upgrade."""
        return int(self._writer.get_extra_info("socket").fileno())

    def send(self, document: Document) -> None:
        """Say something; a side that is gone hears nothing, which shows as the line's end."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write(json.dumps(document).encode() + b"\n")

    async def ask(self, do: str, seconds: float, **details: Any) -> Document | None:
        """The answer, or ``None`` when none comes in time."""
        self._number += 1
        number = self._number
        future: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self.send({"do": do, "id": number, **details})
        try:
            return await asyncio.wait_for(future, seconds)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            self._waiting.pop(number, None)

    async def flush(self) -> None:
        """Have said what was said."""
        with contextlib.suppress(OSError):
            await self._writer.drain()
            self._writer.close()
            await self._writer.wait_closed()

    def close(self) -> None:
        """Hang up."""
        self.ended.cancel()
        self._writer.close()

    async def _read(self) -> None:
        with contextlib.suppress(OSError):
            while line := await self._reader.readline():
                with contextlib.suppress(ValueError):
                    self._hear(json.loads(line))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())

    def _hear(self, document: Document) -> None:
        future = self._waiting.get(document.get("id", 0)) if "do" not in document else None
        if future is not None and not future.done():
            future.set_result(document)
        elif "do" in document or "say" in document:
            self._told(document)


class Lifeline:
    """A child's end, without a loop."""

    def __init__(self, descriptor: int, linger: float) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._buffer = b""
        self.linger = linger
        """Seconds to stay when the supervisor is gone: workers that drain need the child."""

    def fileno(self) -> int:
        """To be watched for reading."""
        return self._socket.fileno()

    def say(self, word: str, **details: Any) -> None:
        """Tell the supervisor something it did not ask."""
        self._send({"say": word, **details})

    def answer(self, question: Document, **details: Any) -> None:
        """Answer a question."""
        self._send({"id": question.get("id", 0), **details})

    def questions(self) -> Iterator[Document]:
        """What has come; waits for it. Raises ``EOFError`` when the supervisor is gone."""
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if not data:
            raise EOFError
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        yield from map(json.loads, lines)

    def wait(self, seconds: float) -> Iterator[Document]:
        """As ``questions``, for at most so long."""
        self._socket.settimeout(seconds)
        return self.questions()

    def _send(self, document: Document) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(json.dumps(document).encode() + b"\n")
