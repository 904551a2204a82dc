"""The socket of a gateway, or of a single process: for ``preau status`` and ``preau upgrade``.

One question a connection, a JSON document a line: ``{"do": VERB}``, and the verb is ``status``,
``reload``, ``roll`` or ``upgrade``.
Only this user and root are answered. Nothing here can weaken a protection: no policy, no
key and no person can be named.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from proxy.supervisor import local_socket

SOCKET = "control"
_MOST_QUESTION = 4096
_TIMEOUT = 5.0
_MOST_ANSWER = 4 * 1024 * 1024

type Verb = Callable[[], Awaitable[Mapping[str, Any]]]


class Control:
    """Answers with what the verb of the question gives."""

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self._verbs = verbs
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Answer on a socket that listens already."""
        self._server = await asyncio.start_server(
            self._serve, sock=listener.dup(), limit=_MOST_QUESTION
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            if local_socket.is_ours(writer.get_extra_info("socket")):
                line = await asyncio.wait_for(reader.readline(), _TIMEOUT)
                verb = self._verbs.get(str(json.loads(line).get("do")))
                answer = await verb() if verb else {"problem": "unknown verb"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()


def ask(run: Path, do: str, timeout: float = _TIMEOUT) -> dict[str, Any] | None:
    """The gateway's answer; ``None`` when none runs here."""
    try:
        with local_socket.connect(run, SOCKET, socket.SOCK_STREAM, timeout) as connection:
            connection.sendall(json.dumps({"do": do}).encode() + b"\n")
            answer = b""
            while data := connection.recv(65536):
                answer += data
                if len(answer) > _MOST_ANSWER:
                    return None
    except (OSError, TimeoutError):
        return None
    try:
        document = json.loads(answer)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
