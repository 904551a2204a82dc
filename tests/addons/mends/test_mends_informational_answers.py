"""An origin's informational answers do not stand for the answer."""

from __future__ import annotations

from typing import Any

from tests.sim.raw_server import OK, answer

EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


def test_the_answer_after_early_hints_arrives(stage: Any) -> None:
    with stage.cloud(answer(EARLY + EARLY + OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            for _ in range(2):
                head, body, _ = client.ask(GET)
                assert head.startswith(b"HTTP/1.1 200 ")
                assert body == b"ok"
    assert len(cloud.connections) == 1


def test_hints_that_arrive_in_pieces_are_skipped_too(stage: Any) -> None:
    def script(connection: Any) -> None:
        connection.read_message()
        for byte in EARLY + OK:
            connection.send(bytes([byte]))

    with stage.cloud(script) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            assert client.ask(GET)[1] == b"ok"


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(EARLY + OK)) as cloud, stage.client(bare(cloud)) as client:
        assert client.ask(GET)[0].startswith(b"HTTP/1.1 103 ")
