"""A body that is read whole has a limit, which an adapter can set for each flow."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import http

from addons.mends.body_limit import BODY_LIMIT, TOO_LARGE
from proxy.reasons import Reason
from tests.sim.h2_peers import H2Answer
from tests.sim.raw_server import OK, answer

CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
BODY = b"x" * 150_000
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
POST = b"POST %s HTTP/1.1\r\nhost: cloud.example\r\n" + CHUNKED + CHUNKS
GET = b"GET %s HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


class Adapter:
    """Buffers at most as many bytes as the path says."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.request.path != "/":
            flow.metadata[BODY_LIMIT] = int(flow.request.path[1:])

    def error(self, flow: http.HTTPFlow) -> None:
        assert flow.error is not None
        self.errors.append(flow.error.msg)


def test_a_request_over_its_limit_is_refused_and_nothing_of_it_leaves(stage: Any) -> None:
    adapter = Adapter()
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, adapter) as worker:
        with stage.client(worker) as client:
            head, body, _ = client.ask(POST % b"/149999")
            assert head.startswith(b"HTTP/1.1 413 ")
            assert Reason.BODY_TOO_LARGE.value.encode() in body
        with stage.h2_client(worker) as h2:
            refused = h2.request(stage.host, "/149999", "POST", BODY)
            assert h2.wait(refused).status == 413
            assert h2.wait(h2.request(stage.host)).status == 200
    assert b"xxx" not in cloud.everything
    assert adapter.errors == [TOO_LARGE] * 2


def test_an_answer_over_its_limit_is_refused(stage: Any) -> None:
    adapter = Adapter()
    with stage.cloud(answer(b"HTTP/1.1 200 OK\r\n" + CHUNKED + CHUNKS)) as cloud:
        with stage.gateway(cloud, adapter) as worker, stage.client(worker) as client:
            head, body, _ = client.ask(GET % b"/149999")
            assert head.startswith(b"HTTP/1.1 502 ")
            assert Reason.BODY_TOO_LARGE.value.encode() in body
    with stage.h2_cloud(lambda _: H2Answer(body=BODY)) as h2_cloud:
        with stage.gateway(h2_cloud, adapter) as worker, stage.h2_client(worker) as h2:
            assert h2.wait(h2.request(stage.host, "/149999")).status == 502
            assert h2.wait(h2.request(stage.host)).body == BODY
    assert adapter.errors == [TOO_LARGE] * 2


def test_bodies_of_exactly_the_limit_pass(stage: Any) -> None:
    with stage.cloud(answer(b"HTTP/1.1 200 OK\r\n" + CHUNKED + CHUNKS)) as cloud:
        with stage.gateway(cloud, Adapter()) as worker, stage.client(worker) as client:
            assert client.ask(POST % b"/150000")[1] == BODY
    assert cloud.everything.count(BODY) == 1


@pytest.mark.parametrize("limit", [100_000, 200_000])
def test_without_a_limit_of_its_own_the_workers_holds(stage: Any, limit: int) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, body_bytes=limit) as worker:
        with stage.client(worker) as client:
            status = client.ask(POST % b"/")[0].split()[1]
    assert status == (b"413" if limit < len(BODY) else b"200")


def test_a_streamed_body_has_no_such_limit(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud:
        with stage.gateway(cloud, provoke, body_bytes=1000) as worker:
            with stage.client(worker) as client:
                assert client.ask(POST % b"/stream")[1] == b"ok"
    assert cloud.everything.count(b"x") > 150_000 - 1
