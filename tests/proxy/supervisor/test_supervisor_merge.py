"""Metrics of many workers as one: totals never fall, gauges keep their meaning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from proxy.metrics import Decision, Metrics
from proxy.supervisor.merge import Snapshot, Totals, exposition, snapshot


def worker(count: float, in_flight: float = 0.0, seconds: float = 0.01) -> Snapshot:
    """A worker's metrics, as it tells them."""
    registry = CollectorRegistry()
    Counter("preau_requests", "Requests.", ("decision",), registry=registry).labels("forward").inc(
        count
    )
    Gauge("preau_requests_in_flight", "Now.", registry=registry).set(in_flight)
    Gauge("preau_audit_up", "Up.", registry=registry).set(count != 13)
    Histogram("preau_overhead_seconds", "Time.", buckets=(0.1, 1), registry=registry).observe(
        seconds
    )
    return snapshot(registry)


def value(totals: Totals, living: list[tuple[str, Snapshot]], name: str) -> float:
    """One sample of the merged metrics, read back from Prometheus' text."""
    text = exposition(totals.merge(living)).decode()
    found = [
        s.value for f in text_string_to_metric_families(text) for s in f.samples if s.name == name
    ]
    assert found, text
    return sum(found) if not name.endswith("_bucket") else found[0]


TOTAL = "preau_requests_total"


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["count", "die"]), st.integers(0, 1000)),
        max_size=30,
    )
)
def test_no_total_ever_falls_and_none_is_counted_twice(
    steps: list[tuple[int, str, int]],
) -> None:
    totals, counts, told, everything = Totals(), dict.fromkeys(range(4), 0), 0.0, 0
    for slot, what, number in steps:
        if what == "count":
            counts[slot] += number
            everything += number
        else:
            totals.bury(worker(counts[slot]))
            counts[slot] = 0
        now = value(totals, [(str(s), worker(c)) for s, c in counts.items()], TOTAL)
        assert now >= told
        assert now == everything
        told = now


def test_totals_survive_an_upgrade_as_plain_data() -> None:
    totals = Totals()
    totals.bury(worker(5))
    again = Totals(totals.carried())
    assert value(again, [("1", worker(2))], TOTAL) == 7
    assert value(again, [("1", worker(2))], "preau_overhead_seconds_count") == 2
    assert value(again, [], TOTAL) == 5


def test_histograms_add_up_bucket_by_bucket() -> None:
    totals = Totals()
    totals.bury(worker(1, seconds=0.05))
    living = [("1", worker(1, seconds=0.05)), ("2", worker(1, seconds=0.5))]
    assert value(totals, living, "preau_overhead_seconds_bucket") == 2
    assert value(totals, living, "preau_overhead_seconds_count") == 3
    assert abs(value(totals, living, "preau_overhead_seconds_sum") - 0.6) < 1e-9


def test_gauges_are_joined_by_what_they_mean() -> None:
    living = [("1", worker(13, in_flight=2)), ("2", worker(1, in_flight=3))]
    totals = Totals()
    totals.bury(worker(13, in_flight=9))  # the dead have nothing in flight
    assert value(totals, living, "preau_requests_in_flight") == 5
    assert value(totals, living, "preau_audit_up") == 0, "one worker that cannot record is one"


def test_a_split_of_policies_shows_as_two_series() -> None:
    one, two = Metrics(), Metrics()
    one.policy_loaded("aaaa", [])
    two.policy_loaded("bbbb", [])
    living = [(str(n), snapshot(m.registry)) for n, m in enumerate((one, two))]
    text = exposition(Totals().merge(living)).decode()
    assert 'preau_policy_info{digest="aaaa"} 1.0' in text
    assert 'preau_policy_info{digest="bbbb"} 1.0' in text


def test_what_describes_a_process_is_told_by_worker() -> None:
    living = [(str(n), snapshot(Metrics().registry)) for n in (1, 2)]
    text = exposition(Totals().merge(living)).decode()
    assert 'process_resident_memory_bytes{worker="1"}' in text
    assert 'process_resident_memory_bytes{worker="2"}' in text


def test_every_metric_of_a_worker_is_in_the_merged_text_under_its_own_name_and_type() -> None:
    metrics = Metrics(["un-service"])
    metrics.requests["un-service", Decision.FORWARD].inc()
    alone = text_string_to_metric_families(metrics.render().decode())
    merged = text_string_to_metric_families(
        exposition(Totals().merge([("1", snapshot(metrics.registry))])).decode()
    )
    kinds = {f.name: f.type for f in merged}
    for family in alone:
        assert kinds[family.name] == family.type
