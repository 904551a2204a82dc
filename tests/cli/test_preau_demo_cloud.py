"""The demo's cloud: one silent or rude client changes nothing for the others, nor on screen."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.demo.authority import CloudFiles, make_cloud_files
from proxy.demo.cloud import HOSTS, SERVICE, Cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[tuple[Cloud, CloudFiles]]:
    files = make_cloud_files(tmp_path, HOSTS)
    cloud = Cloud(files.certificate, files.key)
    cloud.start()
    yield cloud, files
    cloud.stop()


def asked(cloud: Cloud, files: CloudFiles) -> int:
    """Status of the class page, asked for without the gateway."""
    context = ssl.create_default_context(cafile=str(files.authority))
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as sock:
        connection = http.client.HTTPConnection(SERVICE)
        connection.sock = context.wrap_socket(sock, server_hostname=SERVICE)
        connection.request("GET", "/")
        return connection.getresponse().status


def test_a_client_that_says_nothing_holds_up_nobody(cloud: tuple[Cloud, CloudFiles]) -> None:
    with socket.create_connection(("127.0.0.1", cloud[0].port)):
        assert asked(*cloud) == 200
        assert cloud[0].connections == [SERVICE]


def test_a_client_that_breaks_off_is_no_news(
    cloud: tuple[Cloud, CloudFiles], capfd: pytest.CaptureFixture[str]
) -> None:
    for sent in (b"", b"not TLS at all\r\n\r\n"):
        rude = socket.create_connection(("127.0.0.1", cloud[0].port))
        rude.sendall(sent)
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        rude.close()
    assert asked(*cloud) == 200
    assert capfd.readouterr() == ("", "")
