"""For families: which services, what leaves in what form, why, how long, where, how to object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from proxy.policy.model import Treatment
from proxy.policy.service_schema import TellingFields
from proxy.reports import wording
from proxy.reports.document import (
    Blank,
    Block,
    Chart,
    Document,
    Note,
    Pairs,
    Section,
    Table,
    Text,
)
from proxy.reports.facts import Facts, ServiceFacts
from proxy.reports.speaker import Speaker
from proxy.reports.texts.families import TEXTS
from proxy.reports.volume import Volume
from proxy.retention import EventClass


def families(facts: Facts, language: str) -> Document:
    """The information page."""
    say = Speaker(language, TEXTS)
    groups = wording.by_treatment(facts.services)
    sections = [_short(say, facts, groups)]
    shown = [one for one in facts.services if one.treatment is not Treatment.DENY]
    parts = tuple(Section(one.written.title, tuple(_service(say, facts, one))) for one in shown)
    if parts:
        sections.append(Section(say("services"), (), parts))
    if denied := groups[Treatment.DENY]:
        sections.append(_denied(say, denied))
    sections += [_unread(say, facts), _trackers(say, facts), _log(say, facts), _rights(say, facts)]
    site = facts.policy.site.name
    return Document(
        "families",
        language,
        say("title", site=site),
        say("about"),
        tuple(sections),
        wording.source(say, facts),
        {"services": [_row(facts, one) for one in facts.services]},
    )


def _short(say: Speaker, facts: Facts, groups: dict[Treatment, list[ServiceFacts]]) -> Section:
    rows = tuple(
        (say(f"short.{key}"), len(groups[treatment]))
        for key, treatment in (
            ("read", Treatment.INSPECT),
            ("unread", Treatment.TUNNEL),
            ("denied", Treatment.DENY),
        )
    )
    counts = Table(say("short.counts"), (say("treatment"), say("count")), rows)
    blocks: list[Block] = [Text(say("short.what")), counts]
    if not groups[Treatment.INSPECT] and not groups[Treatment.TUNNEL]:
        blocks.append(Text(say("short.none")))
    replaced = facts.tally.by("service", "request-pseudonymised")
    if replaced:
        bars = tuple(
            (wording.service_name(say, facts, name), amount.things)
            for name, amount in replaced.items()
        )
        blocks.append(Chart(say("chart"), say("service"), say("identifiers"), bars))
    return Section(say("short"), tuple(blocks))


def _service(say: Speaker, facts: Facts, one: ServiceFacts) -> Iterator[Block]:
    yield wording.identity(say, one)
    if not one.is_read:
        yield Note(say("unread.note"))
    else:
        if one.unread_hosts:
            yield Note(say("partly.note", hosts=say.listed(one.unread_hosts)))
        yield _data(say, one)
    if facts.has_log:
        yield Pairs(((say("amounts"), "; ".join(_amounts(say, facts, one))),))


def _data(say: Speaker, one: ServiceFacts) -> Table:
    """What leaves in what form: by the rules, then what holds everywhere."""
    written, none = one.written, ""
    rows: list[tuple[str, ...]] = [
        (say.kind(treated.kind.value), wording.form(say, treated), " · ".join(treated.whys))
        for treated in one.treated()
    ]
    if written.telling_names is TellingFields.TREAT:
        rows.append((say("data.telling"), say("do.pseudonymise"), none))
    photos = (written.photos or written.opaque).value
    rows += [
        (say("data.known"), say("do.pseudonymise"), none),
        (say("data.photos"), say(f"data.photos-{photos}"), none),
        (say("data.signed"), say(f"data.opaque-{written.signed.value}"), none),
        (say("data.opaque"), say(f"data.opaque-{written.opaque.value}"), none),
        (say("data.rest"), say("data.rest-form"), none),
    ]
    columns = (say("kind"), say("data.form"), say("data.why"))
    return Table(say("data.caption", title=written.title), columns, tuple(rows))


def _amounts(say: Speaker, facts: Facts, one: ServiceFacts) -> list[str]:
    row = _row(facts, one)
    volume = Volume.of(facts.tally, one.name)
    told = [say("volume.told", words=volume.words(say))] if volume.times else []
    if one.is_read:
        told.append(
            say(
                "amounts.read",
                requests=row["requests_pseudonymised"],
                identifiers=row["identifiers_replaced"],
                minimised=row["data_minimised"],
                refused=row["requests_refused"],
            )
        )
        if row["opaque_allowed"]:
            told.append(say("amounts.opaque", number=row["opaque_allowed"]))
    if not one.is_read or one.unread_hosts:
        told.append(say("amounts.unread", connections=row["connections_unread"]))
    return told


def _row(facts: Facts, one: ServiceFacts) -> dict[str, object]:
    """The figures of a service."""
    total, written = facts.tally.total, one.written
    pseudonymised = total("request-pseudonymised", service=one.name)
    return {
        "service": one.name,
        "supplier": written.supplier.name,
        "treatment": one.treatment.value,
        "unread_hosts": list(one.unread_hosts),
        "jurisdictions": list(written.supplier.jurisdictions),
        "outside_eu": list(one.abroad),
        "transfer_basis": one.basis if one.abroad else "",
        "charter": written.charter.adhered.value,
        "retention": written.retention,
        "data": [
            {"kind": t.kind.value, "action": t.action.value, "to": t.to, "rules": t.places}
            for t in one.treated()
        ]
        if one.is_read
        else [],
        "requests_pseudonymised": pseudonymised.events,
        "identifiers_replaced": pseudonymised.things,
        "data_minimised": total("field-minimised", service=one.name).things,
        "requests_refused": total("request-refused", service=one.name).events,
        "opaque_allowed": total("opaque-allowed", service=one.name).events,
        "connections_unread": total("connection-tunnelled", service=one.name).events,
        "volume": Volume.of(facts.tally, one.name).figures(),
    }


def _denied(say: Speaker, denied: list[ServiceFacts]) -> Section:
    rows = tuple(
        (one.written.title, one.written.supplier.name, wording.treatment(say, one))
        for one in denied
    )
    columns = (say("service"), say("supplier"), say("treatment"))
    return Section(say("denied"), (Table(say("denied.caption"), columns, rows),))


def _unread(say: Speaker, facts: Facts) -> Section:
    lists = Counter(ref.file for _, ref in facts.policy.never_inspect)
    blocks: list[Block] = [Text(say("unread.why"))]
    if lists:
        columns = (say("unread.list"), say("count"))
        blocks.append(Table(say("unread.caption"), columns, tuple(sorted(lists.items()))))
        blocks.append(Text(", ".join(sorted(host for host, _ in facts.policy.never_inspect))))
    if facts.has_log:
        number = facts.tally.total("connection-tunnelled").events
        blocks.append(Text(say("unread.connections", number=number)))
    unknown = facts.policy.site.unknown_service.value
    blocks.append(Text(say(f"unread.unknown-{unknown}")))
    blocks.append(Note(say("unread.limits")))
    return Section(say("unread"), tuple(blocks))


def _trackers(say: Speaker, facts: Facts) -> Section:
    blocked = facts.tally.by("category", "tracker-blocked")
    if not blocked:
        return Section(say("trackers"), (Text(say("trackers.none")),))
    bars = tuple((name or "—", amount.events) for name, amount in blocked.items())
    chart = Chart(say("trackers.caption"), say("trackers.category"), say("requests"), bars)
    return Section(say("trackers"), (chart,))


def _log(say: Speaker, facts: Facts) -> Section:
    site = facts.policy.site
    rows = tuple((say(f"log.{kind.value}"), site.audit_retention.of(kind)) for kind in EventClass)
    return Section(
        say("log"),
        (
            Text(say("log.what")),
            Table(say("log.caption"), (say("log.class"), say("log.months")), rows),
            Text(say("log.vault", months=site.vault_retention_months)),
        ),
    )


def _rights(say: Speaker, facts: Facts) -> Section:
    contact = facts.policy.site.contact
    whom = " — ".join(text for text in (contact.name, contact.address) if text)
    reach: Block = Pairs(((say("rights.contact"), whom),))
    if not contact.address:
        reach = Blank(say("rights.no-contact"), contact.name)
    return Section(
        say("rights"),
        (
            Text(say("rights.what")),
            reach,
            Text(say("rights.complaint")),
            Blank(say("rights.basis"), say("rights.basis-hint")),
        ),
    )
