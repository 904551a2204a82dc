"""Traps of mitmproxy that no other test springs, by raw peers through the real gateway.

``docs/mitmproxy-traps.md`` lists every trap with the test that springs it; the others are
where the part that they concern is tested.
"""

from __future__ import annotations

import gc
import ssl

import pytest
from mitmproxy.proxy.layers.http import HttpStream

from tests.faults.conftest import GET, Stage, field, post, reply
from tests.sim.authority import client_context
from tests.sim.raw_client import open_tunnel
from tests.sim.raw_server import OK, RawConnection, wait_for
from tests.sim.school import HOST

ENCRYPTED_CLIENT_HELLO = 0xFE0D
HANDSHAKE, ALERT = 22, 21


def client_hello(stage: Stage, name: str, extension: int) -> bytes:
    """What OpenSSL would send for ``name``, and one more extension of random bytes."""
    context = client_context(stage.open.ca_pem, ("h2", "http/1.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # TLS 1.3 may bind its end to a ticket
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    hello = out.read()[9:]  # without the heads of record and message
    at = 34  # version and random
    at += 1 + hello[at]  # session
    at += 2 + int.from_bytes(hello[at : at + 2])  # ciphers
    at += 1 + hello[at]  # compression
    more = extension.to_bytes(2) + (40).to_bytes(2) + b"\x00" + bytes(range(39))
    extensions = hello[at + 2 :] + more
    hello = hello[:at] + len(extensions).to_bytes(2) + extensions
    message = b"\x01" + len(hello).to_bytes(3) + hello
    return b"\x16\x03\x01" + len(message).to_bytes(2) + message


def answered_with(stage: Stage, name: str) -> int:
    """The kind of record that answers a hello with an encrypted one in it."""
    sock = open_tunnel(stage.open.port, HOST, None)
    with sock:
        sock.sendall(client_hello(stage, name, ENCRYPTED_CLIENT_HELLO))
        return sock.recv(5)[0]


def test_a_browser_that_greases_with_an_encrypted_hello_is_inspected(stage: Stage) -> None:
    assert answered_with(stage, HOST) == HANDSHAKE


def test_a_name_outside_an_encrypted_hello_opens_nothing(stage: Stage) -> None:
    assert answered_with(stage, "cloudflare-ech.example") == ALERT
    assert stage.cloud.connections == []


def test_http2_does_not_announce_websockets_that_nobody_would_read(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        assert client.wait(client.request(HOST)).status == 200
        assert not client.h2.remote_settings.enable_connect_protocol


def test_streams_that_are_over_are_forgotten_while_the_connection_lasts(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        for _ in range(60):
            assert client.wait(client.request(HOST)).status == 200
        assert wait_for(lambda: streams() < 10, every=0.2)


def streams() -> int:
    gc.collect()
    return sum(type(one) is HttpStream for one in gc.get_objects())


def test_a_request_behind_another_waits_its_turn_and_is_judged_alone(stage: Stage) -> None:
    answers = iter([reply(b"first"), reply(b"third")])

    def script(connection: RawConnection) -> None:
        while connection.read_message()[0]:
            connection.send(next(answers))

    stage.cloud.script = script
    refused = post(b'{"student": {"secret": "x"}}')
    with stage.open.client() as client:
        client.send(GET + refused + GET)
        assert client.read_message()[1] == b"first"
        assert client.read_message()[0].startswith(b"HTTP/1.1 403 ")
        assert client.read_message()[1] == b"third"
    assert stage.cloud.everything.count(b"HTTP/1.1\r\n") == 2


def test_an_upload_that_is_too_large_is_refused_before_it_is_asked_for(stage: Stage) -> None:
    head = post(b"", b"expect: 100-continue").replace(b"length: 0", b"length: 99999999999")
    with stage.open.client() as client:
        client.send(head)
        assert client.read_message()[0].startswith(b"HTTP/1.1 413 ")
        assert b"100" not in client.received.split(b"\r\n")[0]
    assert stage.cloud.everything == b""


EMPTY = {
    "no content": (b"GET", b"204 No Content"),
    "not modified": (b"GET", b"304 Not Modified"),
    "HEAD": (b"HEAD", b"200 OK"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_answer_without_a_body_is_given_none(stage: Stage, name: str) -> None:
    method, status = EMPTY[name]
    head = b"HTTP/1.1 %s\r\ncontent-type: text/event-stream\r\n\r\n" % status
    stage.cloud.answers(head)
    with stage.open.client() as client:
        for _ in range(2):  # the second shows that nothing was left behind the first
            client.send(GET.replace(b"GET", method))
            answer = client.read_until(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 %s" % status[:3])
            assert field(answer, b"transfer-encoding") == b""


def closing_after(answers: int) -> object:
    """A service that answers so often on a connection, and at the next request hangs up."""

    def script(connection: RawConnection) -> None:
        for _ in range(answers):
            if connection.read_message()[0]:
                connection.send(OK)
        connection.read_message()
        connection.close()

    return script


def test_a_service_that_ended_an_idle_connection_is_asked_on_a_new_one(stage: Stage) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(OK)
        connection.sock.close()
        connection.ended.set()

    stage.cloud.script = script
    with stage.open.client() as client:
        for count in range(3):
            assert client.ask(GET)[1] == b"ok"
            assert wait_for(lambda: stage.cloud.connections[-1].ended.is_set())
            assert len(stage.cloud.connections) == count + 1


def test_a_question_that_met_the_end_of_an_idle_connection_is_asked_again(stage: Stage) -> None:
    stage.cloud.script = closing_after(1)  # type: ignore[assignment]
    with stage.open.client() as client:
        assert client.ask(GET)[1] == b"ok"
        assert client.ask(GET)[1] == b"ok"
    assert len(stage.cloud.connections) == 2
