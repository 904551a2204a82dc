"""The shipped nftables file before the real gateway, with a pupil's machine that knows no proxy."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts import tools
from tests.deploy.deploy_namespaces import Namespace, can_make, plug
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import OK, RawServer, answer
from tests.sim.school import BANK, HOST, SITE_YAML, School
from tests.sim.served import ROOT, Served

RULES = ROOT / "deploy/nftables/preau.nft"
WORLD = "203.0.113.10"
pytestmark = [
    pytest.mark.needs("nft"),
    pytest.mark.skipif(not can_make(), reason="network namespaces need root"),
]


@dataclass
class Scene:
    """Who can be asked."""

    school: School
    pupil: Namespace
    cloud: RawServer
    gateway: Served
    ca: str

    def open(self, port: int = 443, address: str = WORLD) -> socket.socket:
        """A connection of the pupil's machine, to where it believes the service to be."""
        with self.pupil.entered():
            return socket.create_connection((address, port), timeout=10)

    def client(self, host: str | None, ca: str) -> RawClient:
        """TLS on it."""
        context = client_context(ca)
        context.check_hostname = host is not None
        return RawClient(context.wrap_socket(self.open(), server_hostname=host))


def _nft(*words: str) -> tuple[str, ...]:
    program = tools.find("nft")
    assert program is not None
    return (program, *words)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("transparent")
    site = SITE_YAML.replace("127.0.0.0/8", "10.9.0.0/16")
    school = School(folder, count=20, site=site)
    ca = school.write_ca(folder / "ca.pem").read_text()
    with contextlib.ExitStack() as stack:
        pupil, router, world = (Namespace() for _ in range(3))
        for one in (pupil, router, world):
            stack.callback(one.close)
        plug(pupil, "lan", router, "lan")
        plug(router, "wan", world, "wan")
        for one, name, address in (
            (pupil, "lan", "10.9.0.2/16"),
            (router, "lan", "10.9.0.1/16"),
            (router, "wan", "203.0.113.1/24"),
            (world, "wan", f"{WORLD}/24"),
        ):
            one.run("ip", "address", "add", address, "dev", name)
            one.run("ip", "link", "set", "lo", "up")
        pupil.run("ip", "route", "add", "default", "via", "10.9.0.1")
        world.run("ip", "route", "add", "default", "via", "203.0.113.1")
        router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        router.run(*_nft("-f", str(RULES)))
        with router.entered():
            cloud = stack.enter_context(RawServer(answer(OK), school.tls(HOST, BANK)))
            names = {HOST: cloud.address, BANK: cloud.address}
            options = ("--mode", "transparent")
            served = Served(school.root, names, 2, options, listen="0.0.0.0:8443")
            gateway = stack.enter_context(served)
        yield Scene(school, pupil, cloud, gateway, ca)
        assert gateway.stop() == 0, gateway.said
        assert "Traceback" not in gateway.said, gateway.said


def test_a_redirected_request_is_pseudonymised(scene: Scene) -> None:
    person = scene.school.people[0]
    body = f'{{"student": {{"familyName": "{person.family_name}"}}}}'.encode()
    before = len(scene.cloud.connections)
    with scene.client(HOST, scene.ca) as client:
        head = f"POST /v1/classwork HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n"
        answered = client.ask(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    assert answered[0].startswith(b"HTTP/1.1 200"), (answered, scene.gateway.said)
    sent = bytes(scene.cloud.connections[before].received)
    assert sent.startswith(b"POST /v1/classwork")
    assert b"familyName" in sent
    assert person.family_name.encode() not in sent


def test_a_host_that_is_never_read_is_tunnelled_to_its_name(scene: Scene) -> None:
    """The certificate is the service's own; the address that was dialled has nothing on it."""
    with scene.client(BANK, scene.school.authority.pem.read_text()) as client:
        answered = client.ask(f"GET / HTTP/1.1\r\nhost: {BANK}\r\n\r\n".encode())
    assert answered[0].startswith(b"HTTP/1.1 200")


def test_a_connection_without_a_name_is_closed(scene: Scene) -> None:
    with pytest.raises((ConnectionError, OSError)):
        scene.client(None, scene.ca)


def test_what_a_redirected_name_is_not_in_its_requests_is_refused(scene: Scene) -> None:
    before = len(scene.cloud.everything)
    with scene.client(HOST, scene.ca) as client:
        head, _, _ = client.ask(f"GET / HTTP/1.1\r\nhost: {BANK}\r\n\r\n".encode())
    assert head[9:12] in (b"400", b"403", b"421"), head
    assert len(scene.cloud.everything) == before


def test_plain_http_is_ruled_on_by_its_host_field(scene: Scene) -> None:
    with RawClient(scene.open(80)) as client:
        head, body, _ = client.ask(b"GET / HTTP/1.1\r\nhost: nobody.example\r\n\r\n")
    assert head[9:12] == b"403", head
    assert b"unknown-service" in head + body


def test_quic_is_refused_at_once(scene: Scene) -> None:
    with scene.pupil.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quic:
        quic.settimeout(5)
        quic.connect((WORLD, 443))
        quic.send(b"\xc0" + bytes(1199))
        with pytest.raises(ConnectionRefusedError):
            quic.recv(10)


@pytest.mark.parametrize("port", [853, 8080])
def test_ways_round_are_refused(scene: Scene, port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        scene.open(port)


def test_the_port_is_for_redirected_connections_only(scene: Scene) -> None:
    with pytest.raises(ConnectionRefusedError):
        scene.open(8443, "10.9.0.1")


def test_the_gateway_knows_who_asked(scene: Scene) -> None:
    """The source address is the pupil's: the site's network names the school."""
    events = "".join(
        path.read_text() for path in (scene.school.root / "state/audit/segments").iterdir()
    )
    assert '"group":"pupils"' in events.replace('": "', '":"')


def test_the_rules_are_accepted_by_nft() -> None:
    network = Namespace()
    try:
        network.run(*_nft("-c", "-f", str(RULES)))
    finally:
        network.close()


def test_the_rules_replace_themselves(tmp_path: Path) -> None:
    network = Namespace()
    try:
        for _ in range(2):
            network.run(*_nft("-f", str(RULES)))
        with network.entered():
            told = subprocess.run(
                _nft("list", "tables"), capture_output=True, text=True, check=True
            )
        assert told.stdout.split() == ["table", "inet", "preau"]
    finally:
        network.close()
