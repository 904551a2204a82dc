"""Every label of every metric, in one place: closed by an enum, or named by the site's settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from proxy.blocking.cname import Outcome
from proxy.blocking.lists import Category
from proxy.fleet import Part
from proxy.kinds import Kind, SubjectKind
from proxy.metrics import OTHER, Decision, EventType, Folder, Phase, StoreOperation
from proxy.policy.model import Action, Treatment
from proxy.privacy.rules import Rule
from proxy.reasons import Reason
from proxy.store import Ailment, Circuit
from proxy.supervisor.fleet import Role, State
from proxy.supervisor.own_metrics import OwnMetrics
from tests.sim.raw_server import RawServer, answer
from tests.sim.school import HOST, SERVICE, School

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSED: dict[str, tuple[type[StrEnum], ...]] = {
    "decision": (Decision,),
    "kind": (Kind, SubjectKind),
    "action": (Action,),
    "category": (Category,),
    "rule": (Rule,),
    "outcome": (Outcome,),
    "reason": (Reason,),
    "treatment": (Treatment,),
    "phase": (Phase,),
    "type": (EventType,),
    "operation": (StoreOperation,),
    "folder": (Folder,),
    "ailment": (Ailment,),
    "part": (Part,),
    "state": (State, Circuit),
    "role": (Role,),
}
SETTINGS = {"service", "list", "destination"}
"""Names that administrators wrote; capped: ``MAX_SERVICES``, ``MAX_LISTS``, …"""
ONE = {"digest", "version", "python"}
"""One value at a time, by what is installed or in force."""
BUDGET = 700
"""Series of one worker for a site of one service and one list."""


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterable[list[Metric]]:
    """What a worker and a supervisor tell after traffic."""
    school = School(tmp_path_factory.mktemp("labels"), count=5)
    with RawServer(answer(OK), school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        opened.runtime.started()
        body = json.dumps({"student": {"name": opened.people[0].full_name}}).encode()
        with opened.client() as client:
            client.send(
                b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n%s" % (HOST.encode(), len(body), body)
            )
            client.read_message()
        yield [*opened.runtime.metrics.registry.collect(), *OwnMetrics().registry.collect()]


def labels(metrics: Iterable[Metric]) -> Iterator[tuple[str, str, str]]:
    for metric in metrics:
        for sample in metric.samples:
            for name, value in sample.labels.items():
                if name != "le":
                    yield metric.name, name, value


def test_labels_are_closed_by_enums_or_named_by_the_settings(metrics: list[Metric]) -> None:
    for metric, name, value in labels(metrics):
        assert name in CLOSED.keys() | SETTINGS | ONE, (metric, name)
        if name in CLOSED:
            words = {word.value for enum in CLOSED[name] for word in enum}
            assert value in words | {OTHER}, (metric, name, value)
        if name == "service":
            assert value in (SERVICE, OTHER)
        if name == "list":
            assert value == "test"
    assert {name for _, name, _ in labels(metrics)} >= {"decision", "reason", "folder", "role"}


def test_names_follow_the_conventions(metrics: list[Metric]) -> None:
    for metric in metrics:
        assert metric.name.startswith(("preau_", "process_")), metric.name
        assert metric.documentation.endswith("."), metric.name
        if metric.type == "counter":
            assert all(sample.name.endswith("_total") for sample in metric.samples)
        if metric.type == "histogram":
            assert metric.name.endswith("_seconds")
        else:
            assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket"))


def test_series_of_a_worker_stay_within_the_budget(metrics: list[Metric]) -> None:
    assert sum(len(metric.samples) for metric in metrics) < BUDGET


def test_a_worker_tells_what_the_machine_and_the_files_are(metrics: list[Metric]) -> None:
    values = {m.name: [s.value for s in m.samples] for m in metrics}
    assert values["preau_ca_not_after_timestamp_seconds"][0] > 1.7e9
    assert len(values["preau_disk_free_ratio"]) == len(Folder)
    assert all(0 < v <= 1 for v in values["preau_disk_free_ratio"])
    assert values["preau_clock_offset_seconds"][0] > 1e9


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    from proxy.site import load_site
    from proxy.site_facts import SiteFacts

    school = School(tmp_path, count=2)
    site = load_site(school.root)
    (site.ca_dir / "mitmproxy-ca.pem").unlink()
    (school.root / "lists/subscriptions.yaml").write_text("subscriptions: 3\n")
    told = {metric.name: metric.samples for metric in SiteFacts(site).collect()}
    assert told["preau_ca_not_after_timestamp_seconds"] == []
    assert told["preau_list_overdue_seconds"] == []
    assert told["preau_disk_free_ratio"]
