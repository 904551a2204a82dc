"""What a service and a client see of each other, direct and through the gateway.

The differences are those of ``docs/transparency.md``, no others, on both protocols and in both
directions; the table there and the one here are compared.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sim.authority import client_context
from tests.sim.h2_peers import H2Answer, H2Client, H2Message, H2Server
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, RawServer
from tests.sim.school import HOST, OpenSchool, School

DOCS = Path(__file__).parents[2] / "docs/transparency.md"

type Fields = list[tuple[bytes, bytes]]

REQUEST: Fields = [
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"fr,fr-FR;q=0.8,en;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd, dcb"),
    (b"cache-control", b"max-age=0"),
    (b"if-none-match", b'"abc"'),
    (b"authorization", b"Bearer abcdef"),
    (b"cookie", b"session=1; theme=dark"),
    (b"origin", b"https://%s" % HOST.encode()),
    (b"referer", b"https://%s/v1/before?x=1" % HOST.encode()),
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-mode", b"cors"),
    (b"x-requested-with", b"XMLHttpRequest"),
    (b"x-forwarded-for", b"10.1.2.3"),
    (b"forwarded", b"for=10.1.2.3"),
    (b"x-twice", b"one"),
    (b"x-twice", b"two"),
    (b"x-empty", b""),
    (b"priority", b"u=1, i"),
    (b"dnt", b"1"),
    (b"range", b"bytes=10-"),
]
ANSWER: Fields = [
    (b"date", b"Tue, 24 Nov 2026 10:00:00 GMT"),
    (b"server", b"nginx"),
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"4"),
    (b"cache-control", b"private, max-age=60"),
    (b"etag", b'W/"abc"'),
    (b"last-modified", b"Tue, 24 Nov 2026 09:00:00 GMT"),
    (b"vary", b"Accept-Encoding"),
    (b"set-cookie", b"a=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
    (b"set-cookie", b"b=2; Path=/"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"content-security-policy", b"default-src 'self'"),
    (b"access-control-allow-origin", b"https://%s" % HOST.encode()),
    (b"alt-svc", b'h3=":443"; ma=86400'),
    (b"accept-ranges", b"bytes"),
    (b"x-twice", b"one"),
    (b"x-twice", b"two"),
    (b"x-empty", b""),
    (b"server-timing", b"db;dur=53"),
]
LEAVING = {
    "forwarded": "removed",
    "x-forwarded-for": "removed",
    "accept-encoding": "changed",
    "range": "removed",
    "sec-gpc": "added",
}
RETURNING = {"alt-svc": "removed", "accept-ranges": "removed"}


@dataclass
class Pair:
    """One exchange: the fields that the service received, and those the client received."""

    request: Fields
    answer: Fields


def differences(direct: Fields, through: Fields) -> dict[str, str]:
    """By field: removed, added or changed (also in number or order of its values)."""
    found = {}
    for name in {name for name, _ in direct + through}:
        before = [value for other, value in direct if other == name]
        after = [value for other, value in through if other == name]
        if before != after:
            how = "changed" if before and after else "removed" if before else "added"
            found[name.decode()] = how
    return found


def _fields(head: bytes) -> Fields:
    lines = head.split(b"\r\n")[1:-2]
    return [(name.lower(), value.strip()) for name, _, value in (x.partition(b":") for x in lines)]


def _http1(school: School, opened: OpenSchool, cloud: RawServer, *, direct: bool) -> Pair:
    lines = b"".join(b"%s: %s\r\n" % field for field in [(b"host", HOST.encode()), *REQUEST])
    if direct:
        context = client_context(school.authority.pem)
        sock = context.wrap_socket(socket.create_connection(cloud.address), server_hostname=HOST)
        client = RawClient(sock)
    else:
        client = opened.client()
    with client:
        head, body, _ = client.ask(b"GET /v1/page HTTP/1.1\r\n" + lines + b"\r\n")
    assert body == b"page"
    received = bytes(cloud.connections[-1].received)
    return Pair(_fields(received), _fields(head))


def _http2(school: School, opened: OpenSchool, cloud: H2Server, *, direct: bool) -> Pair:
    if direct:
        context = client_context(school.authority.pem, ("h2",))
        sock = context.wrap_socket(socket.create_connection(cloud.address), server_hostname=HOST)
        client = H2Client(sock, client_side=True)
    else:
        client = opened.h2_client()
    with client:
        message = client.wait(client.request(HOST, "/v1/page", fields=REQUEST))
    assert message.body == b"page"
    return Pair(cloud.requests[-1].headers, message.headers)


def _serve(connection: RawConnection) -> None:
    lines = b"".join(b"%s: %s\r\n" % field for field in ANSWER)
    while connection.read_message()[0]:
        connection.send(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\npage")


def _respond(_request: H2Message) -> H2Answer:
    return H2Answer(200, b"page", ANSWER)


@pytest.fixture(scope="module", params=["HTTP/1", "HTTP/2"])
def pairs(request: pytest.FixtureRequest, school: School) -> Iterator[tuple[Pair, Pair]]:
    """The same exchange direct and through the gateway."""
    if request.param == "HTTP/1":
        with RawServer(_serve, school.tls()) as cloud, school.open_to(cloud) as opened:
            direct = _http1(school, opened, cloud, direct=True)
            yield direct, _http1(school, opened, cloud, direct=False)
    else:
        tls = school.tls(alpn=("h2",))
        with H2Server(tls, _respond) as service, school.open_to(service) as opened:
            direct = _http2(school, opened, service, direct=True)
            yield direct, _http2(school, opened, service, direct=False)


def test_a_service_sees_the_client_but_for_what_is_told(pairs: tuple[Pair, Pair]) -> None:
    direct, through = pairs
    assert differences(direct.request, through.request) == LEAVING


def test_a_client_sees_the_service_but_for_what_is_told(pairs: tuple[Pair, Pair]) -> None:
    direct, through = pairs
    assert differences(direct.answer, through.answer) == RETURNING


def test_the_page_tells_the_same() -> None:
    rows = re.findall(r"(?m)^\| (request|answer) \| `([a-z-]+)` \| (\w+) \|", DOCS.read_text())
    told: dict[str, dict[str, str]] = {"request": {}, "answer": {}}
    for direction, name, how in rows:
        told[direction][name] = how
    assert told == {"request": LEAVING, "answer": RETURNING}
