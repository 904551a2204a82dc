"""One service with three hosts before one gateway, for clients that need nothing special."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.demo.people import Person
from tests.sim.api_cloud import Asked, Told
from tests.sim.school import School
from tests.sim.served import Served
from tests.sim.ws_peers import WebSocketServer

H2_HOST = "h2.nuage.example"
"""The same service over HTTP/2."""
WS_HOST = "direct.nuage.example"
"""The same service's WebSocket."""


@dataclass(frozen=True)
class Scene:
    """Who is there: a pupil, the gateway, and three hosts of one service."""

    school: School
    gateway: Served
    h1: Any
    h2: Any
    websocket: WebSocketServer
    ca: Path

    @property
    def pupil(self) -> Person:
        """The first of the cast."""
        return self.school.people[0]

    @property
    def received(self) -> bytes:
        """All that the service received over HTTP."""
        return bytes(self.h1.everything + self.h2.everything)


def classwork(asked: Asked) -> Told:
    """Echo what came, as APIs do; gzip where the client takes it; a page that never changes."""
    if asked.headers.get("if-none-match") == '"v1"':
        return Told(304, headers={"etag": '"v1"'})
    if asked.method in ("GET", "HEAD"):
        return Told(body=b"a page", headers={"content-type": "text/plain", "etag": '"v1"'})
    headers = {"content-type": asked.headers.get("content-type", "text/plain")}
    if "gzip" not in asked.headers.get("accept-encoding", ""):
        return Told(body=asked.body, headers=headers)
    return Told(body=gzip.compress(asked.body), headers=headers | {"content-encoding": "gzip"})
