"""One site and one gateway process for the clients that need nothing special of either."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxy.ca import export_ca
from proxy.demo.people import Person
from proxy.site import load_site
from tests.sim.api_cloud import Asked, Told, h1_cloud, h2_cloud
from tests.sim.school import HOST, SERVICE_YAML, School
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


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A school whose gateway serves, in a process of its own."""
    folder = tmp_path_factory.mktemp("scene")
    school = School(folder, count=40)
    hosts = SERVICE_YAML.replace(f"[{HOST}]", f"[{HOST}, {H2_HOST}, {WS_HOST}]")
    school.write("services/nuage-classe.yaml", hosts)
    ca = folder / "ca.pem"
    ca.write_bytes(export_ca(load_site(school.root).ca_dir))
    with (
        h1_cloud(school.tls(HOST), classwork) as h1,
        h2_cloud(school.tls(H2_HOST, alpn=("h2",)), classwork) as h2,
        WebSocketServer(school.tls(WS_HOST)) as websocket,
    ):
        names = {HOST: h1.address, H2_HOST: h2.address, WS_HOST: websocket.address}
        with Served(school.root, names) as gateway:
            yield Scene(school, gateway, h1, h2, websocket, ca)
