"""Towards an HTTP/1 origin every request body is framed by us."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from addons.mends.request_framing import framed
from tests.sim.raw_server import OK, answer

INNER = b"POST /unseen HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_an_h2_body_without_length_is_one_request_for_the_origin(
    stage: Any, provoke: object, path: str
) -> None:
    bodies = []

    def record(connection: Any) -> None:
        while (message := connection.read_message())[0]:
            bodies.append(message[1])
            connection.send(OK)

    with stage.cloud(record) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.h2_client(worker) as client:
            assert client.wait(client.request(stage.host, path, "POST", INNER)).status == 200
            assert client.wait(client.request(stage.host, path, "POST", b"")).status == 200
    assert bodies == [INNER, b""]


def test_a_stream_never_sends_more_than_it_declared(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        with stage.client(worker) as client:
            client.send(
                b"POST /grow HTTP/1.1\r\nhost: cloud.example\r\ncontent-length: 3\r\n\r\nabc"
            )
            head, _, _ = client.read_message()
    assert b" 200 " not in head
    assert cloud.everything.endswith(b"\r\n\r\n")


@given(
    version=st.sampled_from(["HTTP/1.1", "HTTP/2.0", "HTTP/3"]),
    content=st.one_of(st.none(), st.binary(max_size=20)),
    declared=st.one_of(st.none(), st.integers(0, 30)),
    coding=st.booleans(),
    streamed=st.booleans(),
)
def test_whatever_leaves_with_a_body_says_where_it_ends(
    version: str, content: bytes | None, declared: int | None, coding: bool, streamed: bool
) -> None:
    request = http.Request.make("POST", "https://cloud.example/", b"")
    request.http_version = version
    request.data.content = content
    request.stream = streamed
    request.headers.pop("content-length", None)
    if declared is not None:
        request.headers["content-length"] = str(declared)
    if coding and declared is None and version == "HTTP/1.1":
        request.headers["transfer-encoding"] = "chunked"
    end_stream = not content and not streamed
    headers = framed(request, end_stream).headers
    length, chunked = headers.get("content-length"), "transfer-encoding" in headers
    assert not (length and chunked)
    if end_stream:
        assert chunked or length in (None, "0")
    elif streamed or content is None:
        assert chunked or length == str(declared)
    else:
        assert chunked or length == str(len(content))


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.h2_client(bare(cloud)) as client:
        client.wait(client.request(stage.host, "/", "POST", INNER))
    head = cloud.everything.split(b"\r\n\r\n")[0].lower()
    assert b"content-length" not in head
    assert b"transfer-encoding" not in head
