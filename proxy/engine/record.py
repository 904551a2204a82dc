"""Events of an exchange: who (a keyed hash), which service, which rule, how many. No values."""

from __future__ import annotations

from typing import Any

from proxy.audit.events import Event, fit, make_event
from proxy.blocking import Block, Stripped
from proxy.blocking.lists import DEMANDED
from proxy.engine.decide import Verdict
from proxy.engine.exchange import Client, Exchange, Hits
from proxy.policy.model import Action, Service
from proxy.policy.policy import Policy
from proxy.profiling.formats import DEMAND
from proxy.reasons import Reason

type Fields = dict[str, Any]


def counts(hits: Hits, *actions: Action) -> dict[str, int]:
    """Identifiers by kind for the given actions, as events carry them."""
    total: dict[str, int] = {}
    for (kind, action), number in hits.items():
        if action in actions:
            total[kind.value] = total.get(kind.value, 0) + number
    return total


def who(client: Client) -> Fields:
    """The client part of an event."""
    fields = {"client": client.hash, "group": client.group, "school": client.school}
    return {name: value for name, value in fields.items() if value}


def where(policy: Policy, service: Service | None) -> Fields:
    """The policy and service part of an event."""
    fields: Fields = {"policy": policy.digest}
    if service:
        fields["service"] = service.name
    return fields


def of_exchange(exchange: Exchange) -> Fields:
    """Everything that says which exchange an event belongs to."""
    return {
        **who(exchange.client),
        **where(exchange.snapshot.policy, exchange.service),
        "endpoint": fit("endpoint", exchange.endpoint.template),
        "method": fit("method", exchange.head.method),
    }


def request_events(exchange: Exchange) -> list[Event]:
    """What the request's hits come to."""
    events = []
    replaced = counts(exchange.hits, Action.PSEUDONYMISE)
    if replaced:
        events.append(make_event("request-pseudonymised", counts=replaced, **of_exchange(exchange)))
    for action, name in ((Action.DROP, "drop"), (Action.GENERALISE, "generalise")):
        reduced = counts(exchange.hits, action)
        if reduced:
            events.append(
                make_event("field-minimised", action=name, counts=reduced, **of_exchange(exchange))
            )
    return events


def answer_events(exchange: Exchange) -> list[Event]:
    """That pseudonyms were restored, and how many."""
    restored = counts(exchange.restored, Action.PSEUDONYMISE)
    if not restored:
        return []
    return [make_event("answer-restored", counts=restored, **of_exchange(exchange))]


def opaque_allowed(exchange: Exchange, reason: Reason = Reason.OPAQUE_CONTENT) -> Event:
    """Content that could not be read, or changed, passed because the service's policy allows it."""
    return make_event("opaque-allowed", reason=reason.value, **of_exchange(exchange))


def refused(
    policy: Policy,
    client: Client,
    service: Service | None,
    reason: Reason,
    incident: str,
    rule: str,
    answer: bool = False,
) -> Event:
    """A refusal of a request, or of its answer, with the id that the page shows."""
    fields = {**who(client), **where(policy, service)}
    if rule:
        fields["rule"] = fit("rule", rule)
    name = "answer-refused" if answer else _NAMED.get(reason, "request-refused")
    if name in _NAMED.values() and service is None:
        name = "request-refused"
    return make_event(name, reason=reason.value, incident=incident, **fields)


_NAMED = {
    Reason.OBJECTION: "objection-enforced",
    Reason.PHOTO_WITHOUT_CONSENT: "photo-refused",
}
"""Refusals that have an event of their own."""


def alarms(exchange: Exchange) -> list[Event]:
    """Canaries that were seen since this was last asked."""
    if exchange.watch is None:
        return []
    events = []
    for canary, origin in exchange.watch.take_alarms():
        fields = of_exchange(exchange)
        if origin:
            fields["origin"] = fit("origin", origin)
        events.append(make_event("canary-seen", canary=canary, **fields))
    return events


def blocked(policy: Policy, client: Client, verdict: Verdict, incident: str = "") -> Event:
    """A tracker that was answered here: the list, file and line that decided."""
    block = verdict.block
    if block is None:
        raise ValueError("not a block")
    fields: Fields = {"incident": incident} if incident else {}
    if block.category in DEMANDED:
        fields["demand"] = DEMAND
    return make_event(
        "tracker-blocked",
        category=block.category.value,
        list=fit("list", block.list),
        rule=fit("rule", f"{block.file}:{block.line}"),
        **fields,
        **who(client),
        **where(policy, verdict.host.service),
    )


def profiling_observed(
    policy: Policy, client: Client, service: Service | None, block: Block
) -> Event:
    """A report on behaviour that a block rule names, and that the policy only observes."""
    return make_event(
        "profiling-observed",
        category=block.category.value,
        demand=DEMAND,
        list=fit("list", block.list),
        rule=fit("rule", f"{block.file}:{block.line}"),
        **who(client),
        **where(policy, service),
    )


def stripped(exchange: Exchange, found: Stripped) -> Event:
    """Tracking parameters that were taken out of a URL, and the first rule that did it."""
    rule = found.rules[0]
    return make_event(
        "parameters-stripped",
        count=found.count,
        list=fit("list", rule.list),
        rule=fit("rule", f"{rule.file}:{rule.line}"),
        **of_exchange(exchange),
    )


def tunnelled(policy: Policy, client: Client, verdict: Verdict) -> Event:
    """A connection passed unread, and the rule that said so."""
    return make_event(
        "connection-tunnelled",
        rule=fit("rule", str(verdict.host.ref)),
        **who(client),
        **where(policy, verdict.host.service),
    )


def denied(policy: Policy, client: Client, reason: Reason, incident: str) -> Event:
    """A connection closed at the gate, before any service was known."""
    return make_event(
        "connection-denied",
        reason=reason.value,
        incident=incident,
        **who(client),
        **where(policy, None),
    )
