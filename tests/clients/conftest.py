"""One site and one gateway process for the clients that need nothing special of either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.clients_scene import H2_HOST, WS_HOST, Scene, classwork
from tests.sim.api_cloud import h1_cloud, h2_cloud
from tests.sim.school import HOST, SERVICE_YAML, School
from tests.sim.served import Served
from tests.sim.ws_peers import WebSocketServer


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A school whose gateway serves, in a process of its own."""
    folder = tmp_path_factory.mktemp("scene")
    school = School(folder, count=40)
    hosts = SERVICE_YAML.replace(f"[{HOST}]", f"[{HOST}, {H2_HOST}, {WS_HOST}]")
    school.write("services/nuage-classe.yaml", hosts)
    ca = school.write_ca(folder / "ca.pem")
    with (
        h1_cloud(school.tls(HOST), classwork) as h1,
        h2_cloud(school.tls(H2_HOST, alpn=("h2",)), classwork) as h2,
        WebSocketServer(school.tls(WS_HOST)) as websocket,
    ):
        names = {HOST: h1.address, H2_HOST: h2.address, WS_HOST: websocket.address}
        with Served(school.root, names) as gateway:
            yield Scene(school, gateway, h1, h2, websocket, ca)
