"""Reports on behaviour, recognised by their format, on a request's way through the engine.

``proxy.profiling`` says what a request is; the policy of the service it goes to says what
becomes of it (block, observe, allow); this carries it out. A blocked report is answered with
the success its client waits for: it has "arrived", and its client is quiet.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.audit.events import Event, fit, make_event
from proxy.blocking import Block, RequestType, answer, facts_of
from proxy.blocking.lists import Category
from proxy.content.inner_requests import Inner
from proxy.decisions import Drop, Reply
from proxy.engine import record
from proxy.engine.decide import Verdict
from proxy.engine.exchange import Exchange, new_incident
from proxy.engine.pages import refusal
from proxy.engine.ruling import Ruling
from proxy.errors import Refused
from proxy.metrics import Decision, Metrics
from proxy.policy.model import HostVerdict, OnProfiling, RuleRef, Service, Treatment
from proxy.policy.policy import Policy
from proxy.profiling import detect
from proxy.profiling.formats import DEMAND, Family, Format
from proxy.profiling.replies import success
from proxy.reasons import Reason
from proxy.timetable import Entry, Sheet


@dataclass(frozen=True, slots=True)
class Standing:
    """What the policy says, and the line that says it."""

    do: OnProfiling
    ref: RuleRef


def standing(policy: Policy, service: Service | None) -> Standing:
    """What holds for reports on behaviour that go to a service."""
    if service is not None and service.profiling.do is not None:
        return Standing(service.profiling.do, service.profiling.ref)
    return Standing(policy.site.profiling, policy.site.ref("profiling"))


def standing_of(policy: Policy, service: Service, format: Format) -> Standing:
    """Likewise for one format: a service may spare it, and a record store receives learning."""
    rule = service.profiling
    if format.name in rule.spared or (rule.record_store and format.family is Family.LEARNING):
        return Standing(OnProfiling.ALLOW, service.ref)
    return standing(policy, service)


def spared_by(sheet: Sheet, host: str, format: Format) -> Entry | None:
    """The rule or exception by who and when that lets a format pass."""
    return sheet.sparing(host) or sheet.switched_off(_LIST, format.category)


def check_inner(exchange: Exchange, inner: Inner, target: str) -> None:
    """A request inside a batch that reports on behaviour: refused where alone it is blocked."""
    if _allows(exchange):
        return
    found = detect.in_head(inner.method, target) or (
        detect.in_body(inner.method, target, inner.headers, inner.body) if inner.body else None
    )
    if found is None:
        return
    says = standing_of(exchange.snapshot.policy, exchange.service, found)
    if says.do is OnProfiling.OBSERVE:
        exchange.events.append(_event("profiling-observed", exchange, found, says.ref))
    elif says.do is OnProfiling.BLOCK:
        entry = spared_by(exchange.sheet, exchange.head.host, found)
        if entry is None:
            raise Refused(Reason.PROFILING_BLOCKED, "a request of a batch")
        exchange.events.extend(_spared(exchange, found, says.ref, entry))


def as_block(format: Format, ref: RuleRef) -> Block:
    """A format in the words of block rules."""
    rule = f"format: {format.name}"
    return Block(rule, _LIST, ref.file, ref.line, Category(format.category))


_LIST = "formats"


class Watch:
    """Looks for reports on behaviour. Every question is answered ``None`` to go on."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def head(self, exchange: Exchange, kind: RequestType) -> Ruling | None:
        """Before a body has come. Nobody opens a collector's address as a page."""
        if kind is RequestType.DOCUMENT or _allows(exchange):
            return None
        head = exchange.head
        found = detect.in_head(head.method, head.target)
        return None if found is None else self._ruling(exchange, found, kind)

    def body(self, exchange: Exchange, body: bytes) -> Ruling | None:
        """With a body, or its beginning."""
        if _allows(exchange):
            return None
        head = exchange.head
        found = detect.in_body(head.method, head.target, head.headers, body)
        if found is None:
            return None
        kind = facts_of(head.method, head.host, head.target, head.headers).type
        return self._ruling(exchange, found, kind)

    def message(self, exchange: Exchange, content: bytes) -> Ruling | None:
        """A message of a WebSocket: it is left out, and nothing tells its client."""
        if _allows(exchange):
            return None
        found = detect.in_message(content)
        if found is None:
            return None
        rule = self._rule(exchange, found)
        if rule is None:
            return None
        return Ruling(
            Drop(), [*exchange.take_events(), _event("profiling-blocked", exchange, found, rule)]
        )

    def rule(self, exchange: Exchange, block: Block) -> None:
        """A block rule about such reports, where the policy only observes."""
        self._metrics.observed[block.category].inc()
        policy, service = exchange.snapshot.policy, exchange.service
        event = record.profiling_observed(policy, exchange.client, service, block)
        exchange.events.append(event)

    def _rule(self, exchange: Exchange, found: Format) -> RuleRef | None:
        """The line that blocks it; ``None`` when it passes, recorded if that is the rule."""
        says = standing_of(exchange.snapshot.policy, exchange.service, found)
        if says.do is OnProfiling.BLOCK:
            entry = spared_by(exchange.sheet, exchange.head.host, found)
            if entry is not None:
                exchange.events.extend(_spared(exchange, found, says.ref, entry))
                return None
            self._metrics.blocks[found.category].inc()
            return says.ref
        if says.do is OnProfiling.OBSERVE:
            self._metrics.observed[found.category].inc()
            exchange.events.append(_event("profiling-observed", exchange, found, says.ref))
        return None

    def _ruling(self, exchange: Exchange, found: Format, kind: RequestType) -> Ruling | None:
        ref = self._rule(exchange, found)
        if ref is None:
            return None
        self._metrics.requests[exchange.service.name, Decision.BLOCK].inc()
        head = exchange.head
        incident = ""
        reply: Reply | None = success(found, head.method, head.headers, kind)
        if reply is None:
            block = as_block(found, ref)
            reply = answer(block, kind, head.method, head.headers, head.target, head.host)
        if reply is None:
            incident, site = new_incident(), exchange.snapshot.policy.site
            accept = head.header(b"accept")
            reply = refusal(
                Reason.PROFILING_BLOCKED, incident, accept, site.contact, "", site.language
            )
        event = _event("profiling-blocked", exchange, found, ref, incident)
        return Ruling(reply, [*exchange.take_events(), event])


def _spared(exchange: Exchange, found: Format, ref: RuleRef, entry: Entry) -> list[Event]:
    host = HostVerdict(Treatment.INSPECT, ref, exchange.service)
    verdict = Verdict(host, None, None, spared=as_block(found, ref), spared_by=entry)
    return record.passed(exchange.snapshot.policy, exchange.client, verdict)


def _allows(exchange: Exchange) -> bool:
    rule = exchange.service.profiling.do or exchange.snapshot.policy.site.profiling
    return rule is OnProfiling.ALLOW


def _event(name: str, exchange: Exchange, found: Format, ref: RuleRef, incident: str = "") -> Event:
    fields: record.Fields = {"incident": incident} if incident else {}
    return make_event(
        name,
        category=found.category,
        format=found.name,
        demand=DEMAND,
        rule=fit("rule", str(ref)),
        **fields,
        **record.of_exchange(exchange),
    )
