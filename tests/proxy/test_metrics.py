from __future__ import annotations

import subprocess
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter

from proxy import __version__
from proxy.blocking import Category
from proxy.kinds import Kind, SubjectKind
from proxy.metrics import MAX_SERVICES, Decision, EventType, Metrics, Phase, StoreOperation
from proxy.policy.model import Action, Treatment
from proxy.reasons import Reason


def used() -> Metrics:
    """Metrics after every kind of thing has happened once."""
    metrics = Metrics(["google-classroom"])
    metrics.policy_loaded("sha256:abc", ["google-classroom", "microsoft-graph"])
    metrics.lists_loaded([("preau", 200, 1.7e9)])
    for service in ("google-classroom", "microsoft-graph", "unknown.example"):
        for decision in Decision:
            metrics.requests[service, decision].inc()
    for kind in Kind:
        for action in Action:
            metrics.identifiers[kind, action].inc(2)
    metrics.audit_commit.observe(0.002)
    metrics.subjects[SubjectKind.PUPIL].set(30)
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say():
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=used().render(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_counting():
    metrics = used()
    metrics.blocks[Category.TELEMETRY].inc()
    metrics.refusals[Reason.UNKNOWN_SERVICE].inc()
    metrics.connections[Treatment.TUNNEL].inc()
    metrics.overhead[Phase.PROTECT].observe(0.0004)
    metrics.audit_events[EventType.BLOCK].inc()
    metrics.store_errors[StoreOperation.VAULT].inc()
    for name, labels in [
        ("preau_requests_total", {"service": "google-classroom", "decision": "protect"}),
        ("preau_blocks_total", {"category": "telemetry"}),
        ("preau_refusals_total", {"reason": "unknown-service"}),
        ("preau_connections_total", {"treatment": "tunnel"}),
        ("preau_overhead_seconds_count", {"phase": "protect"}),
        ("preau_audit_events_total", {"type": "block"}),
        ("preau_store_errors_total", {"operation": "vault"}),
        ("preau_policy_info", {"digest": "sha256:abc"}),
    ]:
        assert value(metrics, name, **labels) == 1, name
    assert value(metrics, "preau_list_rules", list="preau") == 200
    assert value(metrics, "preau_list_age_seconds", list="preau") > 1e6
    assert b'preau_build_info{python="3.' in metrics.render()
    assert f'version="{__version__}"'.encode() in metrics.render()


def test_two_processes_metrics_do_not_meet():
    first, second = Metrics(), Metrics()
    first.audit_up.set(1)
    assert value(second, "preau_audit_up") == 0


def test_a_reload_names_one_policy_and_a_failed_one_changes_nothing_else():
    metrics = used()
    metrics.policy_loaded("sha256:def", [])
    assert value(metrics, "preau_policy_info", digest="sha256:abc") is None
    metrics.policy_rejected()
    assert value(metrics, "preau_policy_info", digest="sha256:def") == 1
    assert value(metrics, "preau_config_last_reload_successful") == 0
    assert value(metrics, "preau_config_last_reload_success_timestamp_seconds") > 1.7e9


def test_series_stay_within_budget():
    lines = [line for line in used().render().splitlines() if not line.startswith(b"#")]
    assert len(lines) < 600


@given(st.lists(st.text(max_size=30), max_size=20))
def test_no_traffic_makes_a_new_series(words: list[str]):
    metrics = used()
    before = metrics.render().count(b"\n")
    for word in words:
        metrics.requests[word, "forward"].inc()
        metrics.requests[word, word].inc()
        metrics.blocks[word].inc()
        metrics.identifiers[word, Action.DROP].inc()
    after = metrics.render()
    assert after.count(b"\n") - before <= 4  # each metric's "other"
    assert len(metrics.requests) <= 2 * len(Decision)


def test_service_names_are_capped():
    metrics = Metrics(f"s{n:04}" for n in range(MAX_SERVICES + 50))
    metrics.set_services(["late"])
    for name in [*(f"s{n:04}" for n in range(MAX_SERVICES + 50)), "late"]:
        metrics.requests[name, Decision.FORWARD].inc()
    assert len(metrics.requests) == MAX_SERVICES
    assert value(metrics, "preau_requests_total", service="other", decision="forward") == 51


def test_a_wrong_number_of_labels_is_a_programming_error():
    with pytest.raises(TypeError):
        Metrics().requests["google-classroom"]


def test_counting_on_the_hot_path_is_cheap():
    metrics = used()
    key = ("google-classroom", Decision.FORWARD)
    bare = Counter("bare", "Without us.", registry=CollectorRegistry())
    ours = min(timeit.repeat(lambda: metrics.requests[key].inc(), number=5_000, repeat=7))
    floor = min(timeit.repeat(lambda: bare.inc(), number=5_000, repeat=7))
    assert ours < 3 * floor  # a look-up in a dictionary more
