"""What is known of a person, gathered for a report: values, pseudonyms, services, choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from proxy.directory.bearers import POINTING
from proxy.kinds import Kind
from proxy.policy.model import Treatment
from proxy.rights import consents, objections, sightings
from proxy.rights.consents import Consent
from proxy.rights.objections import Since
from proxy.rights.people import Held, Subject

if TYPE_CHECKING:
    from proxy.rights.desk import Desk

_SHAPES = {Kind.EMAIL: "email", Kind.FULL_NAME: "name", Kind.UUID: "uuid"}
"""Beside the text form, the shape that a field of this kind is usually given."""
_EPOCH = date(1970, 1, 1)


class Seen(NamedTuple):
    """That a service was sent a value, as its pseudonym."""

    kind: Kind
    first: date
    last: date
    times: int
    shared: bool
    """Others bear the value too: it may have been meant for them."""


@dataclass(frozen=True, slots=True)
class ServiceKnown:
    """A service, what it would see for the person, and what it was sent."""

    name: str
    title: str
    supplier: str
    country: str
    purpose: str
    retention: str
    treatment: Treatment
    objected: bool
    pseudonyms: tuple[tuple[Kind, str, str], ...] = field(repr=False)
    """Kind, shape and pseudonym, of values that point at the person."""
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Everything. The ``repr`` names nobody."""

    site: str
    contact: str
    made: date
    subject: Subject
    held: tuple[Held, ...] = field(repr=False)
    services: tuple[ServiceKnown, ...]
    objections: Since
    consent: Consent | None


def known_of(desk: Desk, subject: Subject, held: list[Held]) -> Known:
    """Gather it. Makes no pseudonym that the store would have to keep."""
    written = sightings.of(desk.store, desk.sealer, [value.ref for value in held])
    refused = objections.of(desk.store, desk.sealer, subject.ref)
    services = []
    for name, service in sorted(desk.policy.services.items()):
        inspected = service.treatment is Treatment.INSPECT
        seen = [
            _seen(value, found) for value in held if (found := written.get(value.ref, {}).get(name))
        ]
        services.append(
            ServiceKnown(
                name,
                service.title,
                service.supplier.name,
                service.supplier.country,
                service.purpose,
                service.retention,
                service.treatment,
                name in refused or objections.EVERY_SERVICE in refused,
                tuple(_pseudonyms(desk, name, held)) if inspected else (),
                tuple(seen),
            )
        )
    site = desk.site
    contact = " ".join(filter(None, (site.contact.name, site.contact.address)))
    return Known(
        site.name,
        contact,
        date.today(),
        subject,
        tuple(held),
        tuple(services),
        refused,
        consents.of(desk.store, desk.sealer, subject.ref),
    )


def _pseudonyms(desk: Desk, service: str, held: list[Held]) -> list[tuple[Kind, str, str]]:
    made = desk.pseudonymiser(service)
    found: dict[str, tuple[Kind, str, str]] = {}
    for value in held:
        if value.kind in POINTING:
            for shape in filter(None, (_SHAPES.get(value.kind), "text")):
                pseudonym = made.pseudonym(value.kind, value.shown, shape, value.ref)
                found.setdefault(pseudonym, (value.kind, shape, pseudonym))
    return list(found.values())


def _seen(value: Held, found: sightings.Sighting) -> Seen:
    days = (_EPOCH + timedelta(days=day) for day in found[:2])
    first, last = days
    return Seen(value.kind, first, last, found.times, value.bearers != 1)
