"""The dashboards as committed, and every panel and alert in a real Prometheus on a real gateway."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.test_clients_prometheus import ask
from tests.plugins.redis_server import free_port
from tests.proxy.supervisor.supervisor_scene import always_ok
from tests.sim.raw_server import RawServer
from tests.sim.school import HOST, TRACKER, School
from tests.sim.served import Served

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy/grafana"
BOARDS = {p.stem: json.loads(p.read_text()) for p in sorted(GRAFANA.glob("*.json"))}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
QUIET = "or vector(0)"
"""Ends an expression about something that need not have happened."""

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}/preau-rules.yml, {rules}/preau-alerts.yml]
scrape_configs:
  - {{job_name: preau, static_configs: [{{targets: ["{target}"]}}]}}
"""


def test_regenerated_dashboards_equal_the_committed_ones() -> None:
    done = subprocess.run(
        [sys.executable, str(GRAFANA / "dashboards.py"), "--check"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert set(BOARDS) == {
        "preau-protection", "preau-blocking", "preau-performance", "preau-audit",
    }  # fmt: skip


@pytest.mark.parametrize("name", BOARDS)
def test_panels_stand_side_by_side_and_speak_two_languages(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert " · " in panel["title"]
        assert "\n\n" in panel["description"]
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(set(ids)) == len(ids)


class Prometheus:
    """Debian's Prometheus on loopback, reading one gateway every second."""

    def __init__(self, folder: Path, target: str) -> None:
        folder.mkdir()
        self._url = f"http://127.0.0.1:{free_port()}"
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(rules=ROOT / "deploy/prometheus", target=target))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._url.removeprefix('http://')}",
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        words = urllib.parse.urlencode({"query": expr})
        with urllib.request.urlopen(f"{self._url}/api/v1/query?{words}", timeout=10) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result

    def wait(self, expr: str, seconds: float = 40) -> None:
        """Until the expression gives anything."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.ask(expr):
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"no answer to {expr}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, Served]]:
    """A gateway of two workers that has pseudonymised, blocked and refused, and its Prometheus."""
    folder = tmp_path_factory.mktemp("watched")
    school = School(folder, count=20)
    ca = school.write_ca(folder / "ca.pem")
    body = json.dumps({"student": {"name": school.people[0].full_name}}).encode()
    with RawServer(always_ok, school.tls(HOST)) as cloud:
        with Served(school.root, {HOST: cloud.address}, workers=2) as gateway:
            prometheus = Prometheus(folder / "prometheus", gateway.status)
            try:
                prometheus.wait('up{job="preau"} == 1')
                for round_ in range(3):
                    for host in (HOST, HOST, HOST, TRACKER, "quiz.inconnu.example"):
                        ask(gateway.port, ca, host, body)
                    prometheus.wait(f"sum(preau_requests_total) >= {3 * (round_ + 1)}")
                prometheus.wait("sum(instance_decision:preau_requests:rate5m) > 0")
                prometheus.wait("instance_phase:preau_overhead_seconds:p99_5m >= 0")
                yield prometheus, gateway
            finally:
                prometheus.stop()
            assert gateway.stop() == 0, gateway.said


@pytest.mark.slow
@pytest.mark.needs("prometheus")
def test_every_panel_shows_something_on_a_gateway_that_works(
    watched: tuple[Prometheus, Served],
) -> None:
    prometheus, _ = watched
    for name, panel in PANELS:
        for target in panel["targets"]:
            expr = target["expr"].replace("$instance", ".*")
            assert prometheus.ask(expr), (name, panel["title"], expr)


@pytest.mark.slow
@pytest.mark.needs("prometheus")
def test_panels_ask_only_for_metrics_that_exist(watched: tuple[Prometheus, Served]) -> None:
    import re

    prometheus, _ = watched
    there = {row["metric"]["__name__"] for row in prometheus.ask('{job="preau"}')}
    # A recorded ratio has no value before there was traffic for a while: its rule is what counts.
    written = (ROOT / "deploy/prometheus/preau-rules.yml").read_text()
    rules = set(re.findall(r"record: (\S+)", written))
    lazy = {"preau_profiling_observed_total", "preau_audit_outgoing_lag_events"}
    lazy |= {"preau_list_overdue_seconds"}
    for name, panel in PANELS:
        for target in panel["targets"]:
            expr = target["expr"]
            for metric in re.findall(r"\b(?:preau|process|instance)_?[a-z0-9_:]*[a-z0-9]\{", expr):
                known = there | rules | (lazy if expr.endswith(QUIET) or QUIET in expr else set())
                assert metric.removesuffix("{") in known, (name, panel["title"], metric)


@pytest.mark.slow
@pytest.mark.needs("prometheus")
def test_no_alert_is_pending_or_firing_on_a_healthy_gateway(
    watched: tuple[Prometheus, Served],
) -> None:
    prometheus, _ = watched
    assert [row["metric"]["alertname"] for row in prometheus.ask("ALERTS")] == []


@pytest.mark.slow
@pytest.mark.needs("promtool", "prometheus")
def test_promtool_accepts_the_merged_metrics_within_the_budget_of_series(
    watched: tuple[Prometheus, Served],
) -> None:
    _, gateway = watched
    status, text = gateway.get("/metrics")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60
    )
    assert (status, done.returncode, done.stdout + done.stderr) == (200, 0, "")
    assert sum(not line.startswith("#") for line in text.splitlines()) < 600
    for secret in (HOST, TRACKER, "inconnu", "127.0.0.1"):
        assert secret not in text


@pytest.mark.slow
@pytest.mark.needs("prometheus")
def test_healthy_and_ready_tell_each_part(watched: tuple[Prometheus, Served]) -> None:
    _, gateway = watched
    assert gateway.get("/-/healthy") == (200, "ok\n")
    assert gateway.get("/-/ready")[0] == 200
    status, text = gateway.get("/-/ready?verbose")
    document = json.loads(text)
    assert status == 200
    assert set(document["checks"]) == {"workers", "policy", "signer", "audit", "store"}
    assert all(check["ok"] for check in document["checks"].values())
    assert len(document["workers"]) == 2
