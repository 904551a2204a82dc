"""Reports on behaviour through the real gateway: the service receives nothing of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.proxy.profiling import profiling_payloads as sent
from tests.proxy.profiling.profiling_payloads import PAYLOADS, Payload, dumps
from tests.sim.api_cloud import Asked, Told, h1_cloud
from tests.sim.school import HOST, OpenSchool, School

CHOSEN = tuple({payload.format: payload for payload in PAYLOADS}.values())
"""One message of each format."""
MARK = b"/the/lesson"


class Line:
    """A gateway, and what the service behind it was asked."""

    def __init__(self, opened: OpenSchool, asked: list[Asked]) -> None:
        self.opened, self.asked = opened, asked


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    school = School(tmp_path_factory.mktemp("reports"), 5)
    asked: list[Asked] = []

    def service(request: Asked) -> Told:
        asked.append(request)
        return Told.of({"service": "answered"})

    with h1_cloud(school.tls(), service) as cloud, school.open_to(cloud) as opened:
        yield Line(opened, asked)


def request(payload: Payload, *more: tuple[bytes, bytes]) -> bytes:
    fields = [(b"Host", HOST.encode()), *payload.headers, *more]
    if payload.method != "GET":
        fields.append((b"Content-Length", b"%d" % len(payload.body)))
    head = f"{payload.method} {payload.target} HTTP/1.1\r\n".encode()
    return head + b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n" + payload.body


@pytest.mark.parametrize("payload", CHOSEN, ids=str)
def test_the_service_receives_nothing_and_the_page_a_success(line: Line, payload: Payload) -> None:
    before = len(line.asked)
    with line.opened.client() as client:
        head, body, _ = client.ask(request(payload, (b"Sec-Fetch-Dest", b"empty")))
        assert head.split()[1][:1] == b"2"
        assert b"answered" not in body
        client.ask(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (MARK, HOST.encode()))
    assert [asked.target for asked in line.asked[before:]] == [MARK.decode()]


@pytest.mark.parametrize("payload", CHOSEN[:12], ids=str)
def test_likewise_over_http2(line: Line, payload: Payload) -> None:
    before = len(line.asked)
    with line.opened.h2_client() as client:
        headers = [(name.lower(), value) for name, value in payload.headers]
        body = payload.body or None
        stream = client.request(HOST, payload.target, payload.method, body, headers)
        answer = client.wait(stream)
    assert 200 <= answer.status < 300
    assert len(line.asked) == before


def test_a_stream_without_length_is_judged_by_its_beginning(line: Line) -> None:
    before = len(line.asked)
    body = gzip.compress(dumps([sent.STATEMENT] * 500))
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with line.opened.client() as client:
        head, _, _ = client.ask(
            b"POST /up HTTP/1.1\r\nHost: %s\r\nContent-Encoding: gzip\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%s"
            % (HOST.encode(), chunks)
        )
    assert head.split()[1] == b"200"
    assert len(line.asked) == before


def test_an_ordinary_request_passes(line: Line) -> None:
    ordinary = Payload("", "", "POST", "/v1/save", sent.JSON, dumps({"verb": "être", "note": 12}))
    with line.opened.client() as client:
        _, body, _ = client.ask(request(ordinary))
    assert json.loads(body) == {"service": "answered"}
