"""The scene of the leak test: 600 people, the real gateway, clouds that mirror, an oracle."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proxy.demo.people import Person, cast
from proxy.reasons import Reason
from tests.adversary.oracle import Oracle
from tests.leak.mirror import H2Mirror, Mirror, Received, cut
from tests.leak.spellings import Author, Said
from tests.sim.authority import client_context
from tests.sim.gateway import gateway_pem
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient
from tests.sim.school import HOST, SITE_YAML, OpenSchool, School

COUNT = 600
OTHER_HOST = "cahier.autre.example"
"""Another service, with field rules at every place."""
OTHER = "autre-cahier"
H2_HOST = "classe2.nuage.example"
"""The first service again, behind a cloud that speaks HTTP/2."""
VISITOR = "127.0.0.9"
"""The address of somebody in another school of the site."""

SITE = SITE_YAML.replace(
    "networks:\n",
    f"networks:\n  - {{network: {VISITOR}/32, school: 0759999Z, group: pupils}}\n",
)

OTHER_YAML = f"""\
service: {OTHER}
title: Le cahier d'un autre
purpose: Essais
supplier: {{name: Autre Exemple, country: FR, jurisdictions: [FR]}}
charter: {{adhered: yes, since: 2026-09-01, evidence: test}}
hosts: [{OTHER_HOST}]
treatment: inspect
headers:
  X-User: {{is: full_name}}
  X-Login: {{is: login}}
query:
  login: {{is: login, only_if: any_value}}
  nom: {{is: family_name, only_if: any_value}}
form:
  prenom: {{is: given_name}}
  nom: {{is: family_name}}
  eleve: {{is: full_name}}
  courriel: {{is: email}}
  tel: {{is: phone}}
fields:
  - {{at: "**.prenom", is: given_name}}
  - {{at: "**.nom", is: family_name}}
  - {{at: "**.eleve", is: full_name}}
  - {{at: "**.courriel", is: email, only_if: any_value}}
  - {{at: "**.login", is: login}}
  - {{at: "**.tel", is: phone, only_if: any_value}}
  - {{at: "**.ine", is: national_id, only_if: any_value}}
  - {{at: "**.numero", is: student_number}}
requests:
  - match: ANY /eleves/{{login}}/...
    path: {{login: login}}
"""


_FRAMED = re.compile(rb"(?i)\r\n(?:content-length|transfer-encoding):")


def _until_the_end(client: RawClient) -> bytes:
    """The body of an answer that ends with its connection (RFC 9112 § 6.3)."""
    while client.read():
        pass
    return client.read_exactly(2**30)


@dataclass(frozen=True, slots=True)
class Request:
    """What a test sends. ``framing``: ``length``, ``chunked`` or (HTTP/2) ``none``."""

    body: bytes = b""
    content_type: str = ""
    coding: str = ""
    target: str = "/v1/notes"
    method: str = "POST"
    fields: tuple[tuple[str, bytes], ...] = ()
    framing: str = "length"
    host: str = HOST

    def head_fields(self) -> list[tuple[bytes, bytes]]:
        """All but what frames the body."""
        made = [(name.encode(), value) for name, value in self.fields]
        if b"accept" not in dict(made):
            made.append((b"accept", b"application/json"))
        if self.content_type:
            made.append((b"content-type", self.content_type.encode()))
        if self.coding:
            made.append((b"content-encoding", self.coding.encode()))
        return made

    def as_http1(self) -> bytes:
        """Bytes on the wire."""
        lines = [f"{self.method} {self.target} HTTP/1.1".encode(), b"host: " + self.host.encode()]
        lines += [name + b": " + value for name, value in self.head_fields()]
        body = self.body
        if self.framing == "chunked":
            lines.append(b"transfer-encoding: chunked")
            pieces = [b"%x\r\n%b\r\n" % (len(p), p) for p in cut(body, 257)]
            body = b"".join(pieces) + b"0\r\n\r\n"
        elif body:
            lines.append(b"content-length: %d" % len(body))
        return b"\r\n".join((*lines, b"", body))


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What came of a request: the answer, and what the cloud got of it (``None``: nothing)."""

    status: int
    head: bytes
    body: bytes
    received: Received | None

    @property
    def refusal(self) -> Reason | None:
        """The documented reason of a refusal; an undocumented one is an error."""
        if self.status < 400:
            return None
        match = re.search(rb'"reason":"([a-z-]+)"', self.body)
        assert match, f"status {self.status} without a reason: {self.body[:200]!r}"
        return Reason(match[1].decode())

    def field(self, name: str) -> bytes:
        """The first value of an answer's header field."""
        match = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*([^\r\n]*)", self.head)
        return match[1] if match else b""


@dataclass(slots=True)
class Tally:
    """What the run covered."""

    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    bytes_sent: int = 0
    refused: int = 0
    exact: int = 0
    equal: int = 0
    combinations: set[tuple[str, str]] = field(default_factory=set)
    """(where, spelling)"""

    def line(self, people: int) -> str:
        """For a person."""
        seconds = time.monotonic() - self.started
        return (
            f"leak test: {self.requests} requests ({self.requests / seconds:.0f}/s with all "
            f"checks), {people} people, {len(self.combinations)} combinations of format, nesting "
            f"and spelling; answers {self.exact} byte for byte, {self.equal} equal once read; "
            f"{self.refused} refused"
        )


class Scene:
    """Sends through the gateway and looks at both ends."""

    def __init__(self, school: OpenSchool, cloud: Mirror, h2_cloud: H2Mirror) -> None:
        self.school = school
        self.cloud, self.h2_cloud = cloud, h2_cloud
        self.oracle = Oracle(school.people)
        self.author = Author(school.people)
        self.tally = Tally()
        self._h1: dict[tuple[str, str], RawClient] = {}
        self._h2: dict[str, H2Client] = {}

    @property
    def people(self) -> list[Person]:
        """The cast."""
        return self.school.people

    def send(self, request: Request, *, h2: bool = False, source: str = "127.0.0.1") -> Exchanged:
        """Through the gateway, and back."""
        self.tally.requests += 1
        self.tally.bytes_sent += len(request.body)
        seen = self._seen(request.host)
        before = len(seen)
        status, head, body = self._h2_ask(request) if h2 else self._h1_ask(request, source)
        new = seen[before:]
        assert len(new) <= 1, "one request, one arrival"
        if status >= 400:
            self.tally.refused += 1
        return Exchanged(status, head, body, new[0] if new else None)

    def note(self, where: str, said: Sequence[Said]) -> None:
        """Count what was covered."""
        for item in said:
            self.tally.combinations |= {(where, spelling) for spelling in item.spellings}

    def leaks(self, exchanged: Exchanged, said: Sequence[Said]) -> list[str]:
        """What the cloud could learn about anybody, as lines for a failure message."""
        if exchanged.received is None:
            return []
        here = [person for item in said for person in item.people]
        return [str(leak) for leak in self.oracle.near(exchanged.received.whole, here)]

    def close(self) -> None:
        """Close all connections."""
        for client in (*self._h1.values(), *self._h2.values()):
            client.close()

    # --- clients ---

    def _seen(self, host: str) -> list[Received]:
        return self.h2_cloud.received if host == H2_HOST else self.cloud.requests

    def _h1_ask(self, request: Request, source: str) -> tuple[int, bytes, bytes]:
        for _ in range(2):
            key = (request.host, source)
            client = self._h1.get(key)
            if client is None:
                client = self._h1[key] = self._connect(request.host, source)
            head, body, trailers = client.ask(request.as_http1())
            if head and not _FRAMED.search(head):
                body = _until_the_end(client)
                head = head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
            if not head or b"connection: close" in head.lower():
                client.close()
                del self._h1[key]
            if head:
                return int(head.split()[1]), head, body + trailers
        raise AssertionError("the gateway closed the connection without an answer")

    def _connect(self, host: str, source: str) -> RawClient:
        sock = socket.create_connection(
            ("127.0.0.1", self.school.port), timeout=20, source_address=(source, 0)
        )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(4096)
        context = client_context(gateway_pem(self.school.runtime.site.ca_dir))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return RawClient(context.wrap_socket(sock, server_hostname=host))

    def _h2_ask(self, request: Request) -> tuple[int, bytes, bytes]:
        fields = request.head_fields()
        if request.framing == "length" and request.body:
            fields.append((b"content-length", b"%d" % len(request.body)))
        for _ in range(2):
            client = self._h2.get(request.host)
            if client is None or client.ended:
                client = self._h2[request.host] = self.school.h2_client(request.host)
            stream = client.request(
                request.host, request.target, request.method, request.body or None, fields
            )
            answer = client.wait(stream)
            if answer.headers:
                break
            client.close()  # the connection had been idle for too long
        head = b"".join(b"%b: %b\r\n" % pair for pair in answer.headers)
        assert answer.headers, "the stream was reset without an answer"
        return answer.status, head, answer.body


@contextlib.contextmanager
def open_scene(folder: Path) -> Iterator[Scene]:
    """A school before two clouds."""
    school = School(folder, COUNT, SITE)
    school.write(f"services/{OTHER}.yaml", OTHER_YAML)
    service = (school.root / "services/nuage-classe.yaml").read_text(encoding="utf-8")
    school.write("services/nuage-classe.yaml", service.replace(f"[{HOST}]", f"[{HOST}, {H2_HOST}]"))
    tls = school.tls(HOST, OTHER_HOST)
    with (
        Mirror(tls) as cloud,
        H2Mirror(school.tls(H2_HOST, alpn=("h2",))) as h2_cloud,
        school.open_to(cloud, {OTHER_HOST: cloud.address, H2_HOST: h2_cloud.address}) as opened,
    ):
        scene = Scene(opened, cloud, h2_cloud)
        yield scene
        scene.close()


__all__ = ["HOST", "cast"]
