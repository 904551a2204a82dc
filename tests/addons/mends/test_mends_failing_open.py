"""Why ``addons.fail_closed`` exists: mitmproxy lets a flow go on after an exception."""

from __future__ import annotations

from typing import Any

from tests.sim.raw_server import OK, answer

REQUEST = b"POST /raise HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"


def test_ours_refuses(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            assert client.ask(REQUEST)[0].startswith(b"HTTP/1.1 503 ")
    assert cloud.everything == b""


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud)) as client:
        assert client.ask(REQUEST)[1] == b"ok"
        assert cloud.everything.endswith(b"abc")
