"""An exception planted anywhere ends in a refusal: nothing of the body leaves, nothing half
restored comes back, and an incident that was shown is in the log."""

from __future__ import annotations

import inspect
import logging
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from addons.door import Door
from addons.exchange import Exchange
from addons.gate import Gate
from proxy.content.streaming import EventStream, StreamRewriter
from proxy.directory.index import Index
from proxy.engine import (
    canonical,
    decide,
    engine,
    filtering,
    leaving,
    record,
    returning,
    transport,
)
from proxy.metrics import Metrics
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from tests.faults.conftest import GET, Stage, reply
from tests.sim.raw_client import ConnectRefused
from tests.sim.raw_server import RawConnection, wait_for
from tests.sim.school import HOST

VALUE = "Camille-Valeur-Secrète"


class Planted(Exception):
    """What is planted; its text is a value that must reach no page and no log."""


def boom(*_args: Any, **_kwargs: Any) -> Any:
    raise Planted(VALUE)


async def boom_later(*_args: Any, **_kwargs: Any) -> Any:
    raise Planted(VALUE)


REQUEST_STAGES: list[tuple[Any, str]] = [
    (canonical, "check"),
    (canonical, "_check_line"),
    (engine, "facts_of"),
    (engine, "decide_url"),
    (filtering, "filter_request"),
    (leaving, "rewrite_target"),
    (leaving, "rewrite_headers"),
    (leaving, "rewrite_body"),
    (engine.Engine, "_begin"),
    (leaving, "whole"),
    (leaving, "_protector"),
    (engine.Engine, "_count"),
    (engine.Engine, "begin"),
    (engine.Engine, "protect"),
    (decide, "_treatment"),
    (Index, "find"),
    (Pseudonymiser, "pseudonym"),
    (transport, "for_service"),
    (transport, "with_body"),
    (record, "request_events"),
    (record, "make_event"),
    (record, "of_exchange"),
    (Door, "client_of"),
    (Door, "gate_host"),
    (Door, "rule"),
    (Exchange, "requestheaders"),
    (Exchange, "request"),
]


@pytest.fixture(autouse=True)
def no_value_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever fails, no log line, message or traceback holds the planted value."""
    caplog.set_level(logging.DEBUG)
    yield
    assert VALUE not in caplog.text
    for one in caplog.records:
        assert one.exc_info is None or VALUE not in str(one.exc_info[1])


class Plant:
    """Makes ``place.name`` raise, and takes it away again."""

    def __init__(self, stage: Stage) -> None:
        self._patch = pytest.MonkeyPatch()
        self._addons: Any = stage.open.worker.master.addons

    def __call__(self, place: Any, name: str) -> None:
        later = inspect.iscoroutinefunction(getattr(place, name))
        self._patch.setattr(place, name, boom_later if later else boom)
        self._addons._handlers.clear()  # hooks are looked up once

    def undo(self) -> None:
        self._patch.undo()
        self._addons._handlers.clear()


@pytest.fixture
def plant(stage: Stage) -> Iterator[Plant]:
    one = Plant(stage)
    yield one
    one.undo()


@pytest.mark.parametrize(
    ("place", "name"), REQUEST_STAGES, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_request_whose_stage_fails_is_refused_and_nothing_leaves(
    stage: Stage, plant: Plant, place: Any, name: str
) -> None:
    with stage.open.client() as client:
        plant(place, name)
        head, body, _ = client.ask(stage.post())
        plant.undo()
    assert stage.cloud.everything == b""
    assert stage.cloud.connections == []
    if name == "make_event":  # not even the refusal can be told to the log: the plainest page
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"x-preau-incident" not in head
        assert b"engine-error" in body
        return
    stage.assert_refused(head, body, 503, "engine-error")


ANSWER_STAGES: list[tuple[Any, str]] = [
    (returning, "rewrite_headers"),
    (returning, "rewrite_body"),
    (returning, "head"),
    (returning, "whole"),
    (returning, "_restorer"),
    (engine.Engine, "answer_head"),
    (engine.Engine, "restore"),
    (returning, "scope"),
    (Pseudonymiser, "restore_edits"),
    (transport, "reading"),
    (filtering, "answer"),
    (filtering, "filter_answer"),
    (transport, "with_body"),
    (record, "answer_events"),
    (Door, "rule"),
    (Exchange, "responseheaders"),
    (Exchange, "response"),
]


@pytest.mark.parametrize(
    ("place", "name"), ANSWER_STAGES, ids=lambda part: getattr(part, "__name__", part)
)
def test_an_answer_whose_stage_fails_is_not_shown(
    stage: Stage, plant: Plant, place: Any, name: str
) -> None:
    echoed: list[bytes] = []

    def script(connection: RawConnection) -> None:
        _, body, _ = connection.read_message()
        echoed.append(body)
        plant(place, name)
        connection.send(reply(body, b"content-type: application/json"))

    stage.cloud.script = script
    with stage.open.client() as client:
        head, body, _ = client.ask(stage.post())
        plant.undo()
    stage.assert_nothing_left()
    assert echoed[0]
    assert echoed[0] not in head + body
    for secret in stage.secrets:
        assert secret not in head + body
    if head:
        stage.assert_refused(head, body, 503, "engine-error")
    else:
        assert (place, name) in TORN


TORN = [(Door, "rule"), (Exchange, "responseheaders"), (engine.Engine, "answer_head")]
"""In ``responseheaders`` an adapter's own failure ends the connection: nothing is answered."""


def events(connection: RawConnection, *pieces: bytes) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    connection.send(head)
    for piece in pieces:
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (StreamRewriter, "__call__"),
        (EventStream, "feed"),
        (Pseudonymiser, "restore_edits"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_an_event_stream_that_fails_is_torn_before_the_failing_piece(
    stage: Stage, plant: Plant, place: Any, name: str
) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_message()
        events(connection, b"data: premier\n\n")
        assert wait_for(first_seen.__len__)
        plant(place, name)
        connection.send(b"10\r\ndata: deuxieme\n\n\r\n")
        connection.send(b"11\r\ndata: troisieme\n\n\r\n0\r\n\r\n")

    first_seen: list[bytes] = []
    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        head = client.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        first_seen.append(client.read_until(b"premier\n\n"))
        while client.read():
            pass
        assert b"deuxieme" not in client.received
        assert b"troisieme" not in client.received
        assert not client.received.endswith(b"0\r\n\r\n")
    plant.undo()


def test_the_end_of_a_stream_is_not_shown_when_its_hits_cannot_be_recorded(
    stage: Stage, plant: Plant
) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_message()
        events(connection, b"data: bonjour\n\n")
        plant(Door, "record")
        connection.send(b"0\r\n\r\n")

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        while client.read():
            pass
        assert not client.received.endswith(b"0\r\n\r\n")
    plant.undo()


def test_a_large_binary_answer_whose_end_fails_is_torn_or_whole(stage: Stage, plant: Plant) -> None:
    """It is not read, so a failure at its end cannot show anything unrestored."""
    data = bytes(range(256)) * 4096

    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(reply(data, b"content-type: application/octet-stream")[:-10])
        plant(Exchange, "response")
        connection.send(data[-10:])

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        client.read_until(b"\r\n\r\n")
        got = client.read_exactly(len(data))
        assert data.startswith(got)
        assert client.is_torn()
    plant.undo()


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Gate, "http_connect"),
        (engine.Engine, "connect"),
        (engine.gate, "at_connect"),
        (engine.gate, "decide_host"),
        (Door, "opened_for"),
        (Door, "client_of"),
        (Door, "rule"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_connect_whose_stage_fails_opens_no_tunnel(
    stage: Stage, plant: Plant, place: Any, name: str
) -> None:
    plant(place, name)
    with pytest.raises(ConnectRefused) as refusal:
        stage.open.client()
    plant.undo()
    head = refusal.value.answer.partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"x-preau-reason: engine-error" in head
    assert stage.cloud.connections == []


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Gate, "tls_clienthello"),
        (engine.Engine, "hello"),
        (engine.gate, "at_hello"),
        (Door, "gate_host"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
@pytest.mark.parametrize("host", [HOST, "www.banque.example"])
def test_a_handshake_whose_stage_fails_reaches_nobody(
    stage: Stage, plant: Plant, place: Any, name: str, host: str
) -> None:
    plant(place, name)
    with pytest.raises((ssl.SSLError, ConnectionError, ConnectRefused)):
        stage.open.client(host)
    plant.undo()
    assert stage.cloud.connections == []


def test_a_failing_farewell_hurts_nobody(stage: Stage, plant: Plant) -> None:
    plant(Gate, "client_disconnected")
    plant(Door, "forget")
    plant(Exchange, "error")
    stage.ask(stage.post())
    plant.undo()
    assert stage.ask(stage.post())[0].startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()


def test_the_keeper_survives_a_refresh_that_fails(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fails() -> None:
        calls.append(1)
        raise Planted(VALUE)

    monkeypatch.setattr(stage.open.runtime, "refresh", fails)
    assert wait_for(lambda: len(calls) >= 2, 5)
    assert stage.ask(stage.post())[0].startswith(b"HTTP/1.1 200 ")


def test_metrics_that_fail_refuse(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __getitem__(self, _key: object) -> Any:
            raise Planted(VALUE)

    metrics: Metrics = stage.open.runtime.metrics
    monkeypatch.setattr(metrics, "requests", Broken())
    head, body = stage.ask(stage.post())
    monkeypatch.undo()
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"engine-error" in body
    assert stage.cloud.connections == []
