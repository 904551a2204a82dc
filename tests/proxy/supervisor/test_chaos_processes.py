"""Every process of the gateway is killed and stopped under load, and the oracle asked."""

from __future__ import annotations

import signal

import pytest

from tests.faults.chaos_oracle import Oracle
from tests.faults.conftest import post
from tests.proxy.supervisor.supervisor_scene import Fleet, exists, kill, soon
from tests.sim.raw_client import ConnectRefused

pytestmark = pytest.mark.long

DEADLINE = 15.0


@pytest.fixture
def oracle(fleet: Fleet) -> Oracle:
    """Of the whole gateway, of all its processes."""
    assert soon(fleet.whole)
    person = fleet.school.people[0]
    return Oracle(
        fleet.school.root / "state/audit",
        lambda: fleet.gateway.get("/metrics")[1],
        lambda: fleet.seen(),
        [person.full_name.encode(), person.email.encode()],
    )


def ask(fleet: Fleet, oracle: Oracle) -> int:
    """One request that names somebody, within its deadline."""
    person = fleet.school.people[0]
    body = f'{{"student": {{"name": "{person.full_name}", "email": "{person.email}"}}}}'
    with oracle.within(DEADLINE, "a request"):
        try:
            with fleet.client() as client:
                head = client.ask(post(body.encode()))[0]
        except ConnectRefused as refused:
            head = refused.answer
        except OSError:
            head = b""
    return oracle.answered(head, named=True)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize("role", ["worker", "writer", "signer"])
def test_a_process_that_fails_loses_nothing(
    fleet: Fleet, oracle: Oracle, role: str, number: int
) -> None:
    assert all(ask(fleet, oracle) == 200 for _ in range(4))
    victim = fleet.pids(role)[0]
    kill(victim, number)
    statuses = [ask(fleet, oracle) for _ in range(8)]
    assert set(statuses) <= {0, 200, 502, 503}, statuses
    assert soon(lambda: not exists(victim), 40)
    assert soon(fleet.whole)
    assert soon(lambda: ask(fleet, oracle) == 200, 20)
    oracle.judge(killed=True)
