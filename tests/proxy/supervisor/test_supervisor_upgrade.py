"""Reload, replace, upgrade under load: no request of a well-behaved client fails."""

from __future__ import annotations

import json

import pytest

from proxy.supervisor.control import ask
from tests.proxy.supervisor.supervisor_scene import Fleet, soon
from tests.sim.school import SERVICE
from tests.sim.served import edited, inside

pytestmark = pytest.mark.slow


def _ask(fleet: Fleet, verb: str) -> str:
    answer = ask(fleet.run, verb, 100)
    assert answer is not None, fleet.gateway.said
    return str(answer["problem"])


@pytest.mark.long
@pytest.mark.timeout(300)
def test_three_reloads_two_rolls_and_an_upgrade_fail_no_request(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    before, workers = fleet.total(), fleet.pids("worker")
    signer, writer = fleet.pids("signer"), fleet.pids("writer")
    generation = fleet.status()["generation"]
    with fleet.load() as load:
        load.wait_for_more(10)
        for verb in ("reload", "roll", "reload"):
            assert _ask(fleet, verb) == ""
            load.wait_for_more(10)
        _new_keys_replace_the_workers_by_themselves(fleet)
        load.wait_for_more(10)
        assert _ask(fleet, "reload") == ""
        done = inside("upgrade", "--site", fleet.school.root)
        assert done.returncode == 0, (done.stderr, fleet.gateway.said)
        load.wait_for_more(10)
    assert load.failures == []
    assert load.good > 200
    for name, tally in load.tallies.items():
        assert tally.goodbyes >= 1, (name, tally)
        assert tally.connections == tally.goodbyes + 1, (name, tally)
    status = fleet.status()
    assert status["generation"] == generation + 1
    assert not set(workers) & set(fleet.pids("worker"))
    assert soon(lambda: fleet.pids("signer") != signer and fleet.pids("writer") != writer)
    assert fleet.total() >= before + load.good
    assert inside("audit", "verify", "--site", fleet.school.root).returncode == 0


def _new_keys_replace_the_workers_by_themselves(fleet: Fleet) -> None:
    workers = fleet.pids("worker")
    done = inside("keys", "rotate", "--yes", "--site", fleet.school.root)
    assert done.returncode == 0, done.stderr
    assert soon(lambda: fleet.whole() and not set(workers) & set(fleet.pids("worker")))


def test_an_upgrade_that_could_not_serve_is_refused_and_the_old_one_goes_on(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    generation, workers = fleet.status()["generation"], fleet.pids("worker")
    file = fleet.school.root / f"services/{SERVICE}.yaml"
    with edited(file, file.read_text().replace("treatment: inspect", "treatment: inspekt")):
        done = inside("upgrade", "--site", fleet.school.root)
    assert done.returncode == 1
    assert "inspekt" in done.stdout.decode()
    assert fleet.status()["generation"] == generation
    assert fleet.pids("worker") == workers
    query = ("audit", "query", "--site", fleet.school.root, "--type", "admin-act", "--json")
    acts = json.loads(inside(*query).stdout)
    assert acts[-1]["act"] == "gateway-upgraded"  # who asked is told, whatever came of it
    assert acts[-1]["operator"]


def test_keys_that_cannot_be_used_leave_the_old_workers_in_place(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    workers = fleet.pids("worker")
    newest = max((fleet.school.root / "state/keys").glob("*.key"))
    kept, times = newest.read_bytes(), newest.stat()
    beside = newest.with_name("aside")
    newest.rename(beside)
    try:
        newest.write_bytes(b"not a key")
        newest.chmod(0o600)
        assert soon(lambda: "keys" in fleet.status()["problems"])
        assert fleet.pids("worker") == workers
        assert kept.hex() not in fleet.gateway.said
    finally:
        beside.rename(newest)
    assert newest.stat().st_mtime_ns == times.st_mtime_ns
    assert soon(lambda: not fleet.status()["problems"])
    assert fleet.pids("worker") == workers
