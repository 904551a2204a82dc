"""Events of an exchange: who (a keyed hash), which service, which rule, how many. No values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proxy.audit.events import Event, fit, make_event
from proxy.blocking import Block, RequestType, Stripped
from proxy.blocking.lists import DEMANDED
from proxy.blocking.parties import site_of
from proxy.engine.decide import Verdict
from proxy.engine.exchange import Client, Exchange, Hits
from proxy.policy.model import Action, Service
from proxy.policy.policy import Policy
from proxy.privacy import Rule
from proxy.profiling.formats import DEMAND
from proxy.reasons import Reason

type Fields = dict[str, Any]

_RULE_HOST = re.compile(r"(?:\|\|)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?=[\^/?:$*]|$)")


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
    """That pseudonyms were restored, and what was taken out: how many of each."""
    events = []
    restored = counts(exchange.restored, Action.PSEUDONYMISE)
    if restored:
        events.append(make_event("answer-restored", counts=restored, **of_exchange(exchange)))
    if exchange.removed:
        events.append(filtered(exchange, exchange.removed))
        exchange.removed = {}
    return events


def filtered(exchange: Exchange, removed: Mapping[Rule, int]) -> Event:
    """What privacy rules took out of one message: how many fields each, no value."""
    return make_event("privacy-filtered", removed=dict(removed), **of_exchange(exchange))


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


def blocked(
    policy: Policy,
    client: Client,
    verdict: Verdict,
    incident: str = "",
    kind: RequestType | None = None,
) -> Event:
    """A tracker that was answered here: the list, file and line that decided."""
    block = verdict.block
    if block is None:
        raise ValueError("not a block")
    fields: Fields = {"incident": incident} if incident else {}
    if block.category in DEMANDED:
        fields["demand"] = DEMAND
    if verdict.uncloaked:  # its site alone: what stands before that may tell of the client
        fields["uncloaked"] = fit("uncloaked", site_of(verdict.uncloaked))
    return make_event(
        "tracker-blocked",
        rule=fit("rule", f"{block.file}:{block.line}"),
        **fields,
        **_listed(block, kind),
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


def passed(
    policy: Policy, client: Client, verdict: Verdict, kind: RequestType | None = None
) -> list[Event]:
    """That a rule let pass what a list names; that an exception made a difference."""
    fields: Fields = {**who(client), **where(policy, verdict.host.service)}
    spared, by = verdict.spared, verdict.spared_by
    events = []
    if spared and by and by.terms is None:
        rule = fit("rule", str(by.ref))
        events.append(make_event("request-spared", rule=rule, **_listed(spared, kind), **fields))
    for one in verdict.exceptions:
        listed = _listed(spared, kind) if spared and one is by else {}
        event = make_event(
            "exception-used",
            exception=fit("exception", one.name),
            rule=fit("rule", str(one.ref)),
            **listed,
            **fields,
        )
        events.append(event)
    return events


def _listed(block: Block, kind: RequestType | None) -> Fields:
    """What a list says of a request: the host only as far as its own rule names one."""
    fields: Fields = {"category": block.category.value, "list": fit("list", block.list)}
    if kind is not None:
        fields["request_type"] = kind.value
    named = _RULE_HOST.match(block.rule)
    if named is not None:
        fields["host"] = fit("host", named[1])
    return fields


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
