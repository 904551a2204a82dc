"""Valid messages, mutated: whatever leaves is well-formed, and no second request hides in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.conftest import Cloud, Stage
from tests.faults.corpus.judge import answers, requests
from tests.faults.test_faults_corpus import LIMITS, answering, exchange
from tests.sim.school import HOST, SITE_YAML, School

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: %s\r\nX-A: b\r\n" % HOST.encode()
MESSAGES = [
    HEAD + b"Content-Length: 11\r\n\r\nhello world",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: c\r\n\r\n",
]
PIECES = st.sampled_from(
    [
        b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\x00", b" ", b"\t", b":", b",", b";", b"0", b"1",
        b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: evil.example\r\n",
        b"GET /smuggled HTTP/1.1\r\n", b"\r\n x", b"\xff", b"\x0b", b"HTTP/1.0", b"%0d%0a",
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that waits a second for what is not complete."""
    school = School(tmp_path_factory.mktemp("corpus-fuzz"), 20, site=SITE_YAML + LIMITS)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid message with one to three places cut, doubled or filled with something."""
    message = bytearray(draw(st.sampled_from(MESSAGES)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(message)))
        end = min(len(message), start + draw(st.integers(0, 6)))
        how = draw(st.sampled_from(["cut", "double", "put", "replace"]))
        piece = draw(PIECES)
        if how in ("cut", "replace"):
            message[start:end] = piece if how == "replace" else b""
        else:
            message[start:start] = message[start:end] if how == "double" else piece
    return bytes(message)


@pytest.mark.long
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=mutated())
def test_no_mutation_of_a_valid_message_makes_anything_malformed_leave(
    stage: Stage, raw: bytes
) -> None:
    stage.cloud.reset()
    stage.cloud.script = answering
    received, ended, _ = exchange(stage, raw)
    assert ended, "hangs"
    found, torn = answers(received)
    assert not torn
    for connection in stage.cloud.connections:
        if connection.received:
            assert requests(bytes(connection.received))
    assert len(found) <= 1 + raw.count(b"HTTP/1.")
