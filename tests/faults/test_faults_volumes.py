"""Bytes that really went and came are in the sums, read or unread, whole or streamed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from proxy.audit import Event
from tests.faults.conftest import Stage, reply
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient, open_tunnel
from tests.sim.raw_server import wait_for
from tests.sim.school import BANK, HOST, SERVICE


def told(stage: Stage) -> Mapping[str, Event]:
    """The sums since last asked, by service."""
    found: list[Event] = []
    runtime = stage.open.runtime
    runtime.engine.volumes.tell(runtime.snapshot().policy.digest, found.extend, all=True)
    return {str(one.get("service", "")): one for one in found}


def test_what_left_and_what_came_is_counted_rounded_up(stage: Stage) -> None:
    told(stage)
    stage.cloud.answers(reply(b"x" * 5000, b"content-type: text/plain"))
    body = b'{"note": "%s"}' % (b"a" * 3000)
    head, _ = stage.ask(stage.post(body))
    assert head.startswith(b"HTTP/1.1 200 ")
    counted = told(stage)[SERVICE]
    assert counted["count"] == 1
    left = len(b"/v1/classwork") + len(body)
    assert counted["sent"] == -(-left // 1024) * 1024
    assert counted["received"] == 5120
    assert told(stage) == {}


def test_what_is_refused_counts_for_nothing(stage: Stage) -> None:
    told(stage)
    stage.ask(stage.post(b'{"student": {"secret": "x"}}'))
    assert told(stage) == {}


def test_a_long_answer_that_is_not_read_is_counted(stage: Stage) -> None:
    told(stage)
    picture = b"\x89PNG\r\n\x1a\n" + bytes(200_000)
    stage.cloud.answers(reply(picture, b"content-type: image/png"))
    stage.ask(b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode())
    found: dict[str, Event] = {}
    assert wait_for(lambda: bool(found.update(told(stage)) or found))
    assert found[SERVICE]["received"] == -(-len(picture) // 1024) * 1024


def test_an_unread_connection_is_counted_when_it_ends(stage: Stage) -> None:
    told(stage)
    stage.cloud.answers(reply(b"x" * 50_000))
    context = client_context(stage.open.ca_pem)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = context.wrap_socket(open_tunnel(stage.open.port, BANK, None), server_hostname=BANK)
    with RawClient(sock) as client:
        client.ask(b"GET / HTTP/1.1\r\nhost: %s\r\n\r\n" % BANK.encode())
    found: dict[str, Event] = {}
    assert wait_for(lambda: bool(found.update(told(stage)) or found))
    (counted,) = found.values()
    assert counted["action"] == "tunnel"
    assert counted["count"] == 1
    assert 50_000 < int(str(counted["received"])) < 70_000
    assert 0 < int(str(counted["sent"])) < 10_000
