"""A cloud that keeps what it receives and sends it back, over HTTP/1.1 or HTTP/2."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.sim.h2_peers import H2Answer, H2Message, H2Server
from tests.sim.raw_server import RawConnection, RawServer

PATIENCE = 100
"""Seconds that an idle connection is kept: the oracle takes its time between two requests."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cloud answers, before framing."""

    body: bytes
    fields: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came: ``head`` with its line, ``body`` without chunk framing."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        """All of it, for the oracle."""
        return self.head + self.body

    def field(self, name: str) -> bytes:
        """The first value of a header field."""
        match = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*([^\r\n]*)", self.head)
        return match[1] if match else b""


def echo(request: Received) -> Answer:
    """The body as it came, declared as it was."""
    kept = ("content-type", "content-encoding")
    fields = [(name, request.field(name)) for name in kept if request.field(name)]
    return Answer(request.body, fields)


type Reply = Callable[[Received], Answer]


class Mirror(RawServer):
    """Speaks HTTP/1.1. ``reply`` may be changed between two requests."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(self._play, tls)
        self.requests: list[Received] = []
        self.reply: Reply = echo
        self.chunked = False

    def _play(self, connection: RawConnection) -> None:
        connection.sock.settimeout(PATIENCE)
        while True:
            before = len(connection.received)
            head, body, trailers = connection.read_message()
            if not head:
                if len(connection.received) > before:
                    self.requests.append(Received(bytes(connection.received[before:]), b""))
                return
            request = Received(head, body + trailers)
            self.requests.append(request)
            try:
                answer = self.reply(request)
            except Exception as error:  # it must not look like a gateway's failure
                answer = Answer(f"the cloud failed: {error!r}".encode())
            connection.send(self._framed(answer))

    def _framed(self, answer: Answer) -> bytes:
        lines = [name.encode() + b": " + value for name, value in answer.fields]
        if self.chunked:
            lines.append(b"transfer-encoding: chunked")
            body = b"".join(
                b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut(answer.body, 701)
            )
            body += b"0\r\n\r\n"
        else:
            lines.append(b"content-length: %d" % len(answer.body))
            body = answer.body
        return b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", body))


class H2Mirror(H2Server):
    """The same over HTTP/2."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(tls, self._play)
        self.received: list[Received] = []
        self.reply: Reply = echo

    def _play(self, message: H2Message) -> H2Answer:
        fields = [*message.headers, *message.trailers]
        head = b"".join(b"%b: %b\r\n" % (name.lstrip(b":"), value) for name, value in fields)
        request = Received(head, message.body)
        self.received.append(request)
        answer = self.reply(request)
        return H2Answer(body=answer.body, fields=[(n.encode(), v) for n, v in answer.fields])


def cut(body: bytes, size: int) -> list[bytes]:
    """``body`` in pieces."""
    return [body[at : at + size] for at in range(0, len(body), size)]
