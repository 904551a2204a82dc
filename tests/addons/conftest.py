"""What tests of the mitmproxy door share: the two authorities."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from proxy.ca import create_ca
from tests.sim.authority import CloudAuthority, client_context
from tests.sim.gateway import gateway_pem


@pytest.fixture(scope="session")
def ca_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site's CA directory."""
    directory = tmp_path_factory.mktemp("site") / "ca"
    create_ca(directory)
    return directory


@pytest.fixture(scope="session")
def cloud_authority(tmp_path_factory: pytest.TempPathFactory) -> CloudAuthority:
    """Signs the simulated services."""
    return CloudAuthority(tmp_path_factory.mktemp("cloud"))


@pytest.fixture(scope="session")
def h1_client(ca_dir: Path) -> ssl.SSLContext:
    """A client context that trusts the gateway and offers HTTP/1."""
    return client_context(gateway_pem(ca_dir))


@pytest.fixture(scope="session")
def h2_client(ca_dir: Path) -> ssl.SSLContext:
    """A client context that trusts the gateway and offers HTTP/2 and HTTP/1."""
    return client_context(gateway_pem(ca_dir), ("h2", "http/1.1"))
