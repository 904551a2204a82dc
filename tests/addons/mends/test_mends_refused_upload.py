"""The body of a request that is already answered is neither asked for nor kept."""

from __future__ import annotations

from typing import Any

from tests.sim.raw_server import OK, answer

UPLOAD = b"POST /refuse HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 300000\r\n\r\n" + (
    b"x" * 300_000
)


def test_the_body_of_a_refused_request_is_thrown_away(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            for _ in range(2):
                head, _, _ = client.ask(UPLOAD)
                assert head.startswith(b"HTTP/1.1 403 ")
                assert b"x-kept: 0\r\n" in head
    assert cloud.everything == b""


WAITING = UPLOAD[: UPLOAD.index(b"x" * 9)].replace(b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n")


def test_who_waits_with_an_upload_hears_that_it_is_refused(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            head, _, _ = client.ask(WAITING)
            assert head.startswith(b"HTTP/1.1 403 ")
            assert b"connection: close\r\n" in head  # else its body were the next request
        with stage.client(worker) as client:
            head, _, _ = client.ask(WAITING.replace(b"/refuse", b"/"))
            assert head.startswith(b"HTTP/1.1 100 ")
            client.send(b"x" * 300_000)
            assert client.read_message()[1] == b"ok"
    assert b"expect" not in cloud.everything


def test_mitmproxy_still_asks_for_what_is_refused(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud)) as client:
        assert client.ask(WAITING)[0].startswith(b"HTTP/1.1 100 ")


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud)) as client:
        assert b"x-kept: 300000\r\n" in client.ask(UPLOAD)[0]
