"""Every metric in one place.

A metric says how much and how well, never who or what: labels come from closed lists (the
enums of the code, or the policy's own service names), so that no host, person, path or rule
can reach a dashboard and no traffic can make the number of series grow.

Children are made once and kept in dictionaries (``Family``): counting on the hot path is a
dictionary step and an increment. One ``Metrics`` per process, with its own registry; no
globals, so tests and workers do not meet.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from itertools import product
from typing import Any, Self

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from proxy import __version__
from proxy.blocking.cname import Outcome
from proxy.blocking.lists import Category
from proxy.fleet import Part
from proxy.kinds import Kind, SubjectKind
from proxy.policy.model import Action, Treatment
from proxy.privacy.rules import Rule
from proxy.reasons import Reason
from proxy.store import Ailment, Circuit

# A third of the series, and of no use to us.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # not annotated there

CONTENT_TYPE = CONTENT_TYPE_LATEST
MAX_SERVICES = 500
MAX_LISTS = 100
MAX_DESTINATIONS = 64
OTHER = "other"


class Decision(StrEnum):
    """What became of a request."""

    FORWARD = "forward"
    """Sent unchanged."""
    PROTECT = "protect"
    """Sent with identifiers replaced, dropped or generalised."""
    BLOCK = "block"
    """Answered in a tracker's place."""
    REFUSE = "refuse"


class Phase(StrEnum):
    """Where our own time goes, in the order of a request's way."""

    GATE = "gate"
    """At CONNECT and at the ClientHello."""
    BLOCK = "block"
    """The head of a request: is it sound, whose is it, does a list block it?"""
    PROTECT = "protect"
    RESTORE = "restore"


class StoreOperation(StrEnum):
    """What the store was asked when it failed."""

    PING = "ping"
    VAULT = "vault"
    DIRECTORY = "directory"
    META = "meta"


class Folder(StrEnum):
    """The folders of a site that grow, for the space on their disks."""

    STATE = "state"
    AUDIT = "audit"
    CACHE = "cache"


class EventType(StrEnum):
    """Types of audit event, as the metric groups them; what alerts look at stands alone."""

    REQUEST = "request"
    OPAQUE = "opaque-allowed"
    CANARY = "canary-seen"
    BLOCK = "block"
    REFUSAL = "refusal"
    CONNECTION = "connection"
    POLICY = "policy"
    DIRECTORY = "directory"
    KEYS = "keys"
    OTHER = OTHER


_EVENT_TYPES = {
    "request-pseudonymised": EventType.REQUEST,
    "answer-restored": EventType.REQUEST,
    "field-minimised": EventType.REQUEST,
    "opaque-allowed": EventType.OPAQUE,
    "canary-seen": EventType.CANARY,
    "request-refused": EventType.REFUSAL,
    "answer-refused": EventType.REFUSAL,
    "tracker-blocked": EventType.BLOCK,
    "profiling-blocked": EventType.BLOCK,
    "profiling-observed": EventType.BLOCK,
    "parameters-stripped": EventType.BLOCK,
    "request-spared": EventType.BLOCK,
    "exception-used": EventType.BLOCK,
    "exception-expired": EventType.POLICY,
    "privacy-filtered": EventType.BLOCK,
    "list-updated": EventType.BLOCK,
    "list-rejected": EventType.BLOCK,
    "connection-tunnelled": EventType.CONNECTION,
    "connection-denied": EventType.CONNECTION,
    "policy-loaded": EventType.POLICY,
    "policy-rejected": EventType.POLICY,
    "directory-imported": EventType.DIRECTORY,
    "roster-exported": EventType.DIRECTORY,
    "key-rotated": EventType.KEYS,
}

type Values = frozenset[str] | set[str]


class Family[T](dict[Any, T]):
    """Children of one metric by label value (a tuple when there are several labels).

    Values outside the closed ones are counted as ``other`` and not remembered, so neither
    this dictionary nor the metric can grow with traffic.
    """

    def __init__(self, child: Callable[..., T], *values: Values) -> None:
        super().__init__()
        self._child = child
        self._values = values

    def __missing__(self, key: str | tuple[str, ...]) -> T:
        given = (key,) if isinstance(key, str) else key
        if len(given) != len(self._values):
            raise TypeError(f"expected {len(self._values)} label values")
        labels = tuple(
            str(value) if value in allowed else OTHER
            for value, allowed in zip(given, self._values, strict=True)
        )
        child = self._child(*labels)
        if labels == given:
            self[key] = child
        return child

    def fill(self) -> Self:
        """Make every child now, so that each series starts at zero instead of appearing."""
        for labels in product(*self._values):
            self[labels if len(labels) > 1 else labels[0]]
        return self


class Metrics:
    """All metrics of one process; a ``Family`` where there are labels.

    ``metrics.requests["google-classroom", Decision.PROTECT].inc()``
    ``metrics.overhead[Phase.PROTECT].observe(seconds)``
    """

    def __init__(self, services: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._services: set[str] = set()
        self._traffic()
        self._audit_and_store()
        self._configuration()
        self.set_services(services)

    def _traffic(self) -> None:
        self.requests: Family[Counter] = Family(
            self._counter(
                "requests", "Requests decided, by service and outcome.", "service", "decision"
            ),
            self._services,
            _closed(Decision),
        )
        self.identifiers: Family[Counter] = Family(
            self._counter(
                "identifiers", "Identifiers found, by kind and what was done.", "kind", "action"
            ),
            _closed(Kind),
            _closed(Action),
        )
        self.blocks: Family[Counter] = Family(
            self._counter("blocks", "Requests answered in a tracker's place.", "category"),
            _closed(Category),
        ).fill()
        self.observed: Family[Counter] = Family(
            self._counter(
                "profiling_observed", "Reports on behaviour that left, only observed.", "category"
            ),
            _closed(Category),
        )
        self.privacy: Family[Counter] = Family(
            self._counter("privacy_removed", "Fields taken out or shortened, by rule.", "rule"),
            _closed(Rule),
        ).fill()
        self.lookups: Family[Counter] = Family(
            self._counter("dns_lookups", "Look-ups of what a name stands for.", "outcome"),
            _closed(Outcome),
        ).fill()
        self.refusals: Family[Counter] = Family(
            self._counter("refusals", "Requests and connections refused.", "reason"),
            _closed(Reason),
        ).fill()
        self.connections: Family[Counter] = Family(
            self._counter("connections", "Connections, by treatment.", "treatment"),
            _closed(Treatment),
        ).fill()
        overhead = Histogram(
            "preau_overhead_seconds",
            "Time of our own work on a request, waiting for nobody.",
            ("phase",),
            buckets=_OVERHEAD_BUCKETS,
            registry=self.registry,
        )
        self.overhead: Family[Histogram] = Family(overhead.labels, _closed(Phase)).fill()
        self.in_flight = self._gauge("requests_in_flight", "Requests being handled now.")
        self.open = self._gauge("connections_open", "Client connections open now.")
        self.held = self._gauge("held_bytes", "Bytes of bodies held in memory now.")
        self.lag = self._gauge("loop_lag_seconds", "How late the event loop was when last seen.")

    def _audit_and_store(self) -> None:
        self.audit_events: Family[Counter] = Family(
            self._counter("audit_events", "Events written to the audit log.", "type"),
            _closed(EventType),
        ).fill()
        self.audit_commit = Histogram(
            "preau_audit_commit_seconds",
            "Time from handing over an event until it is durable.",
            buckets=_COMMIT_BUCKETS,
            registry=self.registry,
        )
        self.audit_up = self._gauge("audit_up", "Whether the audit log can be written.")
        self._outgoing_lag = self._labelled(
            "audit_outgoing_lag_events",
            "Sealed events that a destination has not confirmed.",
            "destination",
        )
        self._outgoing_up = self._labelled(
            "audit_outgoing_up", "Whether a destination takes what it is sent.", "destination"
        )
        self.store_up = self._gauge("store_up", "Whether the store answers.")
        self.store_errors: Family[Counter] = Family(
            self._counter("store_errors", "Calls of the store that failed.", "operation"),
            _closed(StoreOperation),
        ).fill()

        circuit = self._labelled("store_circuit", "State of the store's circuit breaker.", "state")
        self._circuit: Family[Gauge] = Family(circuit.labels, _closed(Circuit)).fill()
        troubles = self._labelled("store_trouble", "What endangers data in the store.", "ailment")
        self._troubles: Family[Gauge] = Family(troubles.labels, _closed(Ailment)).fill()
        self._fleet = self._gauge("fleet_gateways", "Gateways that share the store.")
        split = self._labelled(
            "fleet_split_seconds", "How long gateways have run different things; 0: same.", "part"
        )
        self._split: Family[Gauge] = Family(split.labels, _closed(Part)).fill()

    def store_circuit_is(self, state: Circuit) -> None:
        """One of the states is 1."""
        for each in Circuit:
            self._circuit[each].set(each is state)

    def store_troubles_are(self, ailments: Collection[Ailment]) -> None:
        """Those are 1, the others 0."""
        for each in Ailment:
            self._troubles[each].set(each in ailments)

    def fleet_is(self, gateways: int, splits: Mapping[Part, float]) -> None:
        """How many there are, and how long they have differed on what."""
        self._fleet.set(gateways)
        for part in Part:
            self._split[part].set(splits.get(part, 0))

    def _configuration(self) -> None:
        self._policy = self._labelled("policy_info", "The policy in force.", "digest")
        self._reload_good = self._gauge(
            "config_last_reload_successful", "Whether the last reload of policies succeeded."
        )
        self._reload_time = self._gauge(
            "config_last_reload_success_timestamp_seconds", "When policies were last loaded."
        )
        subjects = self._labelled("directory_subjects", "Subjects in the directory.", "kind")
        self.subjects: Family[Gauge] = Family(subjects.labels, _closed(SubjectKind)).fill()
        self._list_rules = self._labelled("list_rules", "Rules in force of a block list.", "list")
        self._list_age = self._labelled(
            "list_age_seconds", "Time since a block list last changed.", "list"
        )
        self._list_names: set[str] = set()
        self.list_hits: Family[Counter] = Family(
            self._counter("list_hits", "Requests a block list decided about.", "list"),
            self._list_names,
        )
        self._labelled("build_info", "This program.", "version", "python").labels(
            __version__, platform.python_version()
        ).set(1)
        ProcessCollector(registry=self.registry)

    def set_services(self, names: Iterable[str]) -> None:
        """Service names of a policy that label requests, at most ``MAX_SERVICES`` ever."""
        for name in sorted(set(names) - self._services):
            if len(self._services) < MAX_SERVICES:
                self._services.add(name)

    def policy_loaded(self, digest: str, services: Iterable[str]) -> None:
        """A policy is in force from now on."""
        self.set_services(services)
        self._policy.clear()
        self._policy.labels(digest).set(1)
        self._reload_good.set(1)
        self._reload_time.set_to_current_time()

    def policy_rejected(self) -> None:
        """A reload failed; the last good policy stays in force."""
        self._reload_good.set(0)

    def lists_loaded(self, lists: Iterable[tuple[str, int, float]]) -> None:
        """Name, rules in force and last change (Unix time) of each block list."""
        self._list_rules.clear()
        self._list_age.clear()
        for name, rules, changed in list(lists)[:MAX_LISTS]:
            if len(self._list_names) < 2 * MAX_LISTS:  # names that were, and names that are
                self._list_names.add(name)
            self._list_rules.labels(name).set(rules)
            age = self._list_age.labels(name)
            age.set_function(lambda changed=changed: max(0.0, time.time() - changed))  # type: ignore[misc] # bound now

    def outgoing(self, lag: Mapping[str, tuple[int, bool]]) -> None:
        """Events behind, and whether all is well, by destination (the settings' own names)."""
        for name, (events, good) in list(lag.items())[:MAX_DESTINATIONS]:
            self._outgoing_lag.labels(name).set(events)
            self._outgoing_up.labels(name).set(good)

    def recorded(self, types: Iterable[str], seconds: float) -> None:
        """Events of these types (as the audit log names them) are on disk."""
        for name in types:
            self.audit_events[_EVENT_TYPES.get(name, EventType.OTHER)].inc()
        self.audit_commit.observe(seconds)
        self.audit_up.set(1)

    def render(self) -> bytes:
        """The metrics in Prometheus' text format, for ``CONTENT_TYPE``."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Callable[..., Counter]:
        return Counter(f"preau_{name}", text, labels, registry=self.registry).labels

    def _gauge(self, name: str, text: str) -> Gauge:
        return self._labelled(name, text)

    def _labelled(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"preau_{name}", text, labels, registry=self.registry)


def _closed(words: type[StrEnum]) -> frozenset[str]:
    return frozenset(word.value for word in words)


# fmt: off
_OVERHEAD_BUCKETS = (
    5e-05, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
)
_COMMIT_BUCKETS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
# fmt: on
