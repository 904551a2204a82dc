"""What the supervisor itself counts; merged with the workers' metrics like a worker's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from proxy.supervisor.fleet import Role, State


class OwnMetrics:
    """One registry, closed labels."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        workers = Gauge("preau_workers", "Workers, by state.", ("state",), registry=self.registry)
        self.workers = {
            state: workers.labels(state.value) for state in State if state is not State.GONE
        }
        restarts = Counter(
            "preau_process_restarts",
            "Processes that ended by accident and were started again, by role.",
            ("role",),
            registry=self.registry,
        )
        self.restarts = {role: restarts.labels(role.value) for role in Role}
        up = Gauge(
            "preau_process_up",
            "Whether the one process of this role serves.",
            ("role",),
            registry=self.registry,
        )
        self.up = {role: up.labels(role.value) for role in (Role.SIGNER, Role.WRITER)}
        self.policies = Gauge(
            "preau_policy_versions",
            "Different policies in force among the workers; 1 when they agree.",
            registry=self.registry,
        )
        self.leaves_signed = Counter(
            "preau_leaves_signed", "Leaf certificates signed.", registry=self.registry
        )
        self.leaves_refused = Counter(
            "preau_leaves_refused", "Leaf certificates refused.", registry=self.registry
        )
        self.rolls_failed = Counter(
            "preau_rolls_failed",
            "Replacements of all workers that were given up; the old ones went on.",
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
