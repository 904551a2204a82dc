"""Changes that a running ``preau serve`` takes in, and those that it does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from proxy.demo.people import cast
from proxy.demo.rosters import write_oneroster
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, RawServer, wait_for
from tests.sim.school import HOST, SCHOOL, SERVICE, SERVICE_YAML, TRACKER, School
from tests.sim.served import Served, edited, inside

WITHIN = 3.0
"""Seconds within which a change is in force."""
LATER = "plus-tard.example"


def echo(connection: RawConnection) -> None:
    """Answer each request with its own body."""
    while (message := connection.read_message())[0]:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        connection.send(head % len(message[1]) + message[1])


@dataclass
class Stage:
    """A gateway that serves, and one connection that stays open through all that changes."""

    school: School
    gateway: Served
    cloud: RawServer
    ca: Path
    kept: RawClient

    def post(self, document: object, host: str = HOST, client: RawClient | None = None) -> bytes:
        """Head and body of the answer, over the kept connection unless told otherwise."""
        body = json.dumps(document, ensure_ascii=False).encode()
        head = f"POST /v1/classwork HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        client = client or self.kept
        client.send(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
        told, answer, _ = client.read_message()
        return told + answer

    def fresh(self, host: str) -> bytes:
        """The same over a connection of its own, to any host."""
        client = RawClient.connect(self.gateway.port, host, client_context(self.ca))
        try:
            return self.post({}, host, client)
        finally:
            client.close()

    def count(self, kind: str) -> int:
        """How many events of a kind the log holds."""
        found = inside("audit", "query", "--site", self.school.root, "--json", "--type", kind)
        return len(json.loads(found.stdout))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("reload")
    school = School(folder, count=20)
    ca = school.write_ca(folder / "ca.pem")
    with RawServer(echo, school.tls(HOST, LATER)) as cloud:
        names = dict.fromkeys((HOST, LATER), cloud.address)
        with Served(school.root, names) as gateway:
            kept = RawClient.connect(gateway.port, HOST, client_context(ca))
            yield Stage(school, gateway, cloud, ca, kept)


def soon(condition: Callable[[], bool], seconds: float = WITHIN) -> bool:
    """Whether it becomes true in time. Asks rarely: each question is a request."""
    return wait_for(condition, seconds, every=0.1)


def test_a_broken_edit_changes_nothing_and_says_so(stage: Stage) -> None:
    pupil = stage.school.people[0]
    work = {"student": {"name": pupil.full_name, "email": pupil.email}}
    file = stage.school.root / f"services/{SERVICE}.yaml"
    last = "preau_config_last_reload_successful"
    assert stage.gateway.metric(last) == 1
    rejected = stage.count("policy-rejected")
    with edited(file, SERVICE_YAML.replace("treatment: inspect", "treatment: inspekt")):
        assert soon(lambda: stage.gateway.metric(last) == 0)
        answer = stage.post(work)
        assert b" 200 " in answer
        assert pupil.full_name in answer.decode()
        assert stage.count("policy-rejected") == rejected + 1
        assert f"services/{SERVICE}.yaml" in stage.gateway.said
        assert "did you mean 'inspect'" in stage.gateway.said
    assert soon(lambda: stage.gateway.metric(last) == 1)
    assert stage.count("policy-rejected") == rejected + 1
    assert pupil.full_name.encode() not in stage.cloud.everything


def test_a_good_edit_takes_effect_on_connections_that_are_open(stage: Stage) -> None:
    work = {"student": {"surnom": "Zouzou"}}
    file = stage.school.root / f"services/{SERVICE}.yaml"
    stage.post(work)
    assert b"Zouzou" in stage.cloud.everything
    loaded = stage.count("policy-loaded")
    rule = "      - {at: student.surnom, is: full_name, do: refuse}\n"
    with edited(file, SERVICE_YAML + rule):
        assert soon(lambda: b"field-refused" in stage.post(work))
        assert stage.count("policy-loaded") == loaded + 1
    assert soon(lambda: b" 200 " in stage.post(work))
    assert len(stage.kept.received) > 0
    assert not stage.kept.ended.is_set()


def test_a_new_service_is_served(stage: Stage) -> None:
    assert b"unknown-service" in stage.fresh(LATER)
    file = stage.school.root / f"services/{SERVICE}.yaml"
    with edited(file, SERVICE_YAML.replace(f"[{HOST}]", f"[{HOST}, {LATER}]")):
        assert soon(lambda: b" 200 " in stage.fresh(LATER))
    assert soon(lambda: b"unknown-service" in stage.fresh(LATER))


def test_a_block_list_edit_is_taken_in(stage: Stage) -> None:
    lists = stage.school.root / "lists/block/test.txt"
    tracked = f"https://{HOST}/v1/classwork"
    assert b" 200 " in stage.post({"a": 1})
    with edited(lists, f"! category: analytics\n||{TRACKER}^\n||{HOST}/v1/classwork\n"):
        assert soon(lambda: b'{"a": 1}' not in stage.post({"a": 1})), tracked
        assert stage.count("list-updated") >= 1
    assert soon(lambda: b'{"a": 1}' in stage.post({"a": 1}))


def test_a_roster_imported_meanwhile_is_protected(stage: Stage, tmp_path: Path) -> None:
    newcomer = cast(80, school=SCHOOL)[-1]
    text = f"Bienvenue à {newcomer.full_name}, {newcomer.email}"
    name = newcomer.full_name.encode()
    stage.post({"text": text})
    assert stage.cloud.everything.count(name) == 1
    write_oneroster(cast(80, school=SCHOOL), tmp_path / "roster")
    done = inside("directory", "import", "--site", stage.school.root, tmp_path / "roster")
    assert done.returncode == 0, done.stderr

    def protected() -> bool:
        before = stage.cloud.everything.count(name)
        assert text in stage.post({"text": text}).decode()
        return stage.cloud.everything.count(name) == before

    assert soon(protected)


def test_the_connection_was_kept_through_all_of_it(stage: Stage) -> None:
    assert b" 200 " in stage.post({"last": True})
    assert stage.gateway.stop() == 0
    assert "Traceback" not in stage.gateway.said
    assert inside("audit", "verify", "--site", stage.school.root).returncode == 0
