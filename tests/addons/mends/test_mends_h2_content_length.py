"""An HTTP/2 request that announces a body and has none is refused."""

from __future__ import annotations

from typing import Any

import h2.errors

from tests.sim.raw_server import OK, answer


def test_a_request_that_announces_a_body_and_has_none_is_reset(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            stream = client.request(stage.host, "/", "POST", fields=[(b"content-length", b"5")])
            assert client.wait(stream).reset == h2.errors.ErrorCodes.PROTOCOL_ERROR
            assert client.wait(client.request(stage.host)).status == 200
    assert cloud.everything.count(b"HTTP/1.1") == 1


def test_an_empty_body_may_say_so(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            stream = client.request(stage.host, "/", "POST", fields=[(b"content-length", b"0")])
            assert client.wait(stream).status == 200


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.h2_client(bare(cloud)) as client:
        stream = client.request(stage.host, "/", "POST", fields=[(b"content-length", b"5")])
        assert cloud.wait_for(lambda: b"content-length: 5" in cloud.everything)
        assert client.messages[stream].reset is None
