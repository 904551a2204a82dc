"""The machine under the gateway fails: descriptors, disk, clock, files, name servers.

How a fault is made, with nothing preloaded and no privilege: limits of the running process are
lowered from outside (``prlimit``: RLIMIT_NOFILE, and RLIMIT_FSIZE, where a write gives EFBIG as
a full disk gives ENOSPC); EIO at the flush, and the clock, are replaced inside the process. A
real full file system (tmpfs, needs root) is in ``test_faults_dependencies``.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos_oracle import Oracle
from tests.faults.chaos_scene import DEADLINE, oracle_of
from tests.faults.conftest import GET, Cloud, Stage
from tests.sim.authority import client_context
from tests.sim.dns_server import NameServer
from tests.sim.raw_client import ConnectRefused, RawClient
from tests.sim.raw_server import wait_for
from tests.sim.school import HOST, SITE_YAML, School
from tests.sim.served import Served


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stage]:
    """A gateway of one test."""
    school = School(tmp_path, count=20)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


class Outside:
    """A gateway in a process of its own, whose limits a test may lower."""

    def __init__(self, folder: Path, school: School, cloud: Cloud, gateway: Served) -> None:
        self.gateway, self.school, self.cloud = gateway, school, cloud
        self._context = client_context(school.write_ca(folder / "ca.pem").read_text())
        person = school.people[0]
        self.stage_body = b'{"student": {"name": "%s"}}' % person.full_name.encode()
        self.oracle = Oracle(
            school.root / "state/audit",
            lambda: gateway.get("/metrics")[1],
            lambda: cloud.everything,
            [person.full_name.encode(), person.family_name.encode()],
        )

    def ask(self) -> int:
        """Status of a request that names somebody; 0 when there was no answer."""
        head = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
        head += b"content-length: %d\r\n\r\n"
        request = head % (HOST.encode(), len(self.stage_body)) + self.stage_body
        try:
            with RawClient.connect(self.gateway.port, HOST, self._context, timeout=5) as client:
                answer = client.ask(request)[0]
        except ConnectRefused as refused:
            answer = refused.answer
        except OSError:
            answer = b""
        return self.oracle.answered(answer, named=True)

    @contextlib.contextmanager
    def limited(self, what: int, most: int) -> Iterator[None]:
        """The process may have at most so much meanwhile."""
        soft, hard = resource.prlimit(self.gateway.pid, what)
        resource.prlimit(self.gateway.pid, what, (most, hard))
        try:
            yield
        finally:
            resource.prlimit(self.gateway.pid, what, (soft, hard))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    school = School(tmp_path, count=20)
    with Cloud(school.tls(HOST)) as cloud:
        with Served(school.root, {HOST: cloud.address}) as gateway:
            yield Outside(tmp_path, school, cloud, gateway)
            assert gateway.stop() == 0, gateway.said


@pytest.mark.long
def test_without_descriptors_it_refuses_and_with_them_it_serves_on(outside: Outside) -> None:
    oracle = outside.oracle
    assert outside.ask() == 200
    used = len(os.listdir(f"/proc/{outside.gateway.pid}/fd"))
    kept: list[socket.socket] = []
    with outside.limited(resource.RLIMIT_NOFILE, used + 8), oracle.within(40, "exhausted"):
        with contextlib.suppress(OSError):
            for _ in range(30):
                address = ("127.0.0.1", outside.gateway.port)
                kept.append(socket.create_connection(address, timeout=2))
        assert outside.ask() in (0, 502, 503)
        for sock in kept:
            sock.close()
    with oracle.within(DEADLINE, "recovery"):
        assert wait_for(lambda: outside.ask() == 200, 8)
    oracle.judge()


@pytest.mark.slow
def test_a_file_that_may_not_grow_refuses_and_then_serves_on(outside: Outside) -> None:
    oracle = outside.oracle
    assert outside.ask() == 200
    segment = max((outside.school.root / "state/audit").rglob("*.jsonl"))
    with outside.limited(resource.RLIMIT_FSIZE, segment.stat().st_size + 100):
        with oracle.within(DEADLINE, "full"):
            statuses = [outside.ask() for _ in range(4)]
        assert statuses[-1] == 503, statuses
    with oracle.within(DEADLINE, "recovery"):
        assert wait_for(lambda: outside.ask() == 200, 8)
    oracle.judge()


def test_a_disk_that_fails_now_and_then_loses_nothing(
    own: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EIO at every third flush: what was said to be on disk is there."""
    oracle = oracle_of(own)
    real, calls = os.fdatasync, [0]

    def flaky(file: int) -> None:
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise OSError(5, "Input/output error")
        real(file)

    monkeypatch.setattr(os, "fdatasync", flaky)
    statuses = []
    for _ in range(25):
        head, _ = own.ask(own.post())
        statuses.append(oracle.answered(head, named=True))
    monkeypatch.setattr(os, "fdatasync", real)
    assert set(statuses) == {200, 503}, statuses
    assert wait_for(lambda: own.ask(own.post())[0].startswith(b"HTTP/1.1 200 "), 8)
    oracle.judge()


def test_a_clock_that_jumps_changes_no_decision(
    own: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = oracle_of(own)
    real = time.time
    for days in (0, 40, -40, 400, 0):
        monkeypatch.setattr(time, "time", lambda days=days: real() + days * 86400)
        monkeypatch.setattr(own.open.runtime, "_clock", time.time)
        with oracle.within(DEADLINE, f"{days} days"):
            assert oracle.answered(own.ask(own.post())[0], named=True) == 200
            own.open.runtime.refresh()
            assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    assert len(own.events(type="clock-jump")) >= 4
    oracle.judge()


def test_a_policy_that_is_deleted_stays_in_force(own: Stage) -> None:
    oracle = oracle_of(own)
    assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    kept = own.school.root.with_name("kept")
    names = ("services", "lists", "site.yaml")
    kept.mkdir()
    for name in names:
        shutil.move(own.school.root / name, kept / name)
    assert wait_for(lambda: bool(own.events(type="policy-rejected")), 8)
    assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    assert own.ask(GET)[0].startswith(b"HTTP/1.1 200 ")
    for name in names:
        shutil.move(kept / name, own.school.root / name)
    assert wait_for(lambda: bool(own.events(type="policy-loaded")), 8)
    assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    oracle.judge()


def test_a_store_that_is_overwritten_refuses_what_needs_it(own: Stage) -> None:
    oracle = oracle_of(own)
    assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    path = Path(own.open.runtime.site.store_url.removeprefix("sqlite:"))
    for file in path.parent.glob(f"{path.name}*"):
        file.write_bytes(os.urandom(8192))
    with oracle.within(DEADLINE, "known"):
        assert oracle.answered(own.ask(own.post())[0], named=True) == 200
    head, body = own.ask(own.post(b'{"student": {"name": "Zephyrine Inconnue"}}'))
    oracle.answered(head)
    own.assert_refused(head, body, 503, "store-unavailable")
    oracle.secrets = [*oracle.secrets, b"Zephyrine"]
    oracle.judge()


@pytest.mark.parametrize(
    "how",
    [
        "slow",
        "garbage",
        *(pytest.param(how, marks=pytest.mark.long) for how in ("silent", "wrong-id", "flood")),
    ],
)
def test_a_name_server_that_is_slow_or_lies_holds_nobody_up(tmp_path: Path, how: str) -> None:
    replies = {
        "silent": lambda _query: [],
        "slow": lambda query: (time.sleep(3), [query.to_wire()])[1],
        "garbage": lambda _query: [b"\xff" * 40],
        "wrong-id": lambda query: [bytes([query.id >> 8 ^ 1]) + query.to_wire()[1:]],
        "flood": lambda query: [query.to_wire()] * 200,
    }
    with NameServer(reply=replies[how]) as names:
        dns = f"dns: {{uncloak: true, resolvers: ['{names.address}']}}\n"
        site = SITE_YAML.replace("dns: {uncloak: false}\n", dns)
        school = School(tmp_path, count=20, site=site)
        with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
            stage = Stage(school, cloud, opened)
            oracle = oracle_of(stage)
            for _ in range(3):
                with oracle.within(3, how):
                    assert oracle.answered(stage.ask(stage.post())[0], named=True) == 200
            oracle.judge()
