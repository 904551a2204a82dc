"""A stream that holds bytes back does not end the body."""

from __future__ import annotations

from typing import Any

from tests.sim.raw_server import OK, wait_for

PIECES = [b"%d" % i * 500 for i in range(8)]
BODY = b"".join(PIECES)


def slowly(connection: Any) -> None:
    while connection.read_message()[0]:
        connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in PIECES:
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            wait_for(lambda: False, 0.01)
        connection.send(b"0\r\n\r\n")


def upload(client: Any) -> tuple[bytes, bytes, bytes]:
    client.send(
        b"POST /hold-back HTTP/1.1\r\nhost: cloud.example\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    for piece in PIECES:
        client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        wait_for(lambda: False, 0.01)
    client.send(b"0\r\n\r\n")
    result: tuple[bytes, bytes, bytes] = client.read_message()
    return result


def test_an_answer_that_is_held_back_arrives_whole(stage: Any, provoke: object) -> None:
    with stage.cloud(slowly) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            for _ in range(2):
                answered = client.ask(b"GET /hold-back HTTP/1.1\r\nhost: cloud.example\r\n\r\n")
                assert answered[1] == BODY


def test_an_upload_that_is_held_back_arrives_whole(stage: Any, provoke: object) -> None:
    bodies = []

    def record(connection: Any) -> None:
        while (message := connection.read_message())[0]:
            bodies.append(message[1])
            connection.send(OK)

    with stage.cloud(record) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            upload(client)
            upload(client)
    assert bodies == [BODY, BODY]


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(slowly) as cloud, stage.client(bare(cloud)) as client:
        answered = client.ask(b"GET /hold-back HTTP/1.1\r\nhost: cloud.example\r\n\r\n")
        assert len(answered[1]) < len(BODY)


def test_the_stream_of_these_tests_is_whole_without_chunks(stage: Any, provoke: object) -> None:
    """So that a failure above is the framing's and not the transform's."""
    transform = _hold_back(provoke)
    assert b"".join([*(transform(piece) for piece in PIECES), transform(b"")]) == BODY


def _hold_back(provoke: Any) -> Any:
    return type(provoke).requestheaders.__globals__["hold_back"]()
