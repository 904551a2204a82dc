"""The report on a supplier: what its services attempted or asked for without need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from proxy.audit import fit
from proxy.errors import InputError
from proxy.policy.problems import did_you_mean
from proxy.reports import wording
from proxy.reports.claims import Claim
from proxy.reports.document import Blank, Block, Cell, Document, Note, Pairs, Section, Table, Text
from proxy.reports.facts import Facts, ServiceFacts, suppliers
from proxy.reports.speaker import Speaker
from proxy.reports.texts.supplier import TEXTS
from proxy.reports.volume import Volume

SHOWN = 200
"""Rows of a table; the JSON has them all."""

_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "tracking",
        ("tracker-blocked", "profiling-blocked", "profiling-observed", "parameters-stripped"),
    ),
    ("minimised", ("field-minimised",)),
    ("refused", ("request-refused", "answer-refused", "connection-denied", "photo-refused")),
    ("other", ("opaque-allowed", "canary-seen")),
)


def find(facts: Facts, name: str) -> tuple[str, list[ServiceFacts]]:
    """A supplier by name, by its short form, or by the name of one of its services."""
    found = suppliers(facts.services)
    one = facts.service(name)
    for supplier, services in found.items():
        if name.casefold() == supplier.casefold() or fit("supplier", supplier) == name:
            return supplier, services
        if one is not None and one in services:
            return supplier, services
    raise InputError(f"no supplier {name}, {did_you_mean(name, found)}")


def supplier(facts: Facts, claims: Sequence[Claim], name: str, language: str) -> Document:
    """The report; ``claims`` come from ``claims.collect`` for the supplier's services."""
    say = Speaker(language, TEXTS)
    title, services = find(facts, name)
    volume = Volume.of_all(facts.tally, (one.name for one in services))
    sections = [_who(say, services, volume)]
    for key, types in _SECTIONS:
        chosen = [claim for claim in claims if claim.words.type in types]
        if chosen or key != "other":
            sections.append(_section(say, facts, key, chosen))
    sections += [
        Section(say("check"), (Text(say("check.text")),)),
        Section(say("answer"), (Blank(say("answer"), say("answer.hint")),)),
    ]
    return Document(
        "supplier",
        language,
        say("title", supplier=title, site=facts.policy.site.name),
        say("about"),
        tuple(sections),
        wording.source(say, facts),
        {
            "supplier": title,
            "services": [one.name for one in services],
            "volume": volume.figures(),
            "claims": [claim.as_dict() for claim in claims],
        },
    )


def _who(say: Speaker, services: Sequence[ServiceFacts], volume: Volume) -> Section:
    rows = tuple(
        (
            one.written.title,
            one.written.purpose,
            wording.charter(say, one),
            wording.treatment(say, one),
        )
        for one in services
    )
    columns = tuple(map(say, ("service", "purpose", "charter", "treatment")))
    amount = Pairs(((say("volume.term"), volume.words(say)),))
    return Section(say("who"), (Table(say("who.caption"), columns, rows), amount))


type Told = Callable[[Claim], str]


def _section(say: Speaker, facts: Facts, key: str, claims: Sequence[Claim]) -> Section:
    if not claims:
        return Section(say(key), (Text(say(f"{key}.none")),))
    own = _columns(say, facts)[key]
    columns = (
        say("what"),
        *(title for title, _ in own),
        *map(say, ("events", "first", "last", "examples")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            wording.event_type(say, claim.words.type),
            *(told(claim) for _, told in own),
            claim.events,
            say.day(claim.first),
            say.day(claim.last),
            ", ".join(map(str, claim.examples)),
        )
        for claim in claims[:SHOWN]
    )
    blocks: list[Block] = [Table(say(f"{key}.caption"), columns, rows)]
    if len(claims) > SHOWN:
        blocks.append(Text(say("more", count=len(claims) - SHOWN)))
    if key in ("tracking", "refused"):
        blocks.append(Note(say(f"{key}.limits")))
    return Section(say(key), tuple(blocks))


def _columns(say: Speaker, facts: Facts) -> dict[str, list[tuple[str, Told]]]:
    """What each section tells of a claim, besides how often and when."""

    def service(claim: Claim) -> str:
        return wording.service_name(say, facts, claim.words.service)

    def entry(claim: Claim) -> str:
        return f"{claim.words.method} {claim.words.endpoint}".strip() or "—"

    def category(claim: Claim) -> str:
        return " / ".join(filter(None, (claim.words.list, claim.words.category))) or "—"

    def asked(claim: Claim) -> str:
        return say.listed(
            f"{say.kind(kind)} × {say.number(number)}"
            for kind, number in sorted(claim.kinds.items())
        )

    def rule(claim: Claim) -> str:
        return claim.words.rule or "—"

    def reason(claim: Claim) -> str:
        return wording.reason(say, claim.words.reason) if claim.words.reason else "—"

    def done(claim: Claim) -> str:
        return say(f"do.{claim.words.action}")

    whose = (say("service"), service)
    return {
        "tracking": [whose, (say("category"), category), (say("rule"), rule)],
        "minimised": [
            whose,
            (say("endpoint"), entry),
            (say("asked"), asked),
            (say("done"), done),
        ],
        "refused": [whose, (say("reason"), reason), (say("rule"), rule)],
        "other": [whose, (say("endpoint"), entry), (say("reason"), reason)],
    }
