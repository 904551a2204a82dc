"""Malformed and odd HTTP/2, sent frame by frame, to a gateway before an HTTP/1 service: the place
where what one protocol allows becomes a second request in the other.

What leaves is well-formed for h11 and is the one request that was meant, or nothing leaves; the
client, whose frames hyper-h2 reads, gets a status, a reset or a GOAWAY; nothing hangs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.faults.conftest import Cloud, Stage
from tests.faults.corpus.judge import requests
from tests.faults.test_faults_corpus import LIMITS, LONGEST, answering
from tests.sim.h2_peers import Fields
from tests.sim.school import HOST, SITE_YAML, School

H = HOST.encode()
INNER = b"GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n"


@dataclass(frozen=True)
class H2Case:
    """Fields and body of one request, or frames as they are."""

    name: str
    expected: str
    fields: Fields
    body: bytes | None = None
    trailers: Fields | None = None
    raw: bytes = b""
    """Sent instead."""


def base(
    method: bytes = b"GET", path: bytes = b"{T}", authority: bytes = H, scheme: bytes = b"https"
) -> Fields:
    """The pseudo-header fields of a request."""
    return [
        (b":method", method),
        (b":scheme", scheme),
        (b":path", path),
        (b":authority", authority),
    ]


def without(name: bytes) -> Fields:
    """The same without one."""
    return [one for one in base() if one[0] != name]


def cases() -> Iterator[H2Case]:
    """About a hundred and fifty."""
    yield H2Case("plain", "passes", base())
    yield H2Case("body without length", "passes", base(b"POST"), INNER)
    yield H2Case(
        "body with its length", "passes", [*base(b"POST"), (b"content-length", b"3")], b"a" * 3
    )
    yield H2Case("empty body", "passes", base(b"POST"), b"")
    yield H2Case("trailers", "passes", base(b"POST"), b"abc", [(b"x-sum", b"1")])
    yield H2Case("several cookies", "passes", [*base(), (b"cookie", b"a=1"), (b"cookie", b"b=2")])
    for length, body in (
        (b"0", b"abc"),
        (b"1", INNER),
        (b"99", b"abc"),
        (b"5", None),
        (b"+3", b"abc"),
        (b"3,3", b"abc"),
        (b"0x3", b"abc"),
        (b" 3", b"abc"),
        (b"", b"abc"),
        (b"-3", b"abc"),
        ("٣".encode(), b"abc"),
        (b"3\x00", b"abc"),
    ):
        fields = [*base(b"POST"), (b"content-length", length)]
        yield H2Case(f"H2.CL length {length!r} with {body!r}", "refused", fields, body)
    two = [(b"content-length", b"3"), (b"content-length", b"30")]
    yield H2Case("H2.CL two lengths", "refused", [*base(b"POST"), *two], b"abc")
    equal = [(b"content-length", b"3")] * 2
    yield H2Case("H2.CL two equal lengths", "either", [*base(b"POST"), *equal], b"abc")
    for name in (
        b"transfer-encoding",
        b"Transfer-Encoding",
        b"connection",
        b"keep-alive",
        b"upgrade",
        b"proxy-connection",
        b"http2-settings",
        b"te",
    ):
        expected = "either" if name in (b"http2-settings", b"keep-alive") else "refused"
        yield H2Case(
            f"H2.TE field {name!r}",
            expected,
            [*base(b"POST"), (name, b"chunked")],
            b"0\r\n\r\n" + INNER,
        )
    yield H2Case("te: trailers", "passes", [*base(), (b"te", b"trailers")])
    for control in (b"\r\n", b"\r", b"\n", b"\x00", b"\x0b", b"\x1f", b"\x7f", b"\r\n\r\n" + INNER):
        injected = b"a" + control + b"x-injected: 1"
        yield H2Case(f"{control!r} in a value", "refused", [*base(), (b"x-a", injected)])
        yield H2Case(
            f"{control!r} in a name", "refused", [*base(), (b"x-a" + control + b"b", b"1")]
        )
        for pseudo in ("method", "path", "authority", "scheme"):
            value = {"method": b"GET", "path": b"{T}", "authority": H, "scheme": b"https"}[pseudo]
            fields = base(**{pseudo: value + control + b"x"})
            yield H2Case(f"{control!r} in :{pseudo}", "refused", fields)
    for name in (
        b"X-A",
        b"x a",
        b"x:a",
        b"",
        b" x",
        b"x ",
        b":x",
        b"x\t",
        b"x(a)",
        "é".encode(),
        b"x\xff",
    ):
        yield H2Case(f"name {name!r}", "refused", [*base(), (name, b"1")])
    yield H2Case("name with an underscore", "passes", [*base(), (b"content_length", b"99")])
    yield H2Case("value with white space around", "either", [*base(), (b"x-a", b" a ")])
    for pseudo in (b":method", b":scheme", b":path", b":authority"):
        yield H2Case(f"no {pseudo!r}", "refused", without(pseudo))
        twice = [*base(), next(one for one in base() if one[0] == pseudo)]
        yield H2Case(f"two {pseudo!r}", "refused", twice)
    yield H2Case("pseudo-field behind a field", "refused", [(b"x-a", b"1"), *base()])
    yield H2Case("unknown pseudo-field", "refused", [*base(), (b":x", b"1")])
    yield H2Case("an answer's pseudo-field", "refused", [*base(), (b":status", b"200")])
    yield H2Case(":protocol", "refused", [*base(b"CONNECT"), (b":protocol", b"websocket")])
    yield H2Case("CONNECT", "refused", [(b":method", b"CONNECT"), (b":authority", H + b":443")])
    for path in (
        b"",
        b"smuggled",
        b"*",
        b"https://evil.example/",
        b"{T} x",
        b"{T} HTTP/1.1",
        b"{T}#x",
        b"{T}\xc3\xa9",
        b"{T}\xff",
        b"//evil.example{T}",
        b"/\\evil{T}",
    ):
        expected = (
            "either" if path[-1:] in b"x}" and b" " not in path and path[:1] != b"h" else "refused"
        )
        yield H2Case(f"path {path!r}", expected, base(path=path))
    yield H2Case("OPTIONS *", "either", base(b"OPTIONS", b"*"))
    for method in (b"", b"GE T", b"GET\t", b"GET /x HTTP/1.1", b"TRACE", "É".encode(), b"G:T"):
        yield H2Case(f"method {method!r}", "refused", base(method))
    yield H2Case("method in small letters", "either", base(b"get"))
    for authority in (
        b"evil.example",
        b"",
        H + b":8443",
        b"u@" + H,
        H + b"/x",
        H + b"#x",
        H + b" ",
        b"[" + H + b"]",
        H + b":",
        H + b":443x",
        H + b",evil.example",
    ):
        expected = "either" if authority == H + b":" else "refused"
        yield H2Case(f"authority {authority!r}", expected, base(authority=authority))
    for scheme in (b"http", b"", b"ftp", b"https://evil.example/?", b"HTTPS"):
        yield H2Case(
            f"scheme {scheme!r}", "either" if scheme == b"HTTPS" else "refused", base(scheme=scheme)
        )
    yield H2Case("the same Host beside it", "passes", [*base(), (b"host", H)])
    yield H2Case("another Host beside it", "refused", [*base(), (b"host", b"evil.example")])
    yield H2Case(
        "two Hosts beside it", "refused", [*base(), (b"host", H), (b"host", b"evil.example")]
    )
    yield H2Case("only a Host", "refused", [*without(b":authority"), (b"host", b"evil.example")])
    yield H2Case(
        "pseudo-field in the trailers", "refused", base(b"POST"), b"abc", [(b":path", b"/evil")]
    )
    framing = [
        (b"content-length", b"99"),
        (b"transfer-encoding", b"chunked"),
        (b"host", b"evil.example"),
    ]
    for field in framing:
        yield H2Case(f"{field[0]!r} in the trailers", "either", base(b"POST"), b"abc", [field])
    injected = [(b"x-a", b"1\r\nx-injected: 1")]
    yield H2Case("a line end in the trailers", "refused", base(b"POST"), b"abc", injected)
    yield H2Case("expect", "passes", [*base(b"POST"), (b"expect", b"100-continue")], b"abc")
    yield from frame_cases()


def frame_cases() -> Iterator[H2Case]:
    """Frames in the wrong place, or that are none."""
    data, headers, priority, reset, settings, promise, ping, goaway, window, more = range(10)
    block = b"\x82"
    wrong = {
        "DATA on the connection": wire(data, 0, 0, b"a"),
        "DATA on an idle stream": wire(data, 0, 77, b"a"),
        "DATA padded beyond its end": wire(data, 8, 1, b"\xff"),
        "HEADERS on the connection": wire(headers, 4, 0, block),
        "HEADERS on an even stream": wire(headers, 4, 2, block),
        "HEADERS padded beyond its end": wire(headers, 12, 1, b"\xff"),
        "a block that is no HPACK": wire(headers, 4, 77, b"\xff" * 40),
        "CONTINUATION of nothing": wire(more, 4, 77, block),
        "PUSH_PROMISE from a client": wire(promise, 4, 1, b"\x00\x00\x00\x02" + block),
        "RST_STREAM of the connection": wire(reset, 0, 0, b"\x00" * 4),
        "RST_STREAM of an idle stream": wire(reset, 0, 77, b"\x00" * 4),
        "RST_STREAM of another size": wire(reset, 0, 1, b"\x00" * 3),
        "WINDOW_UPDATE by nothing": wire(window, 0, 0, b"\x00" * 4),
        "WINDOW_UPDATE beyond all": wire(window, 0, 0, b"\x7f\xff\xff\xff"),
        "WINDOW_UPDATE of another size": wire(window, 0, 0, b"\x00" * 5),
        "a frame size that is none": wire(settings, 0, 0, b"\x00\x05\x00\x00\x00\x01"),
        "a window that is none": wire(settings, 0, 0, b"\x00\x04\xff\xff\xff\xff"),
        "SETTINGS of a stream": wire(settings, 0, 1, b""),
        "SETTINGS of another size": wire(settings, 0, 0, b"abc"),
        "SETTINGS that acknowledge and set": wire(settings, 1, 0, b"\x00" * 6),
        "PING of a stream": wire(ping, 0, 1, b"12345678"),
        "PING of another size": wire(ping, 0, 0, b"1234567"),
        "GOAWAY of a stream": wire(goaway, 0, 1, b"\x00" * 8),
        "a stream that depends on itself": wire(priority, 0, 1, b"\x00\x00\x00\x01\x10"),
        "PRIORITY of another size": wire(priority, 0, 1, b"\x00"),
        "an unknown frame": wire(0xFA, 0, 0, b"abc"),
        "a frame beyond the size allowed": b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"a" * 200_000,
        "an answer in HTTP/1": b"HTTP/1.1 200 OK\r\n\r\n",
        "a request in HTTP/1": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    }
    for name, raw in wrong.items():
        yield H2Case(name, "either", [], raw=raw)
    half = wire(headers, 0, 1, block)
    yield H2Case("PING in a header block", "refused", [], raw=half + wire(ping, 0, 0, b"1" * 8))
    yield H2Case("DATA in a header block", "refused", [], raw=half + wire(data, 0, 1, b"a"))
    yield H2Case("a header block without end", "refused", [], raw=half)


def wire(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame, whether or not there is such a one."""
    head = len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4)
    return head + payload


CASES = list(cases())


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that waits a second for what is not complete."""
    site = SITE_YAML + LIMITS.replace("}", ", idle_time: 3 s}")
    school = School(tmp_path_factory.mktemp("corpus-h2"), 20, site=site)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        cloud.script = answering
        yield Stage(school, cloud, opened)


@dataclass(frozen=True)
class H2Outcome:
    """What became of one case."""

    sent: bytes
    status: int | None
    reset: bool
    ended: bool
    timed_out: bool


def target(case: H2Case) -> bytes:
    """Where it goes."""
    return b"/v1/h%dx" % CASES.index(case)


def exchange(stage: Stage, case: H2Case) -> H2Outcome:
    """Send; read until the stream is over or the connection is."""
    with stage.open.h2_client() as client:
        client.sock.settimeout(LONGEST)
        raw = case.raw
        if case.fields:
            fields = [(name, value.replace(b"{T}", target(case))) for name, value in case.fields]
            last = case.body is None and case.trailers is None
            raw = wire(1, 5 if last else 4, 1, client.h2.encoder.encode(fields))
            if case.body is not None:
                raw += wire(0, case.trailers is None, 1, case.body)
            if case.trailers is not None:
                raw += wire(1, 5, 1, client.h2.encoder.encode(case.trailers))
        client.h2.get_next_available_stream_id()
        client.h2.send_headers(1, base(path=b"/"), end_stream=True)  # for hyper-h2 to expect one
        client.h2.clear_outbound_data_buffer()
        with contextlib.suppress(OSError):
            client.sock.sendall(raw)
        if case.raw and not case.fields:
            client.sock.settimeout(0.5 if case.name != "a header block without end" else LONGEST)
        while not client.ended:
            message = client.messages.get(1)
            if client.goaway is not None or (
                message and (message.ended or message.reset is not None)
            ):
                break
            client.pump()
        message = client.messages.get(1)
        status = message.status if message is not None and message.headers else None
        reset = client.goaway is not None or (message is not None and message.reset is not None)
        return H2Outcome(b"", status, reset, client.ended, client.timed_out)


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> dict[str, H2Outcome]:
    """All at once."""
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda case: exchange(stage, case), CASES))
    result = {}
    for case, outcome in zip(CASES, got, strict=True):
        mark = target(case)
        sent = b"".join(bytes(c.received) for c in stage.cloud.connections if mark in c.received)
        result[case.name] = H2Outcome(
            sent, outcome.status, outcome.reset, outcome.ended, outcome.timed_out
        )
    return result


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(CASES) >= 140
    assert len({case.name for case in CASES}) == len(CASES)


def test_nothing_else_left(stage: Stage, outcomes: dict[str, H2Outcome]) -> None:
    marks = [target(case) for case in CASES]
    for connection in stage.cloud.connections:
        data = bytes(connection.received)
        if data:
            assert any(mark in data for mark in marks) or data.startswith(b"OPTIONS * "), data
            assert len(requests(data)) == 1
    assert b"x-injected" not in stage.cloud.everything


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_leaves_is_the_one_request_that_was_meant(
    outcomes: dict[str, H2Outcome], case: H2Case
) -> None:
    outcome = outcomes[case.name]
    arrived = requests(outcome.sent) if outcome.sent else []
    assert len(arrived) <= 1
    if case.expected == "passes":
        assert len(arrived) == 1
        assert outcome.status == 200
    if case.expected == "refused":
        assert arrived == []
        assert not outcome.timed_out, "hangs"
        assert outcome.reset or outcome.ended or (outcome.status or 0) // 100 == 4
    if arrived:
        assert arrived[0].body == (case.body or b"")
        assert arrived[0].trailers == []
