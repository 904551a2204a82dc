"""What happens inside the process: logs, caches, crashes, listeners, dispatch."""

from __future__ import annotations

import dataclasses
import gzip
import logging
import socket
from typing import Any, Self

import pytest
from mitmproxy import hooks
from mitmproxy.net import encoding

from addons.fail_closed import FailClosed
from tests.sim.raw_server import OK, answer, wait_for

SECRET = "Camille Exemple"


class Lines(logging.Handler):
    """What a handler of the root logger, such as an operator's, gets to see."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


def test_log_lines_lose_their_words_and_keep_place_and_type(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud), Lines() as log:
        logger = logging.getLogger("mitmproxy.proxy.server")
        logger.info("connection from %s", SECRET)
        logger.error("unexpected server response: %s", SECRET)
        try:
            raise LookupError(SECRET)
        except LookupError:
            logger.exception("mitmproxy has crashed")
    assert SECRET not in log.text
    assert "connection from" not in log.text
    assert "mitmproxy.proxy.server" in log.text
    assert "LookupError" in log.text


def test_the_plain_text_of_a_decoded_body_does_not_stay(stage: Any, provoke: object) -> None:
    body = gzip.compress(SECRET.encode())
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
    with stage.cloud(answer(head + body)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            client.ask(b"GET /decode HTTP/1.1\r\nhost: cloud.example\r\n\r\n")
    assert encoding.decode(body, "gzip") == SECRET.encode()
    assert encoding._cache.decoded is None
    assert encoding.encode(b"x", "gzip")
    assert encoding._cache.decoded is None


def test_a_crash_tears_the_connection(stage: Any, provoke: object) -> None:
    crash = b"POST /crash HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker, timeout=3.0) as client:
            client.send(crash)
            assert client.is_torn()
        with stage.h2_client(worker) as h2:
            stream = h2.request(stage.host, "/crash", "POST", b"abc")
            assert not h2.wait(stream).ended
            assert not h2.timed_out
    assert cloud.everything == b""


def test_mitmproxy_still_has_the_defect_of_crashes_that_hang(stage: Any, bare: Any) -> None:
    crash = b"POST /crash HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud), timeout=0.7) as client:
        client.send(crash)
        with pytest.raises(TimeoutError):
            client.sock.recv(1)


@pytest.mark.parametrize("reuse", [False, True])
def test_the_port_is_shared_only_when_asked(stage: Any, reuse: bool) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, reuse_port=reuse) as worker:
        server = next(iter(worker.master.addons.get("proxyserver").servers))
        listener = server._servers[0].sockets[0]
        assert bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)) is reuse


def test_the_remembered_fields_of_a_hook_are_its_fields(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud):
        for kind in hooks.all_hooks.values():
            names: Any = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
            assert kind(*names).args() == names


def test_a_hook_without_handlers_is_not_dispatched(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatched: list[str] = []
    original: Any = FailClosed.trigger_event

    async def trigger(self: object, event: hooks.Hook) -> None:
        dispatched.append(event.name)
        await original(self, event)

    monkeypatch.setattr(FailClosed, "trigger_event", trigger)
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            client.ask(b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n")
    assert "requestheaders" in dispatched
    assert "http_connected" not in dispatched
    assert "tls_established_client" not in dispatched


def test_every_handler_runs_in_order_and_may_be_async(stage: Any) -> None:
    seen = []

    class First:
        async def request(self, flow: object) -> None:
            seen.append("first")

    class Second:
        def request(self, flow: object) -> None:
            seen.append("second")

        def update(self, flows: object) -> None:
            seen.append("update")

    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, First(), Second()) as worker:
        with stage.client(worker) as client:
            client.ask(b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n")
    assert seen == ["first", "second"]


MALFORMED = b"GET / HTTP/1.1\r\nno colon\r\n\r\n" + b"x" * 200_000


def test_a_connection_that_is_closed_while_more_arrives_is_closed(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        proxyserver = worker.master.addons.get("proxyserver")
        for _ in range(5):
            assert not _stays_open(stage, worker)
            assert wait_for(lambda: not proxyserver.connections)


def _stays_open(stage: Any, proxy: Any) -> bool:
    with stage.client(proxy, timeout=0.7) as client:
        client.send(MALFORMED)
        client.read_message()
        try:
            client.sock.recv(1)
        except TimeoutError:
            return True
        except OSError:
            pass
        return False


def test_mitmproxy_still_has_the_defect_of_lost_closes(stage: Any, bare: Any) -> None:
    """A race, hence several tries; nearly every one loses it."""
    with stage.cloud(answer(OK)) as cloud:
        proxy = bare(cloud)
        assert any(_stays_open(stage, proxy) for _ in range(20))
