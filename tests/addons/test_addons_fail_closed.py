"""An exception in any hook or stream ends in a refusal; nothing of the body gets through."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.options import Options
from websockets.exceptions import WebSocketException

from addons.fail_closed import REFUSED, FailClosed, guarded
from tests.sim.authority import CloudAuthority
from tests.sim.gateway import REFUSAL_PAGE, Refusals, gateway
from tests.sim.h2_peers import H2Answer, H2Client, H2Server
from tests.sim.raw_client import ConnectRefused, RawClient
from tests.sim.raw_server import RawServer, answer, wait_for
from tests.sim.ws_peers import WebSocketServer, connect_websocket

HOST = "cloud.example"
SECRET = b"Camille Exemple-Durand"
BODY = b'{"pupil": "' + SECRET + b'"}'
MARK = b"the answer of the cloud"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(MARK), MARK)
REQUEST = b"POST /v1 HTTP/1.1\r\nhost: %s\r\ncontent-length: %d\r\n\r\n%s" % (
    HOST.encode(),
    len(BODY),
    BODY,
)
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

BEFORE_THE_BODY_LEAVES = (
    "client_connected",
    "http_connect",
    "http_connected",
    "next_layer",
    "tls_clienthello",
    "tls_start_client",
    "tls_established_client",
    "requestheaders",
    "request",
    "server_connect",
    "server_connected",
    "tls_start_server",
    "tls_established_server",
)
AFTER_THE_BODY_LEFT = ("responseheaders", "response")


def failing(hook: str, *, later: bool = False) -> object:
    """An addon whose ``hook`` raises, with a value that must not reach any log."""

    def at_once(self: object, data: object) -> None:
        raise ValueError(SECRET.decode())

    async def after_a_while(self: object, data: object) -> None:
        await asyncio.sleep(0)
        raise ValueError(SECRET.decode())

    return type("Failing", (), {hook: after_a_while if later else at_once})()


@pytest.fixture
def h1_cloud(cloud_authority: CloudAuthority) -> Iterator[RawServer]:
    with RawServer(answer(ANSWER), cloud_authority.server_context(HOST)) as cloud:
        yield cloud


@pytest.fixture
def h2_cloud(cloud_authority: CloudAuthority) -> Iterator[H2Server]:
    tls = cloud_authority.server_context(HOST, alpn=("h2",))
    with H2Server(tls, lambda _request: H2Answer(body=MARK)) as cloud:
        yield cloud


@pytest.fixture
def started(ca_dir: Path, cloud_authority: CloudAuthority) -> Callable[..., Any]:
    """``started(cloud, addon, …)`` is a gateway before ``cloud`` with ``addon``."""

    def start(cloud: Any, *addons: object, refusal: Any = None) -> Any:
        return gateway(ca_dir, addons, {HOST: cloud.address}, cloud_authority.pem, refusal)

    return start


def ask_h1(port: int, context: ssl.SSLContext) -> bytes:
    """All that the client gets to see; empty when the connection is refused or torn."""
    try:
        with RawClient.connect(port, HOST, context) as client:
            head, body, _ = client.ask(REQUEST)
            assert not client.timed_out, "refused by silence"
            return head + body
    except ConnectRefused as refused:
        return refused.answer
    except OSError:
        return b""


def ask_h2(port: int, context: ssl.SSLContext) -> bytes:
    try:
        with H2Client.connect(port, HOST, context) as client:
            body = client.wait(client.request(HOST, "/v1", "POST", BODY)).body
            assert not client.timed_out, "refused by silence"
            return body
    except ConnectRefused as refused:
        return refused.answer
    except OSError:
        return b""


@pytest.mark.parametrize("later", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("hook", BEFORE_THE_BODY_LEAVES)
def test_a_failing_hook_lets_nothing_of_an_h1_request_leave(
    hook: str,
    later: bool,
    started: Callable[..., Any],
    h1_cloud: RawServer,
    h1_client: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusals = Refusals()
    with (
        caplog.at_level(logging.DEBUG),
        started(h1_cloud, failing(hook, later=later), refusal=refusals) as worker,
    ):
        seen = ask_h1(worker.port, h1_client)
    assert h1_cloud.everything == b""
    assert MARK not in seen
    assert (hook, "ValueError") in refusals.calls
    assert SECRET.decode() not in caplog.text
    if hook in ("http_connect", "requestheaders", "request"):
        assert REFUSAL_PAGE in seen or hook == "http_connect"


@pytest.mark.parametrize("hook", BEFORE_THE_BODY_LEAVES)
def test_a_failing_hook_lets_nothing_of_an_h2_request_leave(
    hook: str, started: Callable[..., Any], h2_cloud: H2Server, h2_client: ssl.SSLContext
) -> None:
    refusals = Refusals()
    with started(h2_cloud, failing(hook), refusal=refusals) as worker:
        seen = ask_h2(worker.port, h2_client)
    assert h2_cloud.everything == b""
    assert MARK not in seen
    assert (hook, "ValueError") in refusals.calls


@pytest.mark.parametrize("hook", AFTER_THE_BODY_LEFT)
def test_a_failing_hook_lets_nothing_of_the_answer_through(
    hook: str,
    started: Callable[..., Any],
    h1_cloud: RawServer,
    h2_cloud: H2Server,
    h1_client: ssl.SSLContext,
    h2_client: ssl.SSLContext,
) -> None:
    for cloud, ask, context in ((h1_cloud, ask_h1, h1_client), (h2_cloud, ask_h2, h2_client)):
        with started(cloud, failing(hook)) as worker:
            seen = ask(worker.port, context)
        assert MARK not in seen
        assert (REFUSAL_PAGE in seen) == (hook == "response")


def test_the_next_request_of_the_same_connection_is_served(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    class FailsOnce:
        count = 0

        def request(self, flow: http.HTTPFlow) -> None:
            self.count += 1
            if self.count == 1:
                raise ValueError

    with (
        started(h1_cloud, FailsOnce()) as worker,
        RawClient.connect(worker.port, HOST, h1_client) as client,
    ):
        assert client.ask(REQUEST)[1] == REFUSAL_PAGE
        assert client.ask(REQUEST)[1] == MARK


def test_no_later_hook_touches_a_refused_flow_but_bookkeepers_see_its_end(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def request(self, flow: http.HTTPFlow) -> None:
            self.seen.append("request")

        def response(self, flow: http.HTTPFlow) -> None:
            self.seen.append("response")

    class Bookkeeper(Recorder):
        sees_refused = True

    recorder, bookkeeper = Recorder(), Bookkeeper()
    with started(h1_cloud, failing("requestheaders"), recorder, bookkeeper) as worker:
        ask_h1(worker.port, h1_client)
    assert recorder.seen == []
    assert bookkeeper.seen == ["request", "response"]


def test_a_failing_refusal_still_refuses_in_two_languages(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    def broken(*_: object) -> Any:
        raise OSError

    with started(h1_cloud, failing("request"), refusal=broken) as worker:
        seen = ask_h1(worker.port, h1_client)
    assert b" 503 " in seen.split(b"\r\n")[0]
    assert b"par prudence rien" in seen
    assert b"to be safe nothing" in seen
    assert h1_cloud.everything == b""


@pytest.mark.parametrize("hook", ["client_disconnected", "server_disconnected", "error"])
def test_a_failing_notification_of_an_end_does_no_harm(
    hook: str, started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    with started(h1_cloud, failing(hook)) as worker:
        assert MARK in ask_h1(worker.port, h1_client)
        assert MARK in ask_h1(worker.port, h1_client)


class Streams:
    """Streams both bodies; the ``fails_at``-th call of one transform raises (0 = at the end)."""

    def __init__(self, side: str, fails_at: int) -> None:
        self._side = side
        self._fails_at = fails_at

    def _transform(self) -> Callable[[bytes], list[bytes]]:
        calls = 0

        def transform(chunk: bytes) -> list[bytes]:
            nonlocal calls
            calls += 1
            if calls == self._fails_at or (not chunk and not self._fails_at):
                raise ValueError(SECRET.decode())
            return [chunk]

        return transform

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if self._side == "request":
            flow.request.stream = guarded(flow, self._transform())

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if self._side == "response" and flow.response is not None:
            flow.response.stream = guarded(flow, self._transform())


PIECE = b"x" * 1000 + SECRET


@pytest.mark.parametrize("fails_at", [1, 3, 0], ids=["first", "middle", "end"])
def test_a_failing_upload_stream_never_completes_upstream(
    fails_at: int,
    started: Callable[..., Any],
    h1_cloud: RawServer,
    h2_cloud: H2Server,
    h1_client: ssl.SSLContext,
    h2_client: ssl.SSLContext,
) -> None:
    with (
        started(h1_cloud, Streams("request", fails_at)) as worker,
        RawClient.connect(worker.port, HOST, h1_client) as client,
    ):
        client.send(b"POST / HTTP/1.1\r\nhost: cloud.example\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(5):
            client.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
            wait_for(lambda: False, 0.02)
        client.send(b"0\r\n\r\n")
        assert client.is_torn()
        assert h1_cloud.wait_for(lambda: h1_cloud.connections[0].ended.is_set())
    assert b"\r\n0\r\n\r\n" not in h1_cloud.everything
    if fails_at:
        assert h1_cloud.everything.count(SECRET) == fails_at - 1

    with (
        started(h2_cloud, Streams("request", fails_at)) as worker,
        H2Client.connect(worker.port, HOST, h2_client) as client,
    ):
        stream = client.request(HOST, "/", "POST", end=False)
        for _ in range(5):
            client.data(stream, PIECE, end=False)
            wait_for(lambda: False, 0.02)
        client.data(stream, b"", end=True)
        assert not client.wait(stream).ended
        assert not client.timed_out
    assert h2_cloud.requests == []


@pytest.mark.parametrize("fails_at", [1, 3, 0], ids=["first", "middle", "end"])
def test_a_failing_answer_stream_never_completes_downstream(
    fails_at: int,
    started: Callable[..., Any],
    cloud_authority: CloudAuthority,
    h1_client: ssl.SSLContext,
    h2_client: ssl.SSLContext,
) -> None:
    def slowly(connection: Any) -> None:
        connection.read_message()
        connection.send(CHUNKED)
        for _ in range(5):
            connection.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
            wait_for(lambda: False, 0.02)
        connection.send(b"0\r\n\r\n")

    with RawServer(slowly, cloud_authority.server_context(HOST)) as cloud:
        with (
            started(cloud, Streams("response", fails_at)) as worker,
            RawClient.connect(worker.port, HOST, h1_client) as client,
        ):
            client.send(REQUEST)
            while client.read():
                pass
            assert not client.timed_out
            assert not client.received.endswith(b"0\r\n\r\n")
            if fails_at:
                assert client.received.count(SECRET) == fails_at - 1
        with (
            started(cloud, Streams("response", fails_at)) as worker,
            H2Client.connect(worker.port, HOST, h2_client) as h2,
        ):
            assert not h2.wait(h2.request(HOST, "/", "POST", BODY)).ended
            assert not h2.timed_out


def test_torn_connections_leave_no_socket_open(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    with started(h1_cloud, Streams("request", 1)) as worker:
        connections = worker.master.addons.get("proxyserver").connections
        for _ in range(20):
            ask_h1(worker.port, h1_client)
        assert wait_for(lambda: not connections)
        assert h1_cloud.wait_for(lambda: all(c.ended.is_set() for c in h1_cloud.connections))
        assert wait_for(lambda: not _sockets_to(h1_cloud.port) | _sockets_to(worker.port))


def _sockets_to(port: int) -> set[str]:
    """Connections of this machine that still have ``port`` at one end and are not over."""
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    over = {"06", "0A"}  # TIME_WAIT, LISTEN
    return {
        line
        for line in table
        if f":{port:04X} " in line and line.split()[3] not in over and line.split()[9] != "0"
    }


def test_a_stream_that_nobody_guarded_is_torn_as_well(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    class Unguarded:
        def requestheaders(self, flow: http.HTTPFlow) -> None:
            flow.request.stream = Streams("request", 1)._transform()

    with started(h1_cloud, Unguarded()) as worker:
        assert ask_h1(worker.port, h1_client) == b""
    assert SECRET not in h1_cloud.everything


def test_a_failing_request_hook_after_a_streamed_upload_tears_the_connection(
    started: Callable[..., Any], h1_cloud: RawServer, h1_client: ssl.SSLContext
) -> None:
    with started(h1_cloud, Streams("request", 99), failing("request")) as worker:
        assert ask_h1(worker.port, h1_client) == b""


def _say(port: int, context: ssl.SSLContext) -> None:
    with connect_websocket(port, HOST, context) as client:
        client.send(SECRET.decode())
        client.recv(timeout=5)


@pytest.mark.parametrize("hook", ["websocket_start", "websocket_message"])
def test_a_failing_websocket_hook_lets_no_message_through(
    hook: str,
    started: Callable[..., Any],
    cloud_authority: CloudAuthority,
    h1_client: ssl.SSLContext,
) -> None:
    with (
        WebSocketServer(cloud_authority.server_context(HOST)) as cloud,
        started(cloud, failing(hook)) as worker,
        pytest.raises((WebSocketException, EOFError, OSError)) as caught,
    ):
        _say(worker.port, h1_client)
    assert not isinstance(caught.value, TimeoutError)
    assert cloud.received == []


def test_a_stream_gives_no_empty_piece_and_refuses_after_a_failure() -> None:
    flow = http.HTTPFlow(None, None)  # type: ignore[arg-type]
    stream = guarded(flow, lambda chunk: [b"", chunk, b""])
    assert stream(b"a") == [b"a"]
    assert stream(b"") == []
    assert guarded(flow, lambda _chunk: b"")(b"a") == []


class _Master:
    options = Options()


async def _trigger(addon: object) -> FailClosed:
    from mitmproxy.proxy.layers.http import HttpRequestHook
    from mitmproxy.test import tflow

    manager = FailClosed(_Master(), Refusals())
    manager.chain.append(addon)
    flow = tflow.tflow()
    await manager.trigger_event(HttpRequestHook(flow))
    assert REFUSED in flow.metadata
    return manager


def test_cancellation_is_not_swallowed() -> None:
    class Cancelled:
        def request(self, flow: http.HTTPFlow) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_trigger(Cancelled()))


def test_failures_are_counted_by_hook_and_type() -> None:
    manager = asyncio.run(_trigger(failing("request")))
    assert manager.failures == {("request", "ValueError"): 1}


@pytest.mark.parametrize("hook", ["running", "configure"])
def test_a_failing_start_stops_the_worker(
    hook: str, started: Callable[..., Any], h1_cloud: RawServer
) -> None:
    def fail(self: object, *_: object) -> None:
        raise ValueError("cannot start")

    with pytest.raises(ValueError, match="cannot start"):
        started(h1_cloud, type("Failing", (), {hook: fail})()).start()
