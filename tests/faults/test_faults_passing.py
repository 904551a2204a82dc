"""Bodies too long to be read whole, through the real gateway: rewritten as they pass, both ways,
on both protocols; refused before the first byte, or torn so that nobody takes a part for all."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from proxy.audit import query
from tests.faults.conftest import reply
from tests.sim.h2_peers import H2Answer, H2Message, H2Server
from tests.sim.raw_server import RawConnection, RawServer, wait_for
from tests.sim.school import HOST, SERVICE, SERVICE_YAML, SITE_YAML, OpenSchool, School

BODY = 64 << 10
"""In the site below."""
STREAMED = 2 << 20
SITE = SITE_YAML + "limits: {body: 64 KiB, streamed: 2 MiB}\n"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("passing"), site=SITE)


@pytest.fixture
def opaque_allowed(school: School) -> Iterator[None]:
    text = SERVICE_YAML.replace("treatment: inspect\n", "treatment: inspect\nopaque: allow\n")
    school.write(f"services/{SERVICE}.yaml", text)
    yield
    school.write(f"services/{SERVICE}.yaml", SERVICE_YAML)


class Told:
    """A gateway and a cloud whose answer and memory each test sets."""

    def __init__(self, school: School, opened: OpenSchool, cloud: RawServer) -> None:
        self.school, self.open, self.cloud = school, opened, cloud
        self.person = opened.people[0]
        self.sent: list[tuple[bytes, bytes, bytes]] = []
        self.answer = reply(b"ok")
        self.before = 0
        self.before = len(self.events())

    def script(self, connection: RawConnection) -> None:
        while (message := connection.read_message())[0]:
            self.sent.append(message)
            connection.send(self.answer)

    def events(self) -> list[Mapping[str, Any]]:
        """What the log holds since the school was made."""
        return [one.event for one in query(self.open.runtime.site.audit_dir, {})][self.before :]

    def secrets(self) -> list[bytes]:
        return [
            text.encode()
            for person in self.open.people
            for text in (person.full_name, person.email)
        ]


@pytest.fixture
def told(school: School) -> Iterator[Told]:
    holder: list[Told] = []
    with RawServer(lambda connection: holder[0].script(connection), school.tls()) as cloud:
        with school.open_to(cloud) as opened:
            holder.append(Told(school, opened, cloud))
            yield holder[0]


def records(people: list[Any], size: int) -> bytes:
    """A JSON list of at least ``size`` bytes in which everybody stands in fields and in text."""
    lines, length, number = [], 0, 0
    while length < size:
        person = people[number % len(people)]
        line = json.dumps(
            {
                "id": hashlib.sha256(b"%d" % number).hexdigest(),
                "student": {
                    "name": person.full_name,
                    "rang": f"2011-04-0{number % 9 + 1}",
                },
                "text": f"Travail rendu par {person.full_name} ({person.email}) \u00e0 l'heure.",
            },
            ensure_ascii=number % 2 == 0,
        )
        lines.append(line)
        length, number = length + len(line), number + 1
    return ("[" + ",\n".join(lines) + "]").encode()


def upload(body: bytes, *fields: bytes, chunked: bool = False) -> bytes:
    lines = b"".join(line + b"\r\n" for line in fields)
    if not any(line.lower().startswith(b"content-type") for line in fields):
        lines += b"content-type: application/json\r\n"
    head = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\n%s" % (HOST.encode(), lines)
    if not chunked:
        return head + b"content-length: %d\r\n\r\n" % len(body) + body
    pieces = [body[at : at + 7001] for at in range(0, len(body), 7001)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + b"transfer-encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_long_body_comes_back_as_it_went(told: Told, chunked: bool, coding: str) -> None:
    body = records(told.open.people, 900_000)
    fields = [b"content-encoding: gzip"] if coding else []
    packed = gzip.compress(body) if coding else body
    with told.open.client() as client:
        head, answer, _ = client.ask(upload(packed, *fields, chunked=chunked))
        assert head.startswith(b"HTTP/1.1 200 "), answer
        sent_head, sent, trailers = told.sent[0]
        assert re.search(rb"(?i)\r\ntransfer-encoding: chunked\r\n", sent_head)
        assert not re.search(rb"(?i)\r\ncontent-length:", sent_head)
        assert trailers == b""
        plain = gzip.decompress(sent) if coding else sent
        assert not [secret for secret in told.secrets() if secret in plain]
        document = json.loads(plain)
        assert len(document) == len(json.loads(body))
        told.answer = reply(sent, b"content-type: application/json", *fields)
        head, back, _ = client.ask(b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode())
    assert re.search(rb"(?i)\r\ntransfer-encoding: chunked\r\n", head)
    back = gzip.decompress(back) if coding else back
    assert json.loads(back) == json.loads(body)


def test_a_long_body_comes_back_as_it_went_over_h2(school: School) -> None:
    sent: list[bytes] = []
    answers: list[bytes] = []

    def respond(message: H2Message) -> H2Answer:
        if message.body:
            sent.append(message.body)
            assert message.header(b"content-length") is None
            return H2Answer()
        return H2Answer(200, answers[0], [(b"content-type", b"application/json")])

    with H2Server(school.tls(alpn=("h2",)), respond) as cloud, school.open_to(cloud) as opened:
        body = records(opened.people, 400_000)
        client = opened.h2_client()
        fields = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        client.wait(client.request(HOST, "/v1/classwork", "POST", body, fields))
        assert sent
        assert opened.people[0].full_name.encode() not in sent[0]
        answers.append(sent[0])
        back = client.wait(client.request(HOST, "/v1/x"))
        client.close()
    assert json.loads(back.body) == json.loads(body)


PDF = b"%PDF-1.7\n" + (b"\0\1" + bytes(range(0x80, 0x100))) * 800


def test_what_cannot_be_read_is_refused_before_its_first_byte_leaves(told: Told) -> None:
    with told.open.client() as client:
        head, page, _ = client.ask(upload(PDF, b"content-type: application/pdf"))
    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"opaque-content" in page
    assert told.cloud.connections == []


def test_a_refused_upload_hears_of_it_before_its_end(told: Told) -> None:
    with told.open.client() as client:
        client.send(upload(PDF, chunked=True)[:-5])
        head, page, _ = client.read_message()
    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"opaque-content" in page
    assert told.cloud.connections == []


def test_opaque_content_passes_where_policy_allows_it(opaque_allowed: None, told: Told) -> None:
    with told.open.client() as client:
        head, _, _ = client.ask(upload(PDF, b"content-type: application/pdf"))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert told.sent[0][1] == PDF
    assert [event["type"] for event in told.events()].count("opaque-allowed") == 1


def assert_torn(told: Told, reason: str) -> None:
    """Upstream has only a part that cannot be taken for all; the log says why."""
    [connection] = told.cloud.connections
    assert connection.ended.wait(5)
    assert not connection.received.endswith(b"0\r\n\r\n")
    for secret in told.secrets():
        assert secret not in connection.received
    assert wait_for(lambda: any(event.get("reason") == reason for event in told.events()))


def test_an_identifier_deep_in_opaque_content_tears_the_upload(
    opaque_allowed: None, told: Told
) -> None:
    body = PDF * 12 + told.person.email.encode() + PDF
    with told.open.client() as client:
        client.send(upload(body, b"content-type: application/pdf"))
        assert client.is_torn()
    assert_torn(told, "content-mismatch")


def test_an_upload_longer_than_the_limit_is_torn_where_it_passes_it(told: Told) -> None:
    body = records(told.open.people, STREAMED + 300_000)
    with told.open.client() as client:
        client.send(upload(body, chunked=True))
        assert client.is_torn()
    assert_torn(told, "body-too-large")


def test_an_answer_longer_than_the_limit_is_torn(told: Told) -> None:
    told.answer = reply(records(told.open.people, STREAMED + 300_000))
    with told.open.client() as client:
        client.send(b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode())
        while client.read():
            pass
        assert client.received.startswith(b"HTTP/1.1 200 ")
        assert not client.received.endswith(b"0\r\n\r\n")
    assert wait_for(lambda: any(event["type"] == "answer-refused" for event in told.events()))


def test_a_broken_coding_late_in_a_body_tears_it(told: Told) -> None:
    packed = gzip.compress(records(told.open.people, 900_000))
    broken = packed[:-9000] + b"\0" * 100 + packed[-8900:]
    with told.open.client() as client:
        client.send(upload(broken, b"content-encoding: gzip"))
        assert client.is_torn()
    assert_torn(told, "undecodable")


def test_what_was_done_is_in_the_log_before_the_body_ends(told: Told) -> None:
    with told.open.client() as client:
        client.ask(upload(records(told.open.people, 300_000)))
        counts = [e["counts"] for e in told.events() if e["type"] == "request-pseudonymised"]
        total = sum(count.get("full_name", 0) for count in counts)
    assert total == 2 * len(json.loads(records(told.open.people, 300_000)))
