"""What monitoring sees of a gateway that serves: promtool on live metrics, and readiness."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from proxy.metrics import EventType, Phase
from tests.clients.clients_scene import Scene
from tests.plugins.redis_server import RedisServer
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawServer, answer, wait_for
from tests.sim.school import HOST, SITE_YAML, TRACKER, School
from tests.sim.served import Served

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def ask(port: int, ca: Path, host: str = HOST, body: bytes = b"") -> bytes:
    """Head and body of the answer to one POST, or to a GET when there is no body."""
    client = RawClient.connect(port, host, client_context(ca))
    first = b"POST /v1/classwork" if body else b"GET /v1/classwork"
    client.send(b"%s HTTP/1.1\r\nhost: %s\r\n" % (first, host.encode()))
    client.send(b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    head, told, _ = client.read_message()
    client.close()
    return head + told


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_metrics_after_traffic(scene: Scene) -> None:
    body = json.dumps({"student": {"name": scene.pupil.full_name, "secret": ""}}).encode()
    for host in (HOST, TRACKER, "quiz.inconnu.example"):
        ask(scene.gateway.port, scene.ca, host, body)
    status, text = scene.gateway.get("/metrics")
    assert status == 200
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for value in (scene.pupil.family_name, scene.pupil.email, "inconnu", TRACKER, "127.0.0.1"):
        assert value not in text
    assert scene.gateway.metric('preau_requests_total{decision="block",service="other"}') >= 1
    assert scene.gateway.metric("preau_requests_in_flight") == 0


def test_every_part_of_the_gateway_is_measured(scene: Scene) -> None:
    body = json.dumps({"student": {"name": scene.pupil.full_name}}).encode()
    for host in (HOST, TRACKER, "quiz.inconnu.example"):
        ask(scene.gateway.port, scene.ca, host, body)
    series = [f'preau_overhead_seconds_count{{phase="{phase}"}}' for phase in Phase]
    for kind in (EventType.REQUEST, EventType.BLOCK, EventType.REFUSAL, EventType.OTHER):
        series.append(f'preau_audit_events_total{{type="{kind}"}}')
    series += ['preau_connections_total{treatment="inspect"}', "preau_audit_commit_seconds_count"]
    series += ['preau_identifiers_total{action="pseudonymise",kind="full_name"}']
    series += ['preau_blocks_total{category="analytics"}']
    series += ['preau_refusals_total{reason="unknown-service"}']
    for name in series:
        assert scene.gateway.metric(name) >= 1, name
    assert scene.gateway.metric("preau_audit_up") == 1
    assert scene.gateway.metric("preau_store_up") == 1


def test_ready_says_no_while_the_log_is_gone_and_yes_afterwards(tmp_path: Path) -> None:
    school = School(tmp_path, count=20)
    ca = school.write_ca(tmp_path / "ca.pem")
    audit = school.root / "state" / "audit"
    with RawServer(answer(OK), school.tls(HOST)) as cloud:
        with Served(school.root, {HOST: cloud.address}) as gateway:
            assert gateway.get("/-/ready")[0] == 200
            body = json.dumps({"student": {"name": school.people[0].full_name}}).encode()
            assert b" 200 " in ask(gateway.port, ca, body=body)
            before = len(cloud.everything)
            audit.rename(tmp_path / "away")
            told = ask(gateway.port, ca, body=body)
            assert b" 503 " in told
            assert b"audit-unavailable" in told
            assert len(cloud.everything) == before
            assert gateway.get("/-/ready")[0] == 503
            assert gateway.get("/-/healthy")[0] == 200
            assert gateway.metric("preau_audit_up") == 0
            assert not json.loads(gateway.get("/-/ready?verbose")[1])["checks"]["audit"]["ok"]
            (tmp_path / "away").rename(audit)
            assert wait_for(lambda: b" 200 " in ask(gateway.port, ca, body=body))
            assert wait_for(lambda: gateway.get("/-/ready")[0] == 200)
            assert wait_for(lambda: gateway.metric("preau_audit_up") == 1)
            assert gateway.stop() == 0


@pytest.mark.needs("redis-server")
def test_ready_says_no_while_the_store_is_down_and_yes_afterwards(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path / "redis")
    redis.folder.mkdir()
    redis.start()
    try:
        school = School(tmp_path, count=20, site=SITE_YAML + f"store: {redis.url}\n")
        with Served(school.root, {}) as gateway:
            assert gateway.get("/-/ready")[0] == 200
            redis.stop()
            assert gateway.get("/-/ready")[0] == 503
            checks = json.loads(gateway.get("/-/ready?verbose")[1])["checks"]
            assert (checks["store"]["ok"], checks["audit"]["ok"]) == (False, True)
            assert wait_for(lambda: gateway.metric("preau_store_up") == 0)
            redis.start()
            assert wait_for(lambda: gateway.get("/-/ready")[0] == 200)
    finally:
        redis.stop()
