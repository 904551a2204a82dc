"""The metrics of many workers as one.

A worker's registry travels as plain data (``snapshot``). ``Totals.merge`` adds counters and
histograms over the workers that live, plus what the dead had counted when they last told
(``bury``), so that no total ever falls. A gauge has no sum in general: ``_GAUGES`` says
what each means over workers; what describes a process gets a ``worker`` label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

type Snapshot = list[list[Any]]
"""``[name, type, help, [[sample name, [[label, value], …], value], …]]`` for each metric."""

type Key = tuple[str, tuple[tuple[str, str], ...]]

_ADDED = frozenset({"counter", "histogram", "summary"})
_OWN = "process_"
"""Metrics of a process: one a worker."""

_GAUGES: dict[str, Callable[[Iterable[float]], float]] = {
    "preau_requests_in_flight": sum,
    "preau_connections_open": sum,
    "preau_held_bytes": sum,
    "preau_audit_up": min,
    "preau_store_up": min,
    "preau_audit_outgoing_up": min,
    "preau_config_last_reload_successful": min,
    "preau_config_last_reload_success_timestamp_seconds": min,
}
"""How the workers' values become one; ``max`` for those not here (what all read from the
same files: sizes, ages, versions)."""


def snapshot(registry: CollectorRegistry) -> Snapshot:
    """All metrics of a registry as plain data, for JSON."""
    return [
        [
            metric.name,
            metric.type,
            metric.documentation,
            [[s.name, sorted(s.labels.items()), s.value] for s in metric.samples],
        ]
        for metric in registry.collect()
    ]


class Totals:
    """What the dead had counted, and the sum with the living."""

    def __init__(self, carried: Iterable[tuple[str, list[list[str]], float]] = ()) -> None:
        self._carried: dict[Key, float] = {_key(name, labels): v for name, labels, v in carried}
        self._known: dict[str, tuple[str, str, str]] = {}

    def carried(self) -> list[tuple[str, list[list[str]], float]]:
        """For an upgrade: what ``__init__`` takes."""
        return [(name, [list(p) for p in labels], v) for (name, labels), v in self._carried.items()]

    def bury(self, last: Snapshot) -> None:
        """A worker is gone; ``last`` is what it last told."""
        for name, kind, text, samples in last:
            if kind in _ADDED and not name.startswith(_OWN):
                for sample, labels, value in samples:
                    self._known[sample] = (name, kind, text)
                    key = _key(sample, labels)
                    self._carried[key] = self._carried.get(key, 0.0) + value

    def merge(self, living: Iterable[tuple[str, Snapshot]]) -> list[Metric]:
        """One list of metrics from those of the workers, each with its label."""
        merged: dict[str, _Merged] = {}
        for worker, one in living:
            for name, kind, text, samples in one:
                into = merged.setdefault(name, _Merged(name, kind, text))
                for sample, labels, value in samples:
                    into.take(sample, labels, value, worker)
        for key, value in self._carried.items():
            name, kind, text = self._known.get(key[0], (_family(key[0]), "counter", ""))
            merged.setdefault(name, _Merged(name, kind, text)).values.setdefault(key, []).append(
                value
            )
        return [one.metric() for one in merged.values()]


class _Merged:
    """One metric over all workers."""

    def __init__(self, name: str, kind: str, text: str) -> None:
        self.name, self.kind, self.text = name, kind, text
        self.values: dict[Key, list[float]] = {}
        self._own = name.startswith(_OWN)

    def take(self, sample: str, labels: list[list[str]], value: float, worker: str) -> None:
        if self._own:
            labels = [*labels, ["worker", worker]]
        self.values.setdefault(_key(sample, labels), []).append(value)

    def metric(self) -> Metric:
        join = sum if self.kind in _ADDED else _GAUGES.get(self.name, max)
        metric = Metric(self.name, self.text, self.kind)
        for (sample, labels), values in self.values.items():
            metric.add_sample(sample, dict(labels), float(join(values)))
        return metric


def _key(sample: str, labels: Iterable[Iterable[str]]) -> Key:
    return sample, tuple((name, value) for name, value in labels)


def _family(sample: str) -> str:
    for ending in ("_total", "_bucket", "_sum", "_count"):
        if sample.endswith(ending):
            return sample.removesuffix(ending)
    return sample


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def exposition(metrics: Iterable[Metric]) -> bytes:
    """Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(metrics))
    return generate_latest(registry)
