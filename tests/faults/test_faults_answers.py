"""Answers that are no plain page: cookies, redirects, parts, heads; services that are not there."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import trustme

from tests.faults.conftest import GET, Cloud, Stage, field, reply
from tests.sim.raw_server import RawConnection, RawServer
from tests.sim.school import HOST


def echoing(stage: Stage, make: object) -> None:
    """A cloud that answers each second request with what it saw of the first."""

    def script(connection: RawConnection) -> None:
        _, body, _ = connection.read_message()
        connection.send(reply(b"{}"))
        while connection.read_message()[0]:
            connection.send(make(body))  # type: ignore[operator]

    stage.cloud.script = script


def pseudonym(body: bytes) -> bytes:
    """The name as the cloud knows it."""
    return body.split(b'"name": "')[1].split(b'"')[0]


def asked_after(stage: Stage, request: bytes = GET) -> tuple[bytes, bytes]:
    with stage.open.client() as client:
        client.ask(stage.post())
        client.send(request)
        head = client.read_until(b"\r\n\r\n")
        length = int(field(head, b"content-length") or b"0")
        bodiless = request.startswith(b"HEAD") or b" 304 " in head.split(b"\r\n")[0]
        return head, b"" if bodiless else client.read_exactly(length)


def test_cookies_and_locations_are_restored_and_alt_svc_does_not_lead_past_us(
    stage: Stage,
) -> None:
    name = stage.person.full_name
    echoing(
        stage,
        lambda body: reply(
            b"",
            b"set-cookie: who=%s; Path=/; HttpOnly" % pseudonym(body),
            b"set-cookie: other=1",
            b"location: https://%s/u/%s?n=%s" % (HOST.encode(), pseudonym(body), pseudonym(body)),
            b'alt-svc: h3=":443"',
            status=b"302 Found",
        ),
    )
    before = stage.events(type="answer-restored")
    head, _ = asked_after(stage)
    stage.assert_nothing_left()
    text = head.decode("utf-8")
    assert quote(name) in text.split("location: ")[1].split("\r\n")[0]
    cookie = text.split("set-cookie: ")[1].split("\r\n")[0]
    assert cookie.endswith("; Path=/; HttpOnly")
    assert name in cookie or quote(name) in cookie
    assert "set-cookie: other=1" in text
    assert "alt-svc" not in text
    new = stage.events(type="answer-restored")[len(before) :]
    assert [event["counts"] for event in new] == [{"full_name": 3}], "each hit is counted once"


def test_a_part_of_a_file_is_not_touched(stage: Stage) -> None:
    echoing(
        stage,
        lambda body: reply(
            pseudonym(body),
            b"content-type: text/plain",
            b"content-range: bytes 0-30/99",
            status=b"206 Partial Content",
        ),
    )
    asking = GET.replace(b"/v1/x", b"/v1/x.zip")[:-2] + b"range: bytes=0-30\r\n\r\n"
    head, body = asked_after(stage, asking)
    assert head.startswith(b"HTTP/1.1 206 ")
    assert body.startswith(b"Zq")


def test_head_and_not_modified_have_no_body_and_keep_their_fields(stage: Stage) -> None:
    full = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\netag: W/1\r\n\r\n"
    )
    stage.cloud.answers(reply(b"{}"), full)
    head, _ = asked_after(stage, GET.replace(b"GET", b"HEAD"))
    assert b"content-length" not in head  # the page would have another
    assert b"etag: W/1" in head
    stage.cloud.answers(reply(b"{}"), b"HTTP/1.1 304 Not Modified\r\netag: W/1\r\n\r\n")
    head, _ = asked_after(stage)
    assert head.startswith(b"HTTP/1.1 304 ")
    assert b"etag: W/1" in head


def test_headers_of_a_binary_answer_are_recorded_before_they_are_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    echoing(
        stage,
        lambda body: reply(
            b"\x89PNG\r\n\x1a\n" * 10, b"content-type: image/png", b"x-name: " + pseudonym(body)
        ),
    )
    before = len(stage.events(type="answer-restored"))
    head, body = asked_after(stage)
    assert stage.person.full_name.encode() in head
    assert body == b"\x89PNG\r\n\x1a\n" * 10
    assert len(stage.events(type="answer-restored")) == before + 1


def test_after_refusals_the_connection_serves_on(stage: Stage) -> None:
    bad = b"GET /v1/x HTTP/1.1\r\nhost: other.example\r\n\r\n"
    with stage.open.client() as client:
        assert client.ask(bad)[0].startswith(b"HTTP/1.1 421 ")
        assert client.ask(stage.post())[0].startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()


def test_a_client_that_leaves_is_no_incident(stage: Stage) -> None:
    before = len(stage.events())

    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.ended.wait(2)

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        assert stage.cloud.wait_for(lambda: bool(stage.cloud.everything))
    with stage.open.client() as client:
        client.send(stage.post()[:-5])
    assert stage.ask(b"BAD\r\n\r\n")[0].startswith(b"HTTP/1.1 400")
    assert len(stage.events()) == before


# --- services that are not what they say, or not there ---


@contextlib.contextmanager
def another_cloud(stage: Stage, tls: ssl.SSLContext) -> Iterator[Cloud]:
    """A service under the certificate of ``tls``, where the gateway finds the known host."""
    with Cloud(tls) as cloud:
        resolve = stage.open.worker.settings.resolve
        usual = resolve[HOST]
        resolve[HOST] = cloud.address  # type: ignore[index]
        try:
            yield cloud
        finally:
            resolve[HOST] = usual  # type: ignore[index]


def certificates(stage: Stage) -> dict[str, ssl.SSLContext]:
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert(HOST).configure_cert(stranger)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.create_child_ca().issue_cert("localhost").configure_cert(own)
    return {
        "expired": stage.school.tls(HOST, expired=True),
        "wrong-host": stage.school.tls("another.example"),
        "wildcard-depth": stage.school.tls("*.example"),
        "unknown-root": stranger,
        "unknown-chain": own,
    }


@pytest.mark.parametrize(
    "kind", ["expired", "wrong-host", "wildcard-depth", "unknown-root", "unknown-chain"]
)
def test_a_certificate_that_is_not_valid_gets_nothing_and_a_page(stage: Stage, kind: str) -> None:
    with another_cloud(stage, certificates(stage)[kind]) as cloud:
        head, body = stage.ask(stage.post())
        assert cloud.everything == b""
    stage.assert_refused(head, body, 502, "upstream-certificate")
    assert stage.ask(stage.post())[0].startswith(b"HTTP/1.1 200 "), "works again"


def test_a_service_that_is_not_there_gets_a_page_and_works_when_it_is_back(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    resolve = stage.open.worker.settings.resolve
    usual = resolve[HOST]
    with stage.open.client() as client:
        resolve[HOST] = address  # type: ignore[index]
        head, body, _ = client.ask(stage.post())
        stage.assert_refused(head, body, 502, "upstream-unreachable")
        resolve[HOST] = usual  # type: ignore[index]
        head, _, _ = client.ask(stage.post()) if not client.ended.is_set() else (b"", b"", b"")
        if not head:
            head, _ = stage.ask(stage.post())
        assert head.startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()


def test_a_service_that_speaks_no_tls_gets_nothing(stage: Stage) -> None:
    with RawServer(lambda connection: connection.send(b"HTTP/1.1 200 OK\r\n\r\n")) as plain:
        resolve = stage.open.worker.settings.resolve
        usual = resolve[HOST]
        resolve[HOST] = plain.address  # type: ignore[index]
        head, body = stage.ask(stage.post())
        resolve[HOST] = usual  # type: ignore[index]
        for secret in stage.secrets:
            assert secret not in plain.everything
        assert b"POST" not in plain.everything
    stage.assert_refused(head, body, 502, field(head, b"x-preau-reason").decode())
