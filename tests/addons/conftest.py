"""What tests of the mitmproxy door share: a stage with the authorities of both sides."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from addons.background import BackgroundWorker
from proxy.ca import create_ca
from tests.sim.authority import CloudAuthority, client_context
from tests.sim.gateway import gateway, gateway_pem
from tests.sim.h2_peers import H2Client, H2Server
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawServer, Script
from tests.sim.ws_peers import WebSocketServer, connect_websocket

HOST = "cloud.example"


class Stage:
    """Makes clouds, gateways and clients that trust each other as in life."""

    host = HOST

    def __init__(self, directory: Path) -> None:
        self.ca_dir = directory / "ca"
        create_ca(self.ca_dir)
        self.authority = CloudAuthority(directory)
        self.h1 = client_context(gateway_pem(self.ca_dir))
        self.h2 = client_context(gateway_pem(self.ca_dir), ("h2", "http/1.1"))

    def offering(self, *alpn: str) -> ssl.SSLContext:
        """A client context with another ALPN list."""
        return client_context(gateway_pem(self.ca_dir), alpn)

    def cloud(self, script: Script, alpn: tuple[str, ...] = ("http/1.1",)) -> RawServer:
        """An HTTP/1 service of raw bytes."""
        return RawServer(script, self.authority.server_context(HOST, alpn=alpn))

    def h2_cloud(self, *args: Any, **kwargs: Any) -> H2Server:
        """An HTTP/2 service."""
        return H2Server(self.authority.server_context(HOST, alpn=("h2",)), *args, **kwargs)

    def websocket_cloud(self, *args: Any) -> WebSocketServer:
        """A WebSocket service that echoes."""
        return WebSocketServer(self.authority.server_context(HOST), *args)

    def gateway(self, cloud: Any, *addons: object, **kwargs: Any) -> BackgroundWorker:
        """Our gateway before ``cloud``."""
        resolve = {HOST: cloud.address}
        return gateway(self.ca_dir, addons, resolve, self.authority.pem, **kwargs)

    def client(self, proxy: Any, **kwargs: Any) -> RawClient:
        """An HTTP/1 client through ``proxy``."""
        return RawClient.connect(proxy.port, HOST, self.h1, **kwargs)

    def h2_client(self, proxy: Any) -> H2Client:
        """An HTTP/2 client through ``proxy``."""
        return H2Client.connect(proxy.port, HOST, self.h2)

    def websocket(self, proxy: Any) -> Any:
        """A WebSocket client through ``proxy``."""
        return connect_websocket(proxy.port, HOST, self.h1)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One for the whole run: making authorities costs time."""
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="session")
def ca_dir(stage: Stage) -> Path:
    """A site's CA directory."""
    return stage.ca_dir


@pytest.fixture(scope="session")
def cloud_authority(stage: Stage) -> CloudAuthority:
    """Signs the simulated services."""
    return stage.authority


@pytest.fixture(scope="session")
def h1_client(stage: Stage) -> ssl.SSLContext:
    """A client context that trusts the gateway and offers HTTP/1."""
    return stage.h1


@pytest.fixture(scope="session")
def h2_client(stage: Stage) -> ssl.SSLContext:
    """A client context that trusts the gateway and offers HTTP/2 and HTTP/1."""
    return stage.h2
