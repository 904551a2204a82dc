"""The supervisor itself is stopped and killed under load, and the oracle asked.

By design: workers follow policy, lists and directory by themselves, so that a supervisor that
hangs leaves nobody with a stale policy; what waits for it is the restart of what dies, and new
keys. systemd's watchdog ends a unit whose supervisor hangs. One that is gone takes its workers
with it, as soon as what they have under way is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.ca import FILE, create_ca
from tests.faults.chaos_oracle import Oracle
from tests.faults.conftest import post
from tests.proxy.supervisor.supervisor_scene import Fleet, always_ok, ask_all, exists, kill, soon
from tests.sim.raw_client import ConnectRefused
from tests.sim.raw_server import RawServer
from tests.sim.school import HOST, SERVICE, SERVICE_YAML, School
from tests.sim.served import Served, edited, inside

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]

DEADLINE = 15.0


class Own(Fleet):
    """A gateway for one test, with an oracle that outlives it."""

    oracle: Oracle

    def ask(self) -> int:
        """One request that names somebody, within its deadline."""
        person = self.school.people[0]
        body = f'{{"student": {{"name": "{person.full_name}", "email": "{person.email}"}}}}'
        with self.oracle.within(DEADLINE, "a request"):
            try:
                with self.client() as client:
                    head = client.ask(post(body.encode()))[0]
            except ConnectRefused as refused:
                head = refused.answer
            except OSError:
                head = b""
        return self.oracle.answered(head, named=True)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    school = School(tmp_path, count=20)
    ca = school.write_ca(tmp_path / "ca.pem")
    person = school.people[0]
    with RawServer(always_ok, school.tls(HOST)) as cloud:
        with Served(school.root, {HOST: cloud.address}, 2, ("--silence", "5")) as gateway:
            own = Own(school, gateway, ca, lambda: cloud.everything)
            assert soon(own.whole)
            own.oracle = Oracle(
                school.root / "state/audit",
                lambda: own.gateway.get("/metrics")[1],
                own.seen,
                [person.full_name.encode(), person.email.encode()],
            )
            yield own
            assert "Traceback" not in own.gateway.said, own.gateway.said


def test_a_supervisor_that_hangs_leaves_nobody_with_a_stale_policy(own: Own) -> None:
    children = {int(process["pid"]) for process in ask_all(own.run)}
    assert own.ask() == 200
    kill(own.gateway.pid, signal.SIGSTOP)
    try:
        file = own.school.root / f"services/{SERVICE}.yaml"
        text = SERVICE_YAML.replace("treatment: inspect", "treatment: deny")
        assert all(own.ask() == 200 for _ in range(4))
        with edited(file, text):
            assert soon(lambda: {own.ask() for _ in range(4)} == {403}, 20)
        assert soon(lambda: {own.ask() for _ in range(4)} == {200}, 20)
        threading.Event().wait(6)  # longer than ``--silence``
    finally:
        kill(own.gateway.pid, signal.SIGCONT)
    assert soon(own.whole)
    assert {int(process["pid"]) for process in ask_all(own.run)} == children, "nobody was to blame"
    assert own.ask() == 200
    own.oracle.judge()


def test_a_supervisor_that_is_killed_loses_nothing_and_another_takes_over(own: Own) -> None:
    children = [int(process["pid"]) for process in ask_all(own.run)]
    statuses = [own.ask() for _ in range(4)]
    kill(own.gateway.pid, signal.SIGKILL)
    statuses += [own.ask() for _ in range(6)]
    assert set(statuses) <= {0, 200, 503}, statuses
    assert soon(lambda: not any(map(exists, children[:2])), 40), "a worker lives on unsupervised"
    resolve = {HOST: own.gateway._command[own.gateway._command.index("--resolve") + 1]}
    host, port = resolve[HOST].split(":")[1:]
    with Served(own.school.root, {HOST: (host, int(port))}, 2, ("--silence", "5")) as second:
        own.gateway, first = second, own.gateway
        assert soon(own.whole)
        assert soon(lambda: own.ask() == 200, 20)
        own.oracle.judge(killed=True)
        assert second.stop() == 0
    assert soon(lambda: not any(map(exists, children)), 60), "signer or writer outlives the drain"
    assert first.stop() == -signal.SIGKILL
    assert inside("audit", "verify", "--site", own.school.root).returncode == 0


def test_a_split_of_policies_is_seen_and_ends(own: Own) -> None:
    victim = own.pids("worker")[0]
    file = own.school.root / f"services/{SERVICE}.yaml"
    kill(victim, signal.SIGSTOP)
    with edited(file, SERVICE_YAML + "# another digest\n"):
        assert soon(lambda: len(own.status()["policies"]) == 2, 10), "one worker did not follow"
        assert "split" in own.gateway.get("/-/ready?verbose")[1]
        assert inside("status", "--site", own.school.root).returncode == 1
        assert soon(lambda: not exists(victim), 40)
        assert soon(lambda: own.whole() and len(own.status()["policies"]) == 1)
        assert own.ask() == 200
    own.oracle.judge(killed=True)


def test_a_new_ca_replaces_the_workers_and_the_old_one_comes_back(own: Own, tmp_path: Path) -> None:
    file = own.school.root / "state/ca" / FILE
    assert file.exists()
    create_ca(tmp_path / "new", "Préau, neuve")
    old = own.pids("worker")
    assert own.ask() == 200
    file.rename(tmp_path / "old.pem")
    (tmp_path / "new" / FILE).rename(file)
    try:
        assert soon(lambda: not set(old) & set(own.pids("worker")) and own.whole())
        before, own.ca = own.ca, own.school.write_ca(tmp_path / "new.pem")
        assert own.ask() == 200, "clients that trust the new CA are served"
        own.ca = before
        assert own.ask() == 0, "and no others"
    finally:
        (tmp_path / "old.pem").replace(file)
    own.ca = own.school.write_ca(tmp_path / "again.pem")
    assert soon(lambda: own.ask() == 200)
    own.oracle.judge(killed=True)
