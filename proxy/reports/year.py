"""The yearly summary: what the gateway did, by month, service, reason and category."""

from __future__ import annotations

from collections import Counter

from proxy.audit.events import TYPES
from proxy.audit.retention import class_of
from proxy.reports import wording
from proxy.reports.document import Blank, Block, Chart, Document, Note, Section, Table, Text
from proxy.reports.facts import Facts
from proxy.reports.speaker import Speaker
from proxy.reports.texts.common import ADMINISTRATION
from proxy.reports.texts.year import TEXTS
from proxy.reports.volume import COUNTED, Volume
from proxy.retention import EventClass

ALARMS = (
    "canary-seen",
    "policy-rejected",
    "list-rejected",
    "log-repaired",
    "witness-refused",
    "clock-jump",
)
_REFUSALS = ("request-refused", "answer-refused", "connection-denied")


def year(facts: Facts, language: str) -> Document:
    """The summary."""
    say = Speaker(language, TEXTS)
    sections = [_protection(say, facts)]
    if facts.tally.events:
        sections += [
            _services(say, facts),
            _refusals(say, facts),
            _trackers(say, facts),
            _upkeep(say, facts),
        ]
    sections.append(Section(say("remarks"), (Blank(say("remarks"), say("remarks.hint")),)))
    return Document(
        "year",
        language,
        say("title", site=facts.policy.site.name, period=_period(say, facts)),
        say("about"),
        tuple(sections),
        wording.source(say, facts),
        figures(facts),
    )


def figures(facts: Facts) -> dict[str, object]:
    """The numbers."""
    tally = facts.tally
    return {
        "since": tally.since,
        "until": tally.until,
        "events": tally.events,
        "known_by_totals": tally.deleted,
        "volumes": {
            name: Volume.of(tally, name).figures() for name in tally.by("service", COUNTED)
        },
        "types": {name: one.events for name, one in tally.by("type").items()},
        "identifiers": dict(sorted(tally.total("request-pseudonymised").kinds.items())),
        "refusals": dict(sorted(_reasons(facts).items())),
        "trackers": {
            name: one.events for name, one in tally.by("category", "tracker-blocked").items()
        },
        "months": {
            month: {type: one.events for type, one in tally.by("type", month=month).items()}
            for month in tally.months()
        },
    }


def _period(say: Speaker, facts: Facts) -> str:
    since, until = facts.tally.since, facts.tally.until
    if since and until:
        return say("between", first=say.day(since), last=say.day(until))
    if since:
        return say("from", first=say.day(since))
    return say("until", last=say.day(until)) if until else say("everything")


def _protection(say: Speaker, facts: Facts) -> Section:
    retention, tally = facts.policy.site.audit_retention, facts.tally
    gaps = say(
        "gaps",
        months=retention.of(EventClass.TRAFFIC),
        blocking=retention.of(EventClass.BLOCKING),
        administration=retention.of(EventClass.ADMINISTRATION),
        deleted=tally.deleted,
        events=tally.events,
    )
    blocks: list[Block] = [Note(gaps)]
    if not tally.events:
        blocks.append(Text(say("nothing")))
        return Section(say("protection"), tuple(blocks))
    rows = []
    for name in TYPES:
        if class_of(name) in (EventClass.TRAFFIC, EventClass.BLOCKING):
            amount = tally.total(name)
            rows.append((wording.event_type(say, name), amount.events, amount.things))
    columns = (say("protection.type"), say("events"), say("things"))
    blocks.append(Table(say("protection.caption"), columns, tuple(rows)))
    by_month = tally.by("month", "request-pseudonymised")
    if by_month:
        bars = tuple(
            (say.month(m), by_month[m].events if m in by_month else 0) for m in tally.months()
        )
        blocks.append(Chart(say("protection.chart"), say("month"), say("requests"), bars))
    kinds = tally.total("request-pseudonymised").kinds
    if kinds:
        named = tuple(sorted((say.kind(kind), number) for kind, number in kinds.items()))
        blocks.append(Chart(say("kinds.caption"), say("kind"), say("identifiers"), named))
    blocks += _groups(say, facts)
    return Section(say("protection"), tuple(blocks))


def _groups(say: Speaker, facts: Facts) -> list[Block]:
    found = facts.tally.by("group", "request-pseudonymised")
    rows = tuple((say(f"groups.{name or 'guest'}"), one.events) for name, one in found.items())
    if not rows:
        return []
    return [Table(say("groups.caption"), (say("groups.group"), say("requests")), rows)]


def _services(say: Speaker, facts: Facts) -> Section:
    tally = facts.tally
    names = [name for name in tally.by("service") if name]
    volumes = {name: Volume.of(tally, name) for name in names}
    rows = tuple(
        (
            wording.service_name(say, facts, name),
            tally.total("request-pseudonymised", service=name).events,
            tally.total("field-minimised", service=name).things,
            sum(tally.total(type, service=name).events for type in _REFUSALS),
            tally.total("connection-tunnelled", service=name).events,
            tally.total("tracker-blocked", service=name).events,
            say.size(volumes[name].sent),
            say.size(volumes[name].received),
        )
        for name in names
    )
    counts = ("pseudonymised", "minimised", "refused", "unread", "blocked")
    keys = ("service", *counts, "sent", "received")
    table = Table(say("services.caption"), tuple(map(say, keys)), rows)
    return Section(say("services"), (table,))


def _reasons(facts: Facts) -> Counter[str]:
    found: Counter[str] = Counter()
    for type in _REFUSALS:
        for reason, amount in facts.tally.by("reason", type).items():
            found[reason] += amount.events
    return found


def _refusals(say: Speaker, facts: Facts) -> Section:
    rows = tuple(
        (wording.reason(say, reason), number)
        for reason, number in sorted(_reasons(facts).items(), key=lambda one: (-one[1], one[0]))
    )
    if not rows:
        return Section(say("refusals"), (Text(say("refusals.none")),))
    table = Table(say("refusals.caption"), (say("reason"), say("count")), rows)
    return Section(say("refusals"), (table,))


def _trackers(say: Speaker, facts: Facts) -> Section:
    tally = facts.tally
    by_month = tally.by("month", "tracker-blocked")
    if not by_month:
        return Section(say("trackers"), (Text(say("trackers.none")),))
    bars = tuple((say.month(m), by_month[m].events if m in by_month else 0) for m in tally.months())
    categories = tuple(
        (name or "—", one.events) for name, one in tally.by("category", "tracker-blocked").items()
    )
    return Section(
        say("trackers"),
        (
            Chart(say("trackers.chart"), say("month"), say("requests"), bars),
            Chart(say("trackers.caption"), say("trackers.category"), say("requests"), categories),
        ),
    )


def _upkeep(say: Speaker, facts: Facts) -> Section:
    tally = facts.tally
    found = {name: one.events for name, one in tally.by("type").items()}
    rows = tuple(
        (wording.event_type(say, name), found[name]) for name in ADMINISTRATION if name in found
    )
    blocks: list[Block] = []
    if rows:
        columns = (say("protection.type"), say("count"))
        blocks.append(Table(say("upkeep.caption"), columns, rows))
    alarms = tuple((wording.event_type(say, name), found[name]) for name in ALARMS if name in found)
    if alarms:
        blocks.append(Note(say("upkeep.alarms")))
        columns = (say("events"), say("count"))
        blocks.append(Table(say("upkeep.alarms.caption"), columns, alarms))
    return Section(say("upkeep"), tuple(blocks))
