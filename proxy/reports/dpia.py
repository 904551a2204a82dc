"""An annex to a data protection impact assessment, in the order of the CNIL's PIA method."""

from __future__ import annotations

from proxy.policy.model import Action, OnUnreadable, Treatment
from proxy.policy.service_schema import Adhesion
from proxy.reports import wording
from proxy.reports.document import Blank, Block, Bullets, Document, Pairs, Section, Table, Text
from proxy.reports.facts import Facts, ServiceFacts
from proxy.reports.record import in_words
from proxy.reports.speaker import Speaker
from proxy.reports.texts.dpia import TEXTS
from proxy.reports.year import ALARMS, figures

_SEEN = ("request-refused", "answer-refused", "opaque-allowed", "connection-tunnelled")
_RISKS = ("illegitimate", "change", "loss")


def dpia(facts: Facts, language: str) -> Document:
    """The annex."""
    say = Speaker(language, TEXTS)
    allowed = [one for one in facts.services if one.treatment is not Treatment.DENY]
    sections = (
        Section(say("1"), (), (_overview(say, allowed), _data(say, allowed))),
        Section(say("2"), (), (_necessity(say, facts, allowed), _rights(say, allowed))),
        Section(say("3"), (), (_measures(say, facts, allowed), _risks(say, facts, allowed))),
        _validation(say, allowed),
    )
    return Document(
        "dpia",
        language,
        say("title", site=facts.policy.site.name),
        say("about"),
        sections,
        wording.source(say, facts),
        {**figures(facts), "open": open_points(allowed)},
    )


def open_points(allowed: list[ServiceFacts]) -> list[dict[str, str]]:
    """What the policy itself leaves open, by service."""
    return [{"service": one.name, "point": point} for one in allowed for point in _open(one)]


def _open(one: ServiceFacts) -> list[str]:
    written = one.written
    found = {
        "charter": written.charter.adhered is not Adhesion.YES,
        "transfer": one.basis_is_open,
        "retention": not written.retention.strip(),
        "opaque": one.is_read and written.opaque is OnUnreadable.ALLOW,
        "unread": not one.is_read or bool(one.unread_hosts),
    }
    return [point for point, is_open in found.items() if is_open]


def _overview(say: Speaker, allowed: list[ServiceFacts]) -> Section:
    purposes = tuple(
        say("pair", term=one.written.title, text=one.written.purpose) for one in allowed
    )
    return Section(
        say("1.1"),
        (
            Pairs(((say("1.1.what"), say("1.1.what-text")),)),
            Text(say("1.1.purposes")),
            Bullets(purposes),
            Blank(say("1.1.stakes")),
            Blank(say("1.1.who")),
            Blank(say("1.1.rules")),
        ),
    )


def _data(say: Speaker, allowed: list[ServiceFacts]) -> Section:
    rows = tuple(
        (
            one.written.title,
            one.written.supplier.name,
            in_words(say, one),
            one.written.retention.strip() or say("not-said"),
        )
        for one in allowed
    )
    columns = (say("service"), say("supplier"), say("1.2.data"), say("1.2.retention"))
    return Section(
        say("1.2"),
        (
            Table(say("1.2.caption"), columns, rows),
            Pairs(((say("1.2.process"), say("1.2.process-text")),)),
            Blank(say("1.2.assets")),
        ),
    )


def _necessity(say: Speaker, facts: Facts, allowed: list[ServiceFacts]) -> Section:
    tally = facts.tally
    minimised = tuple(
        (one.written.title, say.kind(kind), number)
        for one in allowed
        for kind, number in sorted(tally.total("field-minimised", service=one.name).kinds.items())
    )
    blocks: list[Block] = [Blank(say("2.1.basis")), Text(say("2.1.minimise"))]
    if minimised:
        columns = (say("service"), say("kind"), say("count"))
        blocks.append(Table(say("2.1.minimise.caption"), columns, minimised))
    else:
        blocks.append(Text(say("2.1.minimise.none")))
    clear = tuple(
        say("pair", term=one.written.title, text=say.kind(treated.kind.value))
        for one in allowed
        if one.is_read
        for treated in one.treated()
        if treated.action is Action.ALLOW
    )
    blocks += [Text(say("2.1.clear")), Bullets(clear or (say("none"),))]
    blocks += [Blank(say("2.1.quality")), Blank(say("2.1.retention"))]
    return Section(say("2.1"), tuple(blocks))


def _rights(say: Speaker, allowed: list[ServiceFacts]) -> Section:
    rights = tuple(
        (say(f"2.2.{name}"), say(f"2.2.{name}-text"))
        for name in ("inform", "access", "erase", "object")
    )
    charter = tuple(
        (one.written.title, wording.charter(say, one), wording.transfer(say, one))
        for one in allowed
    )
    charter_columns = (say("service"), say("charter"), say("transfer"))
    return Section(
        say("2.2"),
        (
            Table(say("2.2.caption"), (say("2.2.right"), say("2.2.measure")), rights),
            Blank(say("2.2.consent")),
            Blank(say("2.2.processors")),
            Table(say("2.2.charter.caption"), charter_columns, charter),
        ),
    )


def _measures(say: Speaker, facts: Facts, allowed: list[ServiceFacts]) -> Section:
    opaque = [
        one.written.title
        for one in allowed
        if one.is_read and one.written.opaque is OnUnreadable.ALLOW
    ]
    items = say(
        "3.1.items",
        opaque=say.listed(opaque) or say("none"),
        unknown=say(f"3.1.{facts.policy.site.unknown_service.value}"),
    )
    return Section(say("3.1"), (Bullets(tuple(items.split("\n"))), Blank(say("3.1.organisation"))))


def _risks(say: Speaker, facts: Facts, allowed: list[ServiceFacts]) -> Section:
    unread = say.listed(one.written.title for one in allowed if not one.is_read) or say("none")
    opaque = facts.tally.total("opaque-allowed").events
    parts = [
        Section(
            say(f"3.2.{risk}"),
            (
                Text(say(f"3.2.{risk}-text", unread=unread, opaque=opaque)),
                Blank(say("3.2.impact", risk=say(f"3.2.{risk}"))),
            ),
        )
        for risk in _RISKS
    ]
    found = {name: one.events for name, one in facts.tally.by("type").items()}
    rows = tuple(
        (wording.event_type(say, name), found[name]) for name in (*_SEEN, *ALARMS) if name in found
    )
    if rows:
        table = Table(say("3.2.seen.caption"), (say("events"), say("count")), rows)
        parts.append(Section(say("3.2.seen"), (table,)))
    return Section(say("3.2"), (), tuple(parts))


def _validation(say: Speaker, allowed: list[ServiceFacts]) -> Section:
    points = tuple(
        say(
            f"4.open.{point}",
            title=one.written.title,
            countries=say.countries(one.abroad),
        )
        for one in allowed
        for point in _open(one)
    )
    return Section(
        say("4"),
        (
            Text(say("4.open")),
            Bullets(points or (say("none"),)),
            Blank(say("4.plan")),
            Blank(say("4.officer")),
            Blank(say("4.persons")),
            Blank(say("4.decision")),
        ),
    )
