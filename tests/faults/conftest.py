"""What the adversary works with: one school, one cloud whose script each test writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from proxy.audit import query
from tests.sim.raw_server import OK, RawServer, Script, answer, wait_for
from tests.sim.school import BANK, HOST, TRACKER, OpenSchool, School

UNKNOWN = "www.inconnu.example"


class Cloud(RawServer):
    """A raw cloud that is told anew what to do by each test."""

    def __init__(self, tls: Any) -> None:
        self.script: Script = answer(OK)
        super().__init__(lambda connection: self.script(connection), tls)

    def reset(self) -> None:
        self.connections.clear()
        self.script = answer(OK)

    def answers(self, *answers: bytes) -> None:
        self.script = answer(*answers)


class Stage:
    """A gateway of a school before a cloud, and what a test asks of it again and again."""

    def __init__(self, school: School, cloud: Cloud, opened: OpenSchool) -> None:
        self.school, self.cloud, self.open = school, cloud, opened
        self.person = opened.people[0]
        self.secrets = [
            text.encode()
            for text in (self.person.full_name, self.person.family_name, self.person.email)
        ]

    @property
    def body(self) -> bytes:
        """JSON with a person in a field, and in text."""
        name, email = self.person.full_name, self.person.email
        return f'{{"student": {{"name": "{name}"}}, "note": "pour {email}"}}'.encode()

    def post(self, body: bytes | None = None, *fields: bytes) -> bytes:
        """A request of the school's service with ``body``."""
        return post(self.body if body is None else body, *fields)

    def ask(self, request: bytes, host: str = HOST) -> tuple[bytes, bytes]:
        """Head and body of the answer, on a connection of its own."""
        with self.open.client(host) as client:
            head, body, _ = client.ask(request)
            return head, body

    def events(self, **filters: str) -> list[Mapping[str, object]]:
        """What the log holds."""
        found = query(self.open.runtime.site.audit_dir, filters)
        return [one.event for one in found]

    def assert_refused(self, head: bytes, body: bytes, status: int, reason: str) -> str:
        """A refusal in both languages, with an incident that the log holds."""
        assert head.startswith(b"HTTP/1.1 %d " % status), (head, body)
        assert field(head, b"x-preau-reason") == reason.encode(), head
        incident = field(head, b"x-preau-incident").decode()
        assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}", incident)
        assert incident.encode() in body
        text = body.decode()
        assert "Préau" in text or " / " in text  # both sentences of the reason
        assert wait_for(lambda: bool(self.events(incident=incident))), "not in the log"
        assert self.events(incident=incident)[0]["reason"] == reason
        return incident

    def assert_nothing_left(self) -> None:
        """No upstream connection carries a byte of the person."""
        for secret in self.secrets:
            assert secret not in self.cloud.everything


def post(body: bytes, *fields: bytes, path: bytes = b"/v1/classwork") -> bytes:
    """A JSON POST with its length."""
    given = b"".join(line + b"\r\n" for line in fields)
    if not any(line.lower().startswith(b"content-type") for line in fields):
        given += b"content-type: application/json\r\n"
    head = b"POST %s HTTP/1.1\r\nhost: %s\r\n%scontent-length: %d\r\n\r\n"
    return head % (path, HOST.encode(), given, len(body)) + body


GET = b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode()


def reply(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A complete answer."""
    lines = b"".join(line + b"\r\n" for line in fields)
    return b"HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n%s" % (status, lines, len(body), body)


def field(head: bytes, name: bytes) -> bytes:
    """A header field of a raw head, or nothing."""
    found = re.search(rb"(?im)^%s: *([^\r]*)\r$" % re.escape(name), head)
    return found[1] if found else b""


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    """The site; only for tests that leave its files as they were."""
    return School(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def running(school: School) -> Iterator[Stage]:
    tls = school.tls(HOST, BANK, TRACKER, UNKNOWN)
    with Cloud(tls) as cloud:
        with school.open_to(cloud, {UNKNOWN: cloud.address}) as opened:
            yield Stage(school, cloud, opened)


@pytest.fixture
def stage(running: Stage) -> Stage:
    """The running gateway, its cloud with a blank memory."""
    running.cloud.reset()
    return running
