"""The record of processing activities (GDPR, Art. 30): a sheet a service, one for ourselves."""

from __future__ import annotations

from proxy.policy.model import Action, OnUnreadable, Treatment
from proxy.reports import wording
from proxy.reports.document import Blank, Block, Document, Pairs, Section, Table, Text
from proxy.reports.facts import Facts, ServiceFacts
from proxy.reports.speaker import Speaker
from proxy.reports.texts.record import TEXTS
from proxy.reports.volume import Volume
from proxy.retention import EventClass

_IN_CLEAR = (Action.ALLOW, Action.SEARCH)
OWN = "R0"


def record(facts: Facts, language: str) -> Document:
    """The sheets."""
    say = Speaker(language, TEXTS)
    allowed = [one for one in facts.services if one.treatment is not Treatment.DENY]
    numbered = [(f"R{number}", one) for number, one in enumerate(allowed, start=1)]
    sections = [_who(say, facts), _list(say, facts, numbered), _own(say, facts)]
    sections += [
        _sheet(say, reference, one, Volume.of(facts.tally, one.name)) for reference, one in numbered
    ]
    return Document(
        "record",
        language,
        say("title", site=facts.policy.site.name),
        say("about"),
        tuple(sections),
        wording.source(say, facts),
        {
            "activities": [
                {"reference": OWN, "service": "", "treatment": ""},
                *(
                    {"reference": reference, "service": one.name, "treatment": one.treatment.value}
                    for reference, one in numbered
                ),
            ]
        },
    )


def contact(facts: Facts) -> str:
    """Whom the policy names."""
    written = facts.policy.site.contact
    return " — ".join(text for text in (written.name, written.address) if text)


def in_words(say: Speaker, one: ServiceFacts) -> str:
    """The kinds of data that a service is sent, and in what form."""
    if not one.is_read:
        return say("data.unread")
    found = one.treated()
    clear = dict.fromkeys(t.kind.value for t in found if t.action in _IN_CLEAR)
    refused = (Action.DROP, Action.REFUSE, *_IN_CLEAR)
    treated = dict.fromkeys(t.kind.value for t in found if t.action not in refused)
    return say(
        "data.read",
        treated=say.kinds(treated) or say("none"),
        clear=say.kinds(clear) or say("none"),
    )


def _who(say: Speaker, facts: Facts) -> Section:
    blocks: list[Block] = [
        Blank(say("who.controller"), say("who.controller-hint")),
        Blank(say("who.joint")),
        Blank(say("who.officer")),
    ]
    if named := contact(facts):
        blocks.append(Pairs(((say("who.contact"), named),)))
    return Section(say("who"), tuple(blocks))


def _list(say: Speaker, facts: Facts, numbered: list[tuple[str, ServiceFacts]]) -> Section:
    rows = (
        (OWN, say("own")),
        *((reference, one.written.title) for reference, one in numbered),
    )
    columns = (say("list.reference"), say("list.activity"))
    blocks: list[Block] = [Table(say("list.caption"), columns, rows)]
    denied = [one.written.title for one in facts.services if one.treatment is Treatment.DENY]
    if denied:
        blocks.append(Text(say("list.deny", names=say.listed(denied))))
    return Section(say("list"), tuple(blocks))


def _own(say: Speaker, facts: Facts) -> Section:
    site = facts.policy.site
    retention = say(
        "own.retention",
        **{kind.value: site.audit_retention.of(kind) for kind in EventClass},
        vault=site.vault_retention_months,
    )
    pairs = Pairs(
        (
            (say("purpose"), say("own.purpose")),
            (say("persons"), say("own.persons")),
            (say("term.data"), say("own.data")),
            (say("recipients"), say("own.recipients")),
            (say("term.retention"), retention),
            (say("term.transfer"), say("own.transfer")),
            (say("security"), say("own.security")),
        )
    )
    blanks = (
        Blank(say("basis", title=say("own"))),
        Blank(say("own.blank")),
        Blank(say("own.retention-directory")),
    )
    return Section(say("sheet", reference=OWN, title=say("own")), (pairs, *blanks))


def _sheet(say: Speaker, reference: str, one: ServiceFacts, volume: Volume) -> Section:
    written = one.written
    supplier = written.supplier.name
    security = say("security.read" if one.is_read else "security.unread")
    if one.is_read and written.opaque is OnUnreadable.ALLOW:
        security += say("security.opaque")
    country = say.country(written.supplier.country)
    pairs = [
        (say("purpose"), written.purpose),
        (say("persons"), say("persons.all")),
        (say("data"), in_words(say, one)),
        (say("special.term"), say("special")),
        (say("recipients"), say("based", name=supplier, country=country)),
        (say("retention"), written.retention.strip() or say("not-said")),
        (say("transfer"), wording.transfer(say, one)),
        (say("volume.term"), volume.words(say)),
        (say("security"), security),
    ]
    if written.charter.evidence.strip():
        evidence = written.charter.evidence.strip()
        pairs.append((say("charter"), say("contract.known", evidence=evidence)))
    blanks = (
        Blank(say("basis", title=written.title)),
        Blank(say("contract", supplier=supplier)),
        Blank(say("recipients.blank", supplier=supplier)),
    )
    title = say("sheet", reference=reference, title=written.title)
    return Section(title, (Pairs(tuple(pairs)), *blanks))
