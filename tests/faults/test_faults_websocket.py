"""WebSocket messages that cannot be treated close the connection and say why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from addons.mends.websocket_refusal import MOST_REASON
from addons.websocket import farewell
from proxy.reasons import Reason
from tests.sim.authority import client_context
from tests.sim.school import HOST, School
from tests.sim.ws_peers import WebSocketServer, connect_websocket


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, WebSocketServer]]:
    school = School(tmp_path_factory.mktemp("line"))
    with WebSocketServer(school.tls()) as cloud, school.open_to(cloud) as opened:
        yield opened, cloud


def _open(opened: Any) -> Any:
    return connect_websocket(opened.port, HOST, client_context(opened.ca_pem))


@pytest.mark.parametrize("size", [20, 5000])
def test_a_message_that_cannot_be_read_closes_with_a_reason(line: Any, size: int) -> None:
    opened, cloud = line
    before = len(cloud.received)
    with _open(opened) as client:
        client.send("bonjour")
        assert client.recv(timeout=5) == "bonjour"
        client.send(b"\x89PNG\r\n\x1a\n" + b"\0\1\2\3" * size)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason == farewell(Reason.OPAQUE_CONTENT)
    assert cloud.received[before:] == ["bonjour"]


def test_an_identifier_never_leaves_in_fragments(line: Any) -> None:
    opened, cloud = line
    person = opened.people[0]
    before = len(cloud.received)
    with _open(opened) as client:
        name = person.full_name
        client.send(iter(["bonjour ", name[:3], name[3:], " !"]))
        assert client.recv(timeout=5) == f"bonjour {name} !"
        client.send(iter([b'{"n": "', name[:4].encode(), name[4:].encode(), b'"}']))
        assert client.recv(timeout=5) == f'{{"n": "{name}"}}'.encode()
    for message in cloud.received[before:]:
        text = message if isinstance(message, str) else message.decode()
        assert person.family_name not in text


def test_messages_of_both_directions_may_cross(line: Any) -> None:
    opened, _ = line
    names = [person.full_name for person in opened.people[:20]]
    with _open(opened) as client:
        sender = threading.Thread(target=lambda: [client.send(f"pour {n}") for n in names])
        sender.start()
        heard = [client.recv(timeout=5) for _ in names]
        sender.join()
    assert heard == [f"pour {name}" for name in names]


@pytest.mark.parametrize("reason", list(Reason))
def test_every_farewell_fits_into_a_close_frame(reason: Reason) -> None:
    assert 0 < len(farewell(reason).encode()) <= MOST_REASON
