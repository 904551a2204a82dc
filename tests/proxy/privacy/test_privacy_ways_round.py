"""Ways past the gateway: other protocols, hidden names, names looked up elsewhere."""

from __future__ import annotations

import contextlib
import gzip
import os
from collections.abc import Iterator

import dns.message
import dns.rrset
import orjson
import pytest
from hyperframe.frame import AltSvcFrame

from proxy.audit import query
from proxy.errors import Refused
from proxy.privacy.name_answers import without_leads
from tests.proxy.privacy.test_privacy_gateway import h1_request
from tests.sim.h2_peers import H2Answer, H2Message, H2Server
from tests.sim.raw_client import open_tunnel
from tests.sim.raw_server import RawConnection, RawServer, answer
from tests.sim.school import BANK, HOST, SERVICE, SERVICE_YAML, TRACKER, OpenSchool, School

ECH, ESNI = 0xFE0D, 0xFFCE
ALT = b'h3=":443"; ma=86400'


# --- Names looked up elsewhere ---------------------------------------------------------------


def looked_up(*records: str) -> bytes:
    query = dns.message.make_query("lesson.example", "HTTPS", id=7)
    told = dns.message.make_response(query)
    for record in records:
        told.answer.append(dns.rrset.from_text("lesson.example.", 60, "IN", *record.split(" ", 1)))
    return told.to_wire()


LEAD = 'HTTPS 1 . alpn="h3,h2" ech="AAj+DQAEYWJjZA=="'
SVCB = 'SVCB 1 other.example. alpn="h3"'
PLAIN = looked_up("A 192.0.2.7")


def test_records_that_lead_past_the_gateway_are_taken_out_and_others_stay() -> None:
    body, removed = without_leads(b"application/dns-message", looked_up(LEAD, "A 192.0.2.7", SVCB))
    assert removed == 2
    read = dns.message.from_wire(body)
    assert [row.to_text() for row in read.answer] == ["lesson.example. 60 IN A 192.0.2.7"]
    assert read.question == dns.message.from_wire(PLAIN).question


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/dns-message", PLAIN),
        (b"application/dns-message", b""),
        (b"application/dns-json", b'{"Status":0,"Question":[],"Answer":[{"type":1,"data":"x"}]}'),
        (b"application/json", b'{"Answer":[{"type":65}]}'),
        (b"application/json", b"[65]"),
        (b"application/json", b"{"),
        (b"text/plain", looked_up(LEAD)),
    ],
)
def test_what_holds_none_stays_byte_for_byte(kind: bytes, body: bytes) -> None:
    assert without_leads(kind, body) == (body, 0)


def test_a_message_that_cannot_be_read_does_not_pass() -> None:
    """A browser may read what we do not."""
    whole = looked_up(LEAD)
    for broken in (whole[:-3], b"\x00\x01"):
        with pytest.raises(Refused):
            without_leads(b"application/dns-message", broken)


def test_the_json_of_public_resolvers_is_read() -> None:
    told = {"Question": [{"type": 65}], "Answer": [{"type": 65, "data": "1 ."}, {"type": 1}, 7]}
    body, removed = without_leads(b"application/dns-json; charset=utf-8", orjson.dumps(told))
    assert removed == 1
    assert orjson.loads(body)["Answer"] == [{"type": 1}, 7]


def names_of(body: bytes, coded: bool) -> bytes:
    body = gzip.compress(body) if coded else body
    coding = b"content-encoding: gzip\r\n" if coded else b""
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/dns-message\r\n%scontent-length: %d\r\n\r\n"
    )
    return head % (coding, len(body)) + body


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("round"), 2)


@contextlib.contextmanager
def opened(school: School, cloud: object, site: str = "", words: str = "") -> Iterator[OpenSchool]:
    plain = (school.root / "site.yaml").read_text()
    school.write("site.yaml", plain + site)
    school.write(f"services/{SERVICE}.yaml", SERVICE_YAML + words)
    try:
        with school.open_to(cloud) as one:
            yield one
    finally:
        school.write("site.yaml", plain)


def test_an_answer_that_turns_out_to_be_a_look_up_is_refused(school: School) -> None:
    script = answer(names_of(PLAIN, coded=False))
    with RawServer(script, school.tls(HOST)) as cloud, opened(school, cloud) as one:
        with one.client() as client:
            head, body, _ = client.ask(h1_request("/x?dns=AAAB", [(b"accept", b"*/*")]))
    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"lesson" not in body


@pytest.mark.parametrize("coded", [False, True])
def test_a_look_up_that_may_pass_leads_nowhere(school: School, coded: bool) -> None:
    script = answer(names_of(looked_up(LEAD, "A 192.0.2.7"), coded))
    words = "privacy: {dns_over_https: allow}\n"
    with RawServer(script, school.tls(HOST)) as cloud, opened(school, cloud, words=words) as one:
        with one.client() as client:
            asked = h1_request("/x?dns=AAAB", [(b"accept", b"application/dns-message")])
            head, body, _ = client.ask(asked)
        found = list(query(one.runtime.site.audit_dir, {"type": "privacy-filtered"}))
    assert head.startswith(b"HTTP/1.1 200 ")
    read = dns.message.from_wire(gzip.decompress(body) if coded else body)
    assert [row.to_text() for row in read.answer] == ["lesson.example. 60 IN A 192.0.2.7"]
    assert found[-1].event["removed"] == {"alternative-services": 1}


# --- Another protocol --------------------------------------------------------------------------


def test_frames_that_announce_http_3_go_no_further(school: School) -> None:
    def announce(request: H2Message) -> H2Answer:
        places = [
            (peer, n) for peer in server.peers for n, m in peer.messages.items() if m is request
        ]
        ((peer, stream),) = places
        for frame in (
            AltSvcFrame(0, b"https://" + HOST.encode(), ALT),
            AltSvcFrame(stream, b"", ALT),
        ):
            peer.sock.sendall(frame.serialize())
        return H2Answer(fields=[(b"alt-svc", ALT)], trailers=[(b"alt-svc", ALT)])

    events: list[object] = []
    tls = school.tls(HOST, alpn=("h2",))
    with H2Server(tls, announce) as server, opened(school, server) as one:
        with one.h2_client() as client:
            stream = client.request(HOST, "/x")
            message = client.messages[stream]
            while not (message.ended or client.ended):
                events += client.pump()
                message = client.messages[stream]
    assert message.status == 200
    assert ALT not in b"".join(v for _, v in (*message.headers, *message.trailers))
    assert not [each for each in events if "AlternativeService" in type(each).__name__]


# --- Hidden names --------------------------------------------------------------------------------


def hello(name: str, *extensions: int) -> bytes:
    """A ClientHello of raw bytes: one name, and what else is asked for, without sense inside."""

    def sized(data: bytes, width: int = 2) -> bytes:
        return len(data).to_bytes(width) + data

    host = b"\0" + sized(name.encode())
    more = [(0, sized(host)), (0x2B, sized(b"\x03\x04", 1)), (0x0A, sized(b"\x00\x1d"))]
    more += [(0x0D, sized(b"\x04\x03")), *((kind, os.urandom(186)) for kind in extensions)]
    listed = b"".join(kind.to_bytes(2) + sized(data) for kind, data in more)
    inside = b"\x03\x03" + os.urandom(32) + sized(os.urandom(32), 1) + sized(b"\x13\x01")
    inside += sized(b"\0", 1) + sized(listed)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(inside, 3))


def greeted(connection: RawConnection) -> None:
    if connection.read():
        connection.send(b"seen")
        connection.read()


def outcome(one: OpenSchool, host: str, raw: bytes) -> bytes:
    """What comes back on a connection that begins with these bytes."""
    with open_tunnel(one.port, host, None) as sock:
        sock.settimeout(5)
        sock.sendall(raw)
        with contextlib.suppress(OSError):
            return sock.recv(64)
    return b""


def test_a_hidden_name_passes_unread_only_as_the_site_says(school: School) -> None:
    with RawServer(greeted) as cloud, opened(school, cloud, "hidden_names: deny\n") as one:
        for extension in (ECH, ESNI):
            assert outcome(one, BANK, hello(BANK, extension)) != b"seen"
        assert not cloud.connections
        reasons = [
            each.event["reason"]
            for each in query(one.runtime.site.audit_dir, {"type": "connection-denied"})
        ]
        assert reasons == ["hidden-name", "hidden-name"]
        assert outcome(one, BANK, hello(BANK)) == b"seen"


def test_by_default_the_empty_one_that_browsers_send_does_no_harm(school: School) -> None:
    raw = hello(BANK, ECH)
    with RawServer(greeted) as cloud, opened(school, cloud) as one:
        assert outcome(one, BANK, raw) == b"seen"
        assert bytes(cloud.connections[0].received) == raw


@pytest.mark.parametrize("outer", ["cloudflare-ech.com", TRACKER, "other.example"])
def test_a_real_one_has_another_name_outside_and_is_refused(school: School, outer: str) -> None:
    """The name outside is that of the one who hides: not the host that CONNECT names."""
    with RawServer(greeted) as cloud, opened(school, cloud) as one:
        assert outcome(one, BANK, hello(outer, ECH)) != b"seen"
        assert not cloud.connections
