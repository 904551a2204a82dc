"""One gateway of several processes for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proxy.supervisor.supervisor_scene import (
    OTHERS,
    WEBSOCKET,
    Fleet,
    always_ok,
    ask_all,
    exists,
    soon,
)
from tests.sim.raw_server import RawServer
from tests.sim.school import BANK, HOST, SERVICE, SERVICE_YAML, School
from tests.sim.served import Served
from tests.sim.ws_peers import WebSocketServer


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One gateway with two workers for all tests: each leaves it whole."""
    folder = tmp_path_factory.mktemp("fleet")
    school = School(folder, count=20)
    hosts = ", ".join((HOST, WEBSOCKET, *OTHERS))
    school.write(f"services/{SERVICE}.yaml", SERVICE_YAML.replace(f"[{HOST}]", f"[{hosts}]"))
    ca = school.write_ca(folder / "ca.pem")
    with (
        RawServer(always_ok, school.tls(HOST, BANK, *OTHERS)) as cloud,
        WebSocketServer(school.tls(WEBSOCKET)) as sockets,
    ):
        names = dict.fromkeys((HOST, BANK, *OTHERS), cloud.address)
        names |= {WEBSOCKET: sockets.address}
        with Served(school.root, names, workers=2, options=("--silence", "5")) as gateway:
            yield Fleet(school, gateway, ca, lambda: cloud.everything)
            children = [int(p["pid"]) for p in ask_all(school.root / "state/run")]
            assert gateway.stop() == 0, gateway.said
        assert soon(lambda: not any(map(exists, children)), 5)
        assert "Traceback" not in gateway.said, gateway.said
