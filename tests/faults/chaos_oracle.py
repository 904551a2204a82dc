"""One oracle for every fault: what must hold afterwards, whatever was broken meanwhile.

1. No acknowledged event is lost: the lines that ``AuditLog`` said are on disk stand in the log
   at the index that it told; every refusal shown to somebody is in it under its incident; so
   is an event for every answer to a request that named a person.
2. The log verifies, from its files alone.
3. Nothing identifying reached a service.
4. Nothing hung beyond its deadline.
5. The counters equal the log. Where a process was killed (``killed``), what it counted in its
   last second is gone with it: then the log holds at least what was counted.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from proxy.audit import query, verify
from proxy.audit.events import Event, serialise
from proxy.metrics import _EVENT_TYPES, EventType
from proxy.runtime import Runtime
from tests.sim.raw_server import wait_for

COUNTED = (
    EventType.REQUEST,
    EventType.BLOCK,
    EventType.REFUSAL,
    EventType.CONNECTION,
    EventType.POLICY,
)
"""Of the rest, the log and the commands of administrators write some without a gateway."""

_SAMPLE = re.compile(r'(?m)^preau_audit_events_total\{type="([a-z]+)"\} ([0-9.e+]+)$')


@dataclass
class Oracle:
    """``metrics`` gives the text that Prometheus reads; ``seen`` all that services received."""

    log: Path
    metrics: Callable[[], str]
    seen: Callable[[], bytes]
    secrets: Sequence[bytes]
    incidents: set[str] = field(default_factory=set)
    acknowledged: list[tuple[int, list[bytes]]] = field(default_factory=list)
    """Index of the first line, and lines, of what was said to be on disk."""
    protected: int = 0
    """Good answers to requests that named somebody."""
    slow: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._counted, self._logged = self._count(), self._count_log()
        self._protected = self._types()["request-pseudonymised"]

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """What is done inside must be over in time, however it ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            taken = time.monotonic() - started
            if taken > seconds:
                self.slow.append(f"{what}: {taken:.1f} s, at most {seconds} s")

    def answered(self, head: bytes, *, named: bool = False) -> int:
        """Note an answer; ``named``: its request named a person. Gives its status, 0 for none."""
        incident = re.search(rb"(?im)^x-preau-incident: *([A-Z2-7-]+)\r$", head)
        # A log that cannot be written cannot tell of what was refused for that reason.
        if incident and b"x-preau-reason: audit-unavailable" not in head:
            self.incidents.add(incident[1].decode())
        status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
        self.protected += named and status == 200
        return status

    def overhear(self, runtime: Runtime) -> None:
        """Note each acknowledgement that the log of this process gives, and for what."""
        audit = runtime.audit
        record, record_sync = audit.record, audit.record_sync

        async def noted(events: Sequence[Event]) -> int:
            index = await record(events)
            self.acknowledged.append((index, [serialise(event) for event in events]))
            return index

        def noted_sync(events: Sequence[Event], timeout: float | None = None) -> int:
            index = record_sync(events, timeout)
            self.acknowledged.append((index, [serialise(event) for event in events]))
            return index

        audit.record, audit.record_sync = noted, noted_sync  # type: ignore[method-assign] # to listen in

    def judge(self, *, killed: bool = False, settle: float = 5.0) -> None:
        """Assert all of it. ``settle``: how long counters may take to arrive."""
        assert not self.slow, self.slow
        received = self.seen()
        for secret in self.secrets:
            assert secret not in received, f"a service received {secret!r}"
        wait_for(lambda: not self._differences(killed), settle)
        assert not self._differences(killed), self._differences(killed)
        report = verify(self.log)
        assert report.ok, report.problems
        self._all_there()

    def _all_there(self) -> None:
        stored = {found.index: found.line for found in query(self.log)}
        for first, lines in self.acknowledged:
            for index, line in enumerate(lines, first):
                assert stored.get(index) == line, f"event {index} was acknowledged and is not there"
        told = {str(found.event.get("incident")) for found in query(self.log)}
        assert self.incidents <= told, f"not in the log: {self.incidents - told}"
        written = self._types()["request-pseudonymised"] - self._protected
        assert written >= self.protected, f"{self.protected} answers, {written} events"

    def _differences(self, killed: bool) -> dict[str, tuple[int, int]]:
        """By type: how many were counted and how many are in the log, where that is wrong."""
        counted, logged = self._count(), self._count_log()
        pairs = {
            kind.value: (counted[kind] - self._counted[kind], logged[kind] - self._logged[kind])
            for kind in COUNTED
        }
        if killed:
            return {kind: pair for kind, pair in pairs.items() if pair[0] > pair[1]}
        return {kind: pair for kind, pair in pairs.items() if pair[0] != pair[1]}

    def _types(self) -> Counter[str]:
        return Counter(str(found.event["type"]) for found in query(self.log))

    def _count(self) -> Counter[str]:
        return Counter({kind: int(float(n)) for kind, n in _SAMPLE.findall(self.metrics())})

    def _count_log(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for kind, number in self._types().items():
            counts[_EVENT_TYPES.get(kind, EventType.OTHER)] += number
        return counts
