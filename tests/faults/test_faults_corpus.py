"""A corpus of malformed and odd messages: what leaves is well-formed and means one thing, or
nothing leaves; the client gets a clear answer or an end; nothing hangs.

The judge is h11, which knows nothing of us. All messages are sent at once, by a raw client through
the real gateway to a raw service that records; each test then looks at one of them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import h11
import pytest

from tests.faults.conftest import Cloud, Stage
from tests.faults.corpus import Case, families, read
from tests.faults.corpus.judge import Malformed, Parsed, answers, requests
from tests.sim.raw_server import OK, RawConnection
from tests.sim.school import HOST, SITE_YAML, School

REQUESTS = [*read("requests.txt"), *families()]
ANSWERS = read("answers.txt")
LIMITS = "limits: {handshake_time: 5 s, head_time: 1 s, body_time: 1 s, answer_time: 1 s}\n"
NO_TARGET = ("asterisk-form", "absolute-form without path")
BARE = (b"OPTIONS * HTTP/1.1", b"GET / HTTP/1.1")
"""What the two cases become whose target is not their own."""
LONGEST = 9.0
"""Seconds until any exchange is over; the limits come to 3, the machine may be busy."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that waits a second for what is not complete."""
    school = School(tmp_path_factory.mktemp("corpus"), 20, site=SITE_YAML + LIMITS)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    sent: bytes
    """All that the service got on the connections that carried the case's target."""
    received: bytes
    """All that the client got."""
    ended: bool
    seconds: float


def answering(connection: RawConnection) -> None:
    """A service that answers each request that an independent parser sees."""
    peer = h11.Connection(h11.SERVER)
    while data := connection.read():
        peer.receive_data(data)
        with contextlib.suppress(h11.ProtocolError):
            while True:
                event = peer.next_event()
                if isinstance(event, h11.EndOfMessage):
                    connection.send(OK)
                    peer.send(h11.Response(status_code=200, headers=[("content-length", "2")]))
                    peer.send(h11.Data(data=b"ok"))
                    peer.send(h11.EndOfMessage())
                    peer.start_next_cycle()
                elif not isinstance(event, h11.Request | h11.Data):
                    break


def exchange(stage: Stage, raw: bytes) -> tuple[bytes, bool, float]:
    """Send; read until there is an answer and then nothing more, or the end."""
    started = time.monotonic()
    with stage.open.client(timeout=LONGEST) as client:
        client.send(raw)
        ended = True
        while client.read():
            client.sock.settimeout(0.3 if _is_complete(bytes(client.received)) else LONGEST)
        ended = not client.timed_out or _is_complete(bytes(client.received))
        return bytes(client.received), ended, time.monotonic() - started


def _is_complete(received: bytes) -> bool:
    with contextlib.suppress(Malformed):
        found, torn = answers(received)
        return bool(found) and not torn
    return False


def all_at_once(stage: Stage, cases: list[Case]) -> dict[str, Outcome]:
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda case: exchange(stage, case.raw), cases))
    outcomes = {}
    for case, (received, ended, seconds) in zip(cases, got, strict=True):
        mark = case.target.encode()
        carried = [bytes(c.received) for c in stage.cloud.connections if mark in c.received]
        outcomes[case.name] = Outcome(b"".join(carried), received, ended, seconds)
    return outcomes


# --- from the client ---


@pytest.fixture(scope="module")
def sent(stage: Stage) -> dict[str, Outcome]:
    """What became of every request of the corpus."""
    stage.cloud.reset()
    stage.cloud.script = answering
    return all_at_once(stage, REQUESTS)


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(REQUESTS) + len(ANSWERS) >= 300
    for cases in (REQUESTS, ANSWERS):
        assert len({case.name for case in cases}) == len(cases)


def test_nothing_that_left_is_unaccounted_for(stage: Stage, sent: dict[str, Outcome]) -> None:
    marks = [case.target.encode() for case in REQUESTS]
    for connection in stage.cloud.connections:
        data = bytes(connection.received)
        if data:
            assert any(mark in data for mark in marks) or data.startswith(BARE), data
            assert requests(data)
    assert b"evil.example" not in stage.cloud.everything.replace(b"//evil.example", b"")


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_what_leaves_is_well_formed_and_means_one_thing(
    sent: dict[str, Outcome], case: Case
) -> None:
    outcome = sent[case.name]
    assert outcome.ended, "hangs"
    assert outcome.seconds < LONGEST
    found, torn = answers(outcome.received)
    assert not torn
    arrived = requests(outcome.sent) if outcome.sent else []
    if case.expected == "passes":
        assert len(arrived) == 1
    if case.expected == "refused":
        assert arrived == []
    if arrived:
        assert found[0].line[1] == b"200"
        assert_same(arrived, case)
    elif found:
        assert found[0].line[1][:1] == b"4" or case.name in NO_TARGET, found


def assert_same(arrived: list[Parsed], case: Case) -> None:
    """What arrived is what the independent parser reads in what the client sent."""
    try:
        meant = requests_of_client(case.raw)
    except Malformed:
        return  # then only that it arrived well-formed, once, can be asked
    for one, its in zip(arrived, meant, strict=False):
        target = its.line[1].removeprefix(b"https://" + HOST.encode())
        assert (one.line[0], one.line[1]) == (its.line[0], target or b"/")
        assert one.body == its.body
    assert len(arrived) <= len(meant)


def requests_of_client(raw: bytes) -> list[Parsed]:
    """As h11 reads it: as many whole requests as there are."""
    peer, found = h11.Connection(h11.SERVER), []
    peer.receive_data(raw)
    try:
        while True:
            event = peer.next_event()
            match event:
                case h11.Request():
                    line = bytes(event.method), bytes(event.target)
                    found.append(Parsed(line, list(event.headers)))
                case h11.Data():
                    found[-1].body += bytes(event.data)
                case h11.EndOfMessage():
                    peer.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                    peer.send(h11.EndOfMessage())
                    peer.start_next_cycle()
                case _:
                    return found
    except h11.ProtocolError as error:
        if not found:
            raise Malformed(str(error)) from error
        return found


# --- from the service ---


def saying(cases: list[Case]) -> Callable[[RawConnection], None]:
    """A service that gives each target its own answer, then ends."""
    by_target = {case.target.encode(): case.raw for case in cases}

    def script(connection: RawConnection) -> None:
        head = connection.read_until(b"\r\n\r\n")
        connection.send(by_target[head.split(b" ")[1]])
        with contextlib.suppress(OSError):
            connection.sock.unwrap()
        connection.close()

    return script


@pytest.fixture(scope="module")
def answered(stage: Stage) -> dict[str, Outcome]:
    """What the client saw of every answer of the corpus."""
    stage.cloud.reset()
    stage.cloud.script = saying(ANSWERS)
    head = "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n"
    asking = [
        Case(case.name, "", head.format(case.target, HOST).encode(), case.target)
        for case in ANSWERS
    ]
    return all_at_once(stage, asking)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_what_the_client_sees_is_well_formed_whatever_the_service_says(
    answered: dict[str, Outcome], case: Case
) -> None:
    outcome = answered[case.name]
    assert outcome.ended, "hangs"
    found, torn = answers(outcome.received)
    assert b"injected" not in outcome.received.lower()
    assert len(found) <= 1
    if torn:
        assert case.expected in ("torn", "either"), outcome.received
        return
    assert found, "an end without an answer"
    status, fields = found[0].line[1], dict(found[0].headers)
    if case.expected == "passes":
        assert (status, found[0].body) == (b"200", b"ok")
    elif case.expected == "refused":
        assert status == b"502", outcome.received
        assert fields.get(b"x-preau-reason") in (b"malformed-answer", b"upstream-unreachable")
    else:
        assert status in (b"200", b"204", b"304", b"502", b"999")
