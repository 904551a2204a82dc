"""Transfers outside the EU: where to, on what basis, in what form, how much."""

from __future__ import annotations

from proxy.policy.model import Treatment
from proxy.policy.service_schema import TransferBasis
from proxy.reports import wording
from proxy.reports.document import Blank, Block, Cell, Chart, Document, Note, Section, Table, Text
from proxy.reports.facts import Facts, ServiceFacts
from proxy.reports.speaker import Speaker
from proxy.reports.tally import Tally
from proxy.reports.texts.transfers import TEXTS
from proxy.reports.volume import COUNTED
from proxy.retention import EventClass

SIZES = ("sent", "received")
AMOUNTS = ("pseudonymised", "identifiers", "opaque", "unread", *SIZES)
_DECIDED = (TransferBasis.ADEQUACY.value, TransferBasis.DATA_PRIVACY_FRAMEWORK.value)

type Amounts = dict[str, int]


def transfers(facts: Facts, language: str) -> Document:
    """The report."""
    say = Speaker(language, TEXTS)
    abroad = [one for one in facts.services if one.abroad and one.treatment is not Treatment.DENY]
    monthly = {one.name: by_month(facts.tally, one.name) for one in abroad}
    totals = {name: _sum(list(months.values())) for name, months in monthly.items()}
    sections = [Section(say("short"), (Text(say("none")),))]
    if abroad:
        sections = [
            _by_country(say, abroad, totals),
            _by_service(say, abroad),
            _amounts(say, facts, abroad, monthly),
            _open(say, abroad),
        ]
    site = facts.policy.site.name
    return Document(
        "transfers",
        language,
        say("title", site=site),
        say("about"),
        tuple(sections),
        wording.source(say, facts),
        {"services": [_row(one, totals[one.name], monthly[one.name]) for one in abroad]},
    )


def by_month(tally: Tally, service: str) -> dict[str, Amounts]:
    """What the log counts for a service, month by month."""
    replaced = tally.by("month", "request-pseudonymised", service=service)
    opaque = tally.by("month", "opaque-allowed", service=service)
    unread = tally.by("month", "connection-tunnelled", service=service)
    volume = tally.by("month", COUNTED, service=service)
    found = {}
    for month in sorted({*replaced, *opaque, *unread, *volume}):
        amount = replaced.get(month)
        found[month] = {
            "pseudonymised": amount.events if amount else 0,
            "identifiers": amount.things if amount else 0,
            "opaque": opaque[month].events if month in opaque else 0,
            "unread": unread[month].events if month in unread else 0,
            "sent": volume[month].sent if month in volume else 0,
            "received": volume[month].received if month in volume else 0,
        }
    return found


def _cells(say: Speaker, row: Amounts) -> list[Cell]:
    return [say.size(row[name]) if name in SIZES else row[name] for name in AMOUNTS]


def _sum(rows: list[Amounts]) -> Amounts:
    return {name: sum(row[name] for row in rows) for name in AMOUNTS}


def _row(one: ServiceFacts, total: Amounts, months: dict[str, Amounts]) -> dict[str, object]:
    transfer = one.written.supplier.transfer
    return {
        "service": one.name,
        "supplier": one.written.supplier.name,
        "countries": list(one.abroad),
        "basis": one.basis,
        "evidence": transfer.evidence if transfer else "",
        "treatment": one.treatment.value,
        "unread_hosts": list(one.unread_hosts),
        "total": total,
        "months": months,
    }


def _by_country(say: Speaker, abroad: list[ServiceFacts], totals: dict[str, Amounts]) -> Section:
    countries = sorted({code for one in abroad for code in one.abroad}, key=say.country)
    rows: list[tuple[Cell, ...]] = []
    for code in countries:
        there = [one for one in abroad if code in one.abroad]
        amount = _sum([totals[one.name] for one in there])
        titles = ", ".join(one.written.title for one in there)
        rows.append((say.country(code), titles, *_cells(say, amount)))
    columns = (say("country"), say("services"), *map(say, AMOUNTS))
    table = Table(say("by-country.caption"), columns, tuple(rows))
    return Section(say("by-country"), (table, Text(say("by-country.note"))))


def _by_service(say: Speaker, abroad: list[ServiceFacts]) -> Section:
    rows = tuple(
        (
            one.written.title,
            one.written.supplier.name,
            say.countries(one.abroad),
            say(f"basis.{one.basis}"),
            _evidence(say, one),
            _form(say, one),
        )
        for one in abroad
    )
    columns = tuple(map(say, ("service", "supplier", "country", "basis", "evidence", "form")))
    return Section(say("by-service"), (Table(say("by-service.caption"), columns, rows),))


def _evidence(say: Speaker, one: ServiceFacts) -> str:
    transfer = one.written.supplier.transfer
    return (transfer.evidence.strip() if transfer else "") or say("not-said")


def _form(say: Speaker, one: ServiceFacts) -> str:
    if one.is_read and one.unread_hosts:
        return say("form.mixed", hosts=say.listed(one.unread_hosts))
    return say(f"form.{one.treatment.value}")


def _amounts(
    say: Speaker,
    facts: Facts,
    abroad: list[ServiceFacts],
    monthly: dict[str, dict[str, Amounts]],
) -> Section:
    retention = facts.policy.site.audit_retention
    expired = say(
        "expired",
        months=retention.of(EventClass.TRAFFIC),
        blocking=retention.of(EventClass.BLOCKING),
    )
    blocks: list[Block] = [Note(say("limits")), Text(expired)]
    bars = tuple(
        (
            say.month(month),
            sum(
                row["pseudonymised"] + row["opaque"] + row["unread"]
                for months in monthly.values()
                if (row := months.get(month))
            ),
        )
        for month in facts.tally.months()
    )
    if any(number for _, number in bars):
        blocks.append(Chart(say("amounts.chart"), say("month"), say("both"), bars))
    else:
        blocks.append(Text(say("amounts.none")))
    for one in abroad:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (say.month(month), *_cells(say, row)) for month, row in monthly[one.name].items()
        )
        if rows:
            caption = say("amounts.caption", title=one.written.title)
            blocks.append(Table(caption, (say("month"), *map(say, AMOUNTS)), rows))
    return Section(say("amounts"), tuple(blocks))


def _open(say: Speaker, abroad: list[ServiceFacts]) -> Section:
    blocks: list[Block] = [
        Blank(
            say("open.one", title=one.written.title, countries=say.countries(one.abroad)),
            say("open.hint"),
        )
        for one in abroad
        if one.basis_is_open
    ]
    if any(one.basis not in _DECIDED for one in abroad):
        blocks.append(Blank(say("open.measures")))
    blocks.append(Text(say("open.framework")))
    return Section(say("open"), tuple(blocks))
