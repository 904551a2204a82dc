"""The engine's rulings, asked directly: what leaves, what is refused, what is recorded."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import msgpack
import pytest

from proxy.decisions import Buffer, Forward, Inspect, Refuse, Reply, Stream, Tunnel
from proxy.engine import Client
from proxy.engine.ruling import Ruling
from proxy.reasons import Reason
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import BANK, HOST, TRACKER, School

JSON = ((b"content-type", b"application/json"),)


def begun(runtime: Runtime, client: Client, **kwargs: object) -> Ruling:
    return runtime.engine.begin(head(**kwargs), client)  # type: ignore[arg-type]


def refusal(ruling: Ruling) -> Reason:
    assert isinstance(ruling.decision, Refuse)
    assert [event["incident"] for event in ruling.events] == [ruling.decision.incident]
    assert ruling.decision.incident.encode() in ruling.decision.reply.body
    return ruling.decision.reason


def test_a_body_is_asked_for_whole(runtime: Runtime, client: Client) -> None:
    ruling = begun(runtime, client, method="POST", target="/v1/classwork", headers=JSON)
    assert isinstance(ruling.decision, Buffer)
    assert ruling.exchange is not None
    assert ruling.exchange.endpoint.template == "/v1/classwork"


def test_out_under_a_pseudonym_and_back_under_the_name(
    runtime: Runtime, client: Client, school: School
) -> None:
    person = school.people[0]
    ruling = begun(runtime, client, method="POST", target="/v1/classwork", headers=JSON)
    assert ruling.exchange is not None
    body = json.dumps({"student": {"name": person.full_name, "email": person.email}}).encode()
    out = runtime.engine.protect(ruling.exchange, body)
    assert isinstance(out.decision, Forward)
    assert out.decision.body is not None
    assert person.family_name.encode() not in out.decision.body
    assert [event["type"] for event in out.events] == ["request-pseudonymised"]
    assert out.events[0]["counts"] == {"full_name": 1, "email": 1}
    back = runtime.engine.restore(ruling.exchange, JSON, out.decision.body)
    assert isinstance(back.decision, Forward)
    assert json.loads(back.decision.body or b"") == json.loads(body)
    assert back.events[0]["counts"] == {"full_name": 1, "email": 1}


@pytest.mark.parametrize("kind", ["application/msgpack", "application/octet-stream"])
def test_binary_documents_go_out_and_come_back(
    runtime: Runtime, client: Client, school: School, kind: str
) -> None:
    person = school.people[0]
    headers = ((b"content-type", kind.encode()),)
    ruling = begun(runtime, client, method="POST", target="/v1/classwork", headers=headers)
    assert ruling.exchange is not None
    body = msgpack.packb({"student": {"name": person.full_name, "email": person.email}, "n": 1})
    out = runtime.engine.protect(ruling.exchange, body)
    assert isinstance(out.decision, Forward)
    assert out.decision.body is not None
    assert set(msgpack.unpackb(out.decision.body)) == {"student", "n"}
    assert person.family_name.encode() not in out.decision.body
    assert out.events[0]["counts"] == {"full_name": 1, "email": 1}
    back = runtime.engine.restore(ruling.exchange, headers, out.decision.body)
    assert isinstance(back.decision, Forward)
    assert back.decision.body == body


def test_what_a_signature_covers_is_not_rewritten(
    runtime: Runtime, client: Client, school: School
) -> None:
    signature = (
        b"authorization",
        b"AWS4-HMAC-SHA256 Credential=A, SignedHeaders=host, Signature=0",
    )
    headers = (*JSON, signature, (b"content-md5", b"AAAA"))
    for text, refused in ((school.people[0].full_name, True), ("nobody", False)):
        ruling = begun(runtime, client, method="POST", target="/x", headers=headers)
        assert ruling.exchange is not None
        out = runtime.engine.protect(ruling.exchange, json.dumps({"n": text}).encode())
        assert isinstance(out.decision, Refuse if refused else Forward)
        if refused:
            assert refusal(out) is Reason.SIGNED_CONTENT


def test_another_school_keeps_seeing_pseudonyms(
    runtime: Runtime, client: Client, school: School
) -> None:
    person = school.people[0]
    ours = begun(runtime, client, method="POST", target="/x", headers=JSON)
    theirs = begun(runtime, runtime.client("127.9.0.1"), target="/x")
    assert ours.exchange is not None
    assert theirs.exchange is not None
    sent = runtime.engine.protect(ours.exchange, json.dumps([person.email]).encode()).decision
    assert isinstance(sent, Forward)
    assert sent.body is not None
    seen = runtime.engine.restore(theirs.exchange, JSON, sent.body).decision
    assert isinstance(seen, Forward)
    assert seen.body == sent.body


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"host": "nobody.example"}, Reason.UNKNOWN_SERVICE),
        ({"gate_host": "other.example"}, Reason.HOST_MISMATCH),
        ({"headers": ((b"Host", b"other.example"),)}, Reason.MALFORMED_REQUEST),
        ({"headers": ((b"x", b"a\rb"),)}, Reason.MALFORMED_REQUEST),
        ({"headers": ((b"x", b"a\x00b"),)}, Reason.MALFORMED_REQUEST),
        ({"headers": ((b"x y", b"a"),)}, Reason.MALFORMED_REQUEST),
        ({"method": "TRACE"}, Reason.MALFORMED_REQUEST),
        ({"target": "/a b"}, Reason.MALFORMED_REQUEST),
        ({"scheme": "http"}, Reason.PLAIN_HTTP),
        ({"headers": ((b"content-length", b"99999999999"),)}, Reason.BODY_TOO_LARGE),
        ({"host": BANK}, Reason.HOST_MISMATCH),
    ],
)
def test_what_is_refused_before_a_body_is_read(
    runtime: Runtime, client: Client, fields: dict[str, object], reason: Reason
) -> None:
    assert refusal(begun(runtime, client, **fields)) is reason


def test_a_field_that_must_not_leave_refuses(runtime: Runtime, client: Client) -> None:
    ruling = begun(runtime, client, method="POST", target="/v1/classwork", headers=JSON)
    assert ruling.exchange is not None
    out = runtime.engine.protect(ruling.exchange, b'{"student": {"secret": "x"}}')
    assert refusal(out) is Reason.FIELD_REFUSED


def test_a_tracker_gets_an_answer_that_fits(runtime: Runtime, client: Client) -> None:
    ruling = begun(
        runtime, client, host=TRACKER, target="/p.gif", headers=((b"sec-fetch-dest", b"image"),)
    )
    assert isinstance(ruling.decision, Reply)
    assert ruling.decision.body.startswith(b"GIF89a")
    assert ruling.events[0]["type"] == "tracker-blocked"
    assert ruling.events[0]["rule"] == "lists/block/test.txt:2"


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (200, b"application/json", Buffer),
        (200, b"image/svg+xml", Buffer),
        (200, b"image/png", Forward),
        (206, b"text/html", Refuse),
        (304, b"text/html", Forward),
        (200, b"text/event-stream", Stream),
    ],
)
def test_how_an_answer_is_read(
    runtime: Runtime, client: Client, status: int, kind: bytes, expected: type
) -> None:
    exchange = begun(runtime, client).exchange
    assert exchange is not None
    headers = ((b"content-type", kind), (b"alt-svc", b'h3=":443"'))
    decision = runtime.engine.answer_head(exchange, status, headers).decision
    assert isinstance(decision, expected)
    if isinstance(decision, Forward | Stream):
        assert b"alt-svc" not in dict(decision.headers)


@pytest.mark.parametrize(
    ("host", "sni", "expected"),
    [
        (HOST, HOST, Inspect),
        (HOST, HOST.upper(), Inspect),
        (BANK, BANK, Tunnel),
        ("nobody.example", "nobody.example", Inspect),
        (HOST, None, Refuse),
        (BANK, HOST, Refuse),
        (HOST, BANK, Refuse),
        ("10.0.0.1", HOST, Refuse),
    ],
)
def test_the_gate(
    runtime: Runtime, client: Client, host: str, sni: str | None, expected: type
) -> None:
    ruling = runtime.engine.hello(host, 443, sni, client)
    assert isinstance(ruling.decision, expected)
    assert bool(ruling.events) == (expected is not Inspect)


def test_a_blocked_tunnel_shows_the_id_that_the_audit_log_holds(tmp_path: Path) -> None:
    school = School(tmp_path, 3)
    school.write("lists/never-inspect.txt", f"# banking\n{TRACKER}\n")
    with contextlib.closing(Runtime.open(school.root)) as runtime:
        ruling = runtime.engine.connect(TRACKER, 443, runtime.client("127.0.0.1"))
    assert refusal(ruling) is Reason.TRACKER_BLOCKED
    assert [event["type"] for event in ruling.events] == ["tracker-blocked"]


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "[::1]", "::1", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "1.2.3.4."],
)
def test_an_address_is_no_name(runtime: Runtime, client: Client, host: str) -> None:
    ruling = runtime.engine.connect(host, 443, client)
    assert isinstance(ruling.decision, Refuse)
    assert ruling.decision.reason is Reason.IP_LITERAL


def test_dns_through_connect_is_refused(runtime: Runtime, client: Client) -> None:
    assert isinstance(runtime.engine.connect(HOST, 53, client).decision, Refuse)


def test_an_error_of_ours_is_a_refusal(
    runtime: Runtime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = begun(runtime, client, method="POST", headers=JSON).exchange
    assert exchange is not None

    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("Camille Durand")

    monkeypatch.setattr("proxy.engine.leaving.rewrite_body", broken)
    ruling = runtime.engine.protect(exchange, b"{}")
    assert refusal(ruling) is Reason.ENGINE_ERROR
    assert b"Camille" not in ruling.decision.reply.body  # type: ignore[union-attr]


def test_tracking_parameters_leave_the_url_and_the_log_says_so(tmp_path: Path) -> None:
    school = School(tmp_path, 2)
    folder = school.root / "lists" / "block"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.txt").write_text("! x\n$removeparam=utm_source\n")
    runtime = Runtime.open(school.root)
    try:
        who = runtime.client("127.0.0.1")
        begun = runtime.engine.begin(head(target="/v1/x?utm_source=mail&page=2"), who)
        ruling = runtime.engine.protect(begun.exchange, b"")
        assert ruling.decision.target == "/v1/x?page=2"
        (event,) = [e for e in ruling.events if e["type"] == "parameters-stripped"]
        assert (event["count"], event["list"], event["rule"]) == (
            1, "params", "lists/block/params.txt:2",
        )  # fmt: skip
        for kept in ("/v1/x?page=2", "/v1/x?utm_source=m&X-Amz-Signature=0f"):  # signed: as it is
            begun = runtime.engine.begin(head(target=kept), who)
            ruling = runtime.engine.protect(begun.exchange, b"")
            assert (ruling.decision.target, list(ruling.events)) == (kept, [])
    finally:
        runtime.close()
