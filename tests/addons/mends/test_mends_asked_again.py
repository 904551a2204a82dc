"""What met the end of an idle upstream connection is asked again, once, where that is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.h2_peers import H2Answer, H2Message
from tests.sim.raw_server import OK, RawConnection

QUESTION = b" / HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"
GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"
REFUSED_STREAM = 7


def hanging_up(answers: int, last: bytes = b"") -> Any:
    """A service that answers so often, and at the next request of a connection hangs up."""

    def script(connection: RawConnection) -> None:
        for _ in range(answers):
            if connection.read_message()[0]:
                connection.send(OK)
        connection.read_message()
        connection.send(last)
        connection.close()

    return script


def ask_twice(stage: Any, proxy: Any, second: bytes = GET) -> bytes:
    with stage.client(proxy) as client:
        assert client.ask(GET)[1] == b"ok"
        return bytes(client.ask(second)[0].split(b"\r\n")[0])


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"DELETE", b"OPTIONS"])
def test_what_may_be_repeated_is_asked_again_whole(stage: Any, method: bytes) -> None:
    with stage.cloud(hanging_up(1)) as cloud, stage.gateway(cloud) as worker:
        assert b" 200 " in ask_twice(stage, worker, method + QUESTION)
    assert [bytes(one.received).count(b"abc") for one in cloud.connections] == [1, 1]


def test_what_may_not_be_repeated_is_not(stage: Any) -> None:
    with stage.cloud(hanging_up(1)) as cloud, stage.gateway(cloud) as worker:
        assert b" 502 " in ask_twice(stage, worker, b"POST" + QUESTION)
    assert len(cloud.connections) == 1


def test_an_answer_that_has_begun_is_not_asked_for_again(stage: Any) -> None:
    with stage.cloud(hanging_up(1, b"HTTP/1.1 2")) as cloud, stage.gateway(cloud) as worker:
        assert b" 502 " in ask_twice(stage, worker)
    assert len(cloud.connections) == 1


def test_a_new_connection_that_ends_is_no_reason_to_ask_again(stage: Any) -> None:
    with stage.cloud(hanging_up(0)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            assert b" 502 " in client.ask(GET)[0]
    assert len(cloud.connections) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stream_that_was_refused_unprocessed_is_asked_for_once_more(
    stage: Any, method: str
) -> None:
    times = iter(range(9))

    def refusing(request: H2Message) -> H2Answer | None:
        if next(times) != 1:
            return H2Answer()
        peer = cloud.peers[0]
        stream = next(n for n, message in peer.messages.items() if message is request)
        peer.h2.reset_stream(stream, REFUSED_STREAM)
        peer.flush()
        return None

    with stage.h2_cloud(refusing) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            for _ in range(2):
                body = b"abc" if method == "POST" else None
                message = client.wait(client.request(stage.host, "/", method, body))
                assert (message.status, message.body) == (200, b"ok")
    assert [one.body for one in cloud.requests] == [b"abc" if method == "POST" else b""] * 3


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(hanging_up(1)) as cloud:
        assert b" 502 " in ask_twice(stage, bare(cloud))
