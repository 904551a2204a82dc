"""A service written as one function from request to answer, served over HTTP/1.1 or HTTP/2.

with h1_cloud(tls, lambda asked: Told(body=asked.body)) as cloud: ...
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import responses
from typing import Any

from tests.sim.h2_peers import H2Answer, H2Message, H2Server
from tests.sim.raw_server import RawConnection, RawServer


@dataclass(frozen=True)
class Asked:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Told:
    """The answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: object, status: int = 200) -> Told:
        """A JSON answer, in UTF-8 as most services write it."""
        body = json.dumps(document, ensure_ascii=False).encode()
        return cls(status, body, {"content-type": "application/json; charset=UTF-8"})


type Answering = Callable[[Asked], Told]


def h1_cloud(tls: Any, answering: Answering) -> RawServer:
    """Over HTTP/1.1, keeping connections alive."""

    def script(connection: RawConnection) -> None:
        while (message := connection.read_message())[0]:
            asked = parse(message[0], message[1])
            connection.send(write(answering(asked), asked.method))

    return RawServer(script, tls)


def h2_cloud(tls: Any, answering: Answering) -> H2Server:
    """Over HTTP/2; ``tls`` must offer h2."""

    def respond(request: H2Message) -> H2Answer:
        fields = {name.decode().lower(): value.decode("latin-1") for name, value in request.headers}
        told = answering(Asked(fields[":method"], fields[":path"], fields, request.body))
        body = b"" if fields[":method"] == "HEAD" else told.body
        headers = [(name.encode(), value.encode()) for name, value in told.headers.items()]
        if told.status != 304:
            headers.append((b"content-length", str(len(told.body)).encode()))
        return H2Answer(told.status, body, headers)

    return H2Server(tls, respond)


def parse(head: bytes, body: bytes) -> Asked:
    """An HTTP/1 request from its head and body."""
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Asked(method, target, {name.lower(): value.strip() for name, _, value in pairs}, body)


def write(told: Told, method: str = "GET") -> bytes:
    """An HTTP/1 answer."""
    lines = [f"HTTP/1.1 {told.status} {responses[told.status]}"]
    lines += [f"{name}: {value}" for name, value in told.headers.items()]
    if told.status not in (204, 304):
        lines.append(f"content-length: {len(told.body)}")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head if method == "HEAD" or told.status in (204, 304) else head + told.body
