"""HTTP/1 messages with trailers pass: those of answers carried, those of requests dropped."""

from __future__ import annotations

from typing import Any

from tests.sim.h2_peers import H2Answer
from tests.sim.raw_server import OK, answer

CHUNKED = b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"
REQUEST = b"POST / HTTP/1.1\r\nhost: cloud.example\r\n" + CHUNKED
ANSWER = b"HTTP/1.1 200 OK\r\n" + CHUNKED
PLAIN = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


def test_a_request_with_trailers_passes_without_them(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            assert client.ask(REQUEST)[1] == b"ok"
            assert client.ask(REQUEST)[1] == b"ok"
    assert cloud.everything.count(b"abc") == 2
    assert b"x-sum" not in cloud.everything


def test_a_streamed_request_with_trailers_passes_without_them(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            assert client.ask(REQUEST.replace(b" / ", b" /stream "))[1] == b"ok"
    assert b"x-sum" not in cloud.everything


def test_trailers_of_an_answer_are_carried(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(ANSWER)) as cloud, stage.gateway(cloud, provoke) as worker:
        for path in (b" / ", b" /hold-back "):
            with stage.client(worker) as client:
                for _ in range(2):
                    _, body, trailers = client.ask(PLAIN.replace(b" / ", path))
                    assert (body, trailers) == (b"abc", b"x-sum: 1\r\n")
        with stage.h2_client(worker) as client:
            message = client.wait(client.request(stage.host))
            assert (message.body, message.trailers) == (b"abc", [(b"x-sum", b"1")])


def test_h2_trailers_of_an_answer_are_carried_and_of_a_request_dropped(stage: Any) -> None:
    grpc = [(b"grpc-status", b"0")]
    with stage.h2_cloud(lambda _: H2Answer(trailers=grpc)) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            stream = client.request(stage.host, "/", "POST", b"abc", end=False)
            client.h2.send_headers(stream, [(b"x-sum", b"1")], end_stream=True)
            client.flush()
            message = client.wait(stream)
    assert (message.body, message.trailers) == (b"ok", grpc)
    assert cloud.requests[0].body == b"abc"
    assert cloud.requests[0].trailers == []


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud), timeout=1.0) as client:
        client.send(REQUEST)
        assert client.read() == b""
        assert b"HTTP/1.1" not in client.received
