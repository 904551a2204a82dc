"""Sentences about a service that several reports say alike, and where a report comes from."""

from __future__ import annotations

from collections.abc import Iterable

from proxy.policy.model import Treatment
from proxy.policy.service_schema import Adhesion
from proxy.reasons import Reason
from proxy.reports.document import Pairs
from proxy.reports.facts import Facts, ServiceFacts, Treated, denied_by_charter
from proxy.reports.speaker import Speaker
from proxy.reports.texts.common import ADMINISTRATION, COMMON


def treatment(say: Speaker, one: ServiceFacts) -> str:
    """Protected, unread, denied."""
    if denied_by_charter(one):
        return say("treat.charter")
    if one.is_read and one.unread_hosts:
        return say("treat.mixed", hosts=say.listed(one.unread_hosts))
    return say(f"treat.{one.treatment.value}")


def charter(say: Speaker, one: ServiceFacts) -> str:
    """The state of the adhesion."""
    written = one.written.charter
    if written.adhered is Adhesion.YES and written.since:
        return say("charter.yes-since", since=say.day(written.since.isoformat()))
    return say(f"charter.{written.adhered.value}")


def transfer(say: Speaker, one: ServiceFacts) -> str:
    """Where to outside the EEA, and on what basis."""
    if not one.abroad:
        return say("transfer.none")
    basis = say(f"basis.{one.basis}")
    return say("transfer.to", countries=say.countries(one.abroad), basis=basis)


def form(say: Speaker, treated: Treated) -> str:
    """In what form a kind of data leaves."""
    return say(f"do.{treated.action.value}{'.' if treated.to else ''}{treated.to}")


def identity(say: Speaker, one: ServiceFacts) -> Pairs:
    """What everybody should know of a service."""
    written = one.written
    where = say.countries(written.supplier.jurisdictions)
    note = f" — {written.supplier.note.strip()}" if written.supplier.note.strip() else ""
    country = say.country(written.supplier.country)
    return Pairs(
        (
            (say("purpose"), written.purpose),
            (say("supplier"), say("based", name=written.supplier.name, country=country)),
            (say("where"), f"{where}{note}"),
            (say("transfer"), transfer(say, one)),
            (say("retention"), written.retention.strip() or say("not-said")),
            (say("charter"), charter(say, one)),
            (say("treatment"), treatment(say, one)),
            (say("hosts"), ", ".join(written.hosts)),
        )
    )


def service_name(say: Speaker, facts: Facts, name: str) -> str:
    """The title of the service that events call ``name``."""
    if not name:
        return say("no-service")
    one = facts.service(name)
    return one.written.title if one else say("removed-service", name=name)


def source(say: Speaker, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Where a report comes from: what anybody needs to check it."""
    pairs = [
        (say("src.site"), facts.policy.site.name),
        (say("src.policy"), facts.policy.digest),
    ]
    if not facts.has_log:
        return (*pairs, (say("src.log"), say("src.no-log")))
    tally, checkpoint = facts.tally, facts.checkpoint
    period = say("src.no-events")
    if tally.events:
        period = say("src.from-to", first=say.day(tally.first), last=say.day(tally.last))
    pairs += [(say("src.period"), period), (say("src.events"), say.number(tally.events))]
    if checkpoint is not None:
        sealed = say("src.sealed", size=checkpoint.size, root=checkpoint.root.hex())
        pairs += [(say("src.log"), checkpoint.origin), (say("src.checkpoint"), sealed)]
    return tuple(pairs)


def by_treatment(services: Iterable[ServiceFacts]) -> dict[Treatment, list[ServiceFacts]]:
    """Services by what happens to them in fact."""
    found: dict[Treatment, list[ServiceFacts]] = {one: [] for one in Treatment}
    for one in services:
        found[one.treatment].append(one)
    return found


def event_type(say: Speaker, name: str) -> str:
    """What people call a type of event."""
    if name in ADMINISTRATION:
        return say.pick(ADMINISTRATION[name])
    return say(f"type.{name}") if f"type.{name}" in COMMON else name


def reason(say: Speaker, value: str) -> str:
    """The sentence of a reason; its own word when this version does not know it."""
    try:
        known = Reason(value)
    except ValueError:
        return value
    return say.pick((known.fr, known.en))
