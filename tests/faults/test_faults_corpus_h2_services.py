"""Malformed and hostile answers in HTTP/2, frame by frame, to a gateway whose client speaks it.

What the client sees, read by hyper-h2, is one whole well-formed answer, our page with a reason, or
a reset; nothing hangs beyond the limits; and the oracle of all faults holds: what each service
received names nobody, the log verifies and holds every page's incident, counters equal it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import hpack
import pytest

from tests.faults.chaos_oracle import Oracle
from tests.faults.chaos_scene import oracle_of
from tests.faults.conftest import Cloud, Stage
from tests.faults.corpus import h2_answers
from tests.faults.corpus.h2_answers import HELLO, H2Service
from tests.faults.test_faults_corpus import LIMITS, LONGEST
from tests.sim.h2_peers import H2Message
from tests.sim.raw_server import RawConnection
from tests.sim.school import HOST, SITE_YAML, School

CASES = list(h2_answers.cases())
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PAGES = {
    "malformed-answer", "upstream-unreachable", "answer-late", "body-too-large", "undecodable",
    "overloaded",
}  # fmt: skip
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_OF_CONNECTIONS = {b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"}


@dataclass(frozen=True)
class Seen:
    """What the client saw."""

    message: H2Message
    timed_out: bool
    seconds: float


def serve(connection: RawConnection) -> None:
    """Play the case that the request names; a request that is asked again gets the same."""
    connection.send(HELLO)
    connection.read_until(PREFACE)
    while (head := connection.read_exactly(9))[3:4] != bytes((h2_answers.HEADERS,)):
        if len(head) < 9:
            return
        connection.read_exactly(int.from_bytes(head[:3]))
    block = connection.read_exactly(int.from_bytes(head[:3]))
    fields = dict(hpack.Decoder().decode(block, raw=True))
    play(CASES[int(fields[b":path"].rpartition(b"=")[2])], connection)


def play(case: H2Service, connection: RawConnection) -> None:
    """What it says, and its end."""
    connection.send(case.frames)
    if case.ends:
        with contextlib.suppress(OSError):
            connection.sock.unwrap()
        connection.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that waits a second for what is not complete."""
    site = SITE_YAML + LIMITS.replace("}", ", idle_time: 3 s, connect_time: 5 s}")
    school = School(tmp_path_factory.mktemp("corpus-h2-services"), 20, site=site)
    with Cloud(school.tls(HOST, alpn=("h2",))) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


def ask(stage: Stage, number: int) -> Seen:
    """A request that names a person, on a connection of its own."""
    started = time.monotonic()
    with stage.open.h2_client() as client:
        client.sock.settimeout(LONGEST)
        fields = [(b"content-type", b"application/json")]
        path = f"/v1/classwork?n={number}"
        message = client.wait(client.request(HOST, path, "POST", stage.body, fields))
        return Seen(message, client.timed_out, time.monotonic() - started)


@pytest.fixture(scope="module")
def oracle(stage: Stage) -> Oracle:
    return oracle_of(stage)


@pytest.fixture(scope="module")
def seen(stage: Stage, oracle: Oracle) -> dict[str, Seen]:
    """All at once, but for those that speak first: what a service says then has no case yet."""
    found: dict[str, Seen] = {}
    stage.cloud.script = serve
    numbers = [number for number, case in enumerate(CASES) if not case.first]
    with ThreadPoolExecutor(16) as pool:
        for number, one in zip(numbers, pool.map(lambda n: ask(stage, n), numbers), strict=True):
            found[CASES[number].name] = one
    for number, case in enumerate(CASES):
        if case.first:
            stage.cloud.script = lambda connection, case=case: speak_first(case, connection)
            found[case.name] = ask(stage, number)
    return found


def speak_first(case: H2Service, connection: RawConnection) -> None:
    """The preface is the case."""
    connection.send(case.first)
    connection.read_until(PREFACE)
    while (head := connection.read_exactly(9))[3:4] != bytes((h2_answers.HEADERS,)):
        if len(head) < 9:
            return
        connection.read_exactly(int.from_bytes(head[:3]))
    play(case, connection)


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_client_sees_is_one_whole_answer_or_a_page(
    seen: dict[str, Seen], oracle: Oracle, case: H2Service
) -> None:
    one = seen[case.name]
    message = one.message
    assert not one.timed_out, "hangs"
    assert one.seconds < LONGEST
    assert b"injected" not in b"".join(name + value for name, value in message.headers).lower()
    if not message.headers:
        assert message.reset is not None
        assert case.expected == "either", "neither an answer nor a page"
        return
    well_formed(message)
    reason = (message.header(b"x-preau-reason") or b"").decode()
    if reason:
        assert message.ended
        assert reason in PAGES
        assert message.status in (403, 413, 502, 503, 504)
        oracle.incidents.add((message.header(b"x-preau-incident") or b"").decode())
    match case.expected:
        case "passes":
            assert (message.status, message.body, message.ended) == (200, b"ok", True)
        case "refused":
            assert reason
        case "late":
            assert reason == "answer-late"
        case "torn":
            assert reason or message.reset is not None


def well_formed(message: H2Message) -> None:
    """RFC 9113, 8.2 and 8.3.2: what hyper-h2 was told not to look at."""
    names = [name for name, _ in message.headers]
    assert names[0] == b":status"
    assert names.count(b":status") == 1
    assert re.fullmatch(rb"[2-59]\d\d", dict(message.headers)[b":status"])
    for name, value in [*message.headers[1:], *message.trailers]:
        assert _TOKEN.fullmatch(name), name
        assert not _BAD.search(value), value
        assert name not in _OF_CONNECTIONS
    length = [value for name, value in message.headers if name == b"content-length"]
    if message.ended and message.status not in (204, 304):
        assert length in ([], [b"%d" % len(message.body)])


def test_the_oracle_holds_and_the_gateway_serves(
    stage: Stage, seen: dict[str, Seen], oracle: Oracle
) -> None:
    stage.cloud.script = serve
    names = [case.name for case in CASES]
    again = ask(stage, names.index("plain"))
    assert (again.message.status, again.message.body) == (200, b"ok")
    oracle.judge()
