"""The whole gateway, and bare mitmproxy beside it, before the same service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.site import load_site
from tests.sim.gateway import BareMitmproxy
from tests.sim.school import HOST, SERVICE, SERVICE_YAML, OpenSchool, School
from tests.sim.ws_peers import WebSocketServer


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    """A site of this module; what cannot be read passes, as it does through mitmproxy."""
    school = School(tmp_path_factory.mktemp("conform"), count=20)
    text = SERVICE_YAML.replace("treatment: inspect\n", "treatment: inspect\nopaque: allow\n")
    school.write(f"services/{SERVICE}.yaml", text)
    return school


@pytest.fixture(scope="module")
def echo(school: School) -> Iterator[WebSocketServer]:
    """A WebSocket service that echoes."""
    with WebSocketServer(school.tls()) as server:
        yield server


@pytest.fixture(scope="module")
def opened(school: School, echo: WebSocketServer) -> Iterator[OpenSchool]:
    """The gateway before the echo."""
    with school.open_to(echo) as opened:
        yield opened


@pytest.fixture(scope="module")
def bare(
    school: School, echo: WebSocketServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BareMitmproxy]:
    """mitmproxy as it comes before the same echo, with the same CA."""
    folder: Path = tmp_path_factory.mktemp("bare")
    shutil.copytree(load_site(school.root).ca_dir, folder / "ca")
    proxy = BareMitmproxy(
        folder / "ca", school.authority.pem, folder / "names.json", "class A: pass"
    )
    proxy.resolve(HOST, echo.address)
    with proxy:
        yield proxy
