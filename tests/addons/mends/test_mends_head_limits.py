"""The head of a message has a limit, in bytes and in fields, on both sides."""

from __future__ import annotations

from typing import Any

import h2.errors
import pytest

from tests.sim.h2_peers import H2Answer
from tests.sim.raw_server import OK, answer

LINE = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n"
LIMITS = {"head_bytes": 20_000, "head_fields": 50}

TOO_LARGE = {
    "one endless line": LINE + b"x: " + b"a" * 200_000,
    "complete but long": LINE + b"x: " + b"a" * 21_000 + b"\r\n\r\n",
    "too many fields": LINE + b"x: y\r\n" * 60 + b"\r\n",
}
IN_A_BODY = {
    "endless chunk line": b"transfer-encoding: chunked\r\n\r\n3;x=" + b"a" * 200_000,
    "endless trailers": b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 40_000,
}


@pytest.mark.parametrize("head", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_client_gets_431_and_is_closed(stage: Any, head: bytes) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            client.send(head)
            assert client.read_message()[0].startswith(b"HTTP/1.1 431 ")
            assert client.is_torn()
    assert cloud.everything == b""


@pytest.mark.parametrize("head", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_origin_gives_502(stage: Any, head: bytes) -> None:
    status = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"
    script = answer(head.replace(LINE, status))
    with stage.cloud(script) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            assert client.ask(LINE + b"\r\n")[0].startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize("rest", IN_A_BODY.values(), ids=IN_A_BODY)
def test_framing_without_end_closes_the_connection(stage: Any, rest: bytes) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            client.send(b"POST / HTTP/1.1\r\nhost: cloud.example\r\n" + rest)
            while client.read():
                pass
            assert not client.timed_out
    assert b"HTTP/1.1 200" not in client.received
    assert cloud.everything == b""


@pytest.mark.parametrize("rest", IN_A_BODY.values(), ids=IN_A_BODY)
def test_framing_without_end_of_an_answer_gives_502(stage: Any, rest: bytes) -> None:
    script = answer(b"HTTP/1.1 200 OK\r\n" + rest)
    with stage.cloud(script) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            assert client.ask(LINE + b"\r\n")[0].startswith(b"HTTP/1.1 502 ")


def test_requests_piled_up_behind_a_slow_one_are_limited(stage: Any) -> None:
    with stage.cloud(lambda c: c.read_until(b"never")) as cloud:
        with stage.gateway(cloud, **LIMITS) as worker, stage.client(worker) as client:
            client.send(LINE + b"\r\n")
            assert cloud.wait_for(lambda: b"GET" in cloud.everything)
            client.send(LINE + b"x: " + b"a" * 100_000)
            assert client.is_torn()


def test_what_is_within_the_limits_passes(stage: Any) -> None:
    head = LINE + b"x: y\r\n" * 40 + b"z: " + b"a" * 19_000 + b"\r\n\r\n"
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            assert client.ask(head + head)[1] == b"ok"
            assert client.read_message()[1] == b"ok"


def test_a_large_body_is_no_large_head(stage: Any) -> None:
    body = b"a\n" * 200_000
    head = b"POST / HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: %d\r\n\r\n" % len(body)
    answered = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with stage.cloud(answer(answered)) as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.client(worker) as client:
            assert client.ask(head + body)[1] == body
    assert cloud.everything.endswith(body)


def test_h2_requests_have_the_same_limits(stage: Any) -> None:
    with stage.h2_cloud() as cloud, stage.gateway(cloud, **LIMITS) as worker:
        with stage.h2_client(worker) as client:
            many = client.wait(client.request(stage.host, fields=[(b"x", b"y")] * 60))
            assert many.reset == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
            assert client.wait(client.request(stage.host)).status == 200
        with stage.h2_client(worker) as client:
            client.wait(client.request(stage.host, fields=[(b"x", b"a" * 30_000)]))
            assert client.goaway == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM or client.ended
    assert len(cloud.requests) == 1


def test_h2_answers_have_the_same_limits(stage: Any) -> None:
    many = [(b"x", b"y")] * 60
    with stage.h2_cloud(lambda _: H2Answer(fields=many)) as cloud:
        with stage.gateway(cloud, **LIMITS) as worker, stage.h2_client(worker) as client:
            assert client.wait(client.request(stage.host)).status == 502


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud)) as client:
        head = LINE + b"x: " + b"a" * 1_000_000 + b"\r\n\r\n"
        assert client.ask(head)[1] == b"ok"
