"""Event streams through the real gateway: each event leaves by itself, pseudonyms whole."""

from __future__ import annotations

import json
import threading
import time

import pytest

from tests.faults.conftest import GET, Stage, field, reply
from tests.sim.raw_server import RawConnection

TYPES = {
    "events": (b"text/event-stream", b"data: %s\n\n"),
    "lines": (b"application/x-ndjson", b"%s\n"),
}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def delta(text: str) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode()


@pytest.mark.parametrize("kind", TYPES)
def test_each_event_has_left_before_the_next_one_comes(stage: Stage, kind: str) -> None:
    """The cloud sends an event only when the client has the one before it."""
    media, wrap = TYPES[kind]
    has = [threading.Event() for _ in range(5)]
    waited: list[float] = []

    def script(connection: RawConnection) -> None:
        connection.read_message()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.send(head % media)
        for number, seen in enumerate(has):
            started = time.monotonic()
            connection.send(chunk(wrap % delta(f"mot {number}.")))
            if not seen.wait(5):
                return
            waited.append(time.monotonic() - started)
        connection.send(b"0\r\n\r\n")

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        client.read_until(b"\r\n\r\n")
        for number, seen in enumerate(has):
            assert b"mot %d" % number in client.read_until(b"mot %d" % number)
            seen.set()
        client.read_until(b"0\r\n\r\n")
    assert len(waited) == len(has)
    assert max(waited) < 3


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("size", [1, 7, 23])
def test_a_pseudonym_in_deltas_is_restored(stage: Stage, kind: str, size: int) -> None:
    media, wrap = TYPES[kind]
    person = stage.person
    said = f"Bonjour, voici {person.full_name} ({person.email}), chez elle."
    seen: list[str] = []

    def script(connection: RawConnection) -> None:
        _, body, _ = connection.read_message()
        seen.append(json.loads(body)["note"])
        connection.send(reply(b"{}"))
        connection.read_message()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.send(head % media)
        for at in range(0, len(seen[0]), size):
            connection.send(chunk(wrap % delta(seen[0][at : at + size])))
        connection.send(b"0\r\n\r\n")

    stage.cloud.script = script
    with stage.open.client() as client:
        client.ask(stage.post(json.dumps({"note": said}).encode()))
        head, body, _ = client.ask(GET)
    stage.assert_nothing_left()
    assert field(head, b"content-length") == b""
    documents = [line.removeprefix(b"data: ") for line in body.split(b"\n") if line]
    words = [json.loads(one)["choices"][0]["delta"]["content"] for one in documents]
    assert "".join(words) == said
    assert len(words) >= len(seen[0]) // size
