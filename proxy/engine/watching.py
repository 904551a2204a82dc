"""A request's watch: made on first use, asked about pictures, heard when the request is decided."""

from __future__ import annotations

from proxy.audit.events import Event
from proxy.engine import record
from proxy.engine.exchange import Exchange
from proxy.errors import Refused
from proxy.policy.model import Photos
from proxy.reasons import Reason
from proxy.rights.watch import Watch


def watch_of(exchange: Exchange) -> Watch | None:
    """The exchange's watch; ``None`` where there are no rights to keep (``preau explain``)."""
    snapshot, service = exchange.snapshot, exchange.service
    if exchange.watch is None and snapshot.rights is not None:
        consent = service.photos is Photos.WITH_CONSENT
        exchange.watch = snapshot.rights.watch(
            snapshot.index, service.name, exchange.client.school, consent=consent
        )
    return exchange.watch


def picture(exchange: Exchange) -> None:
    """A request shows a picture: raise ``Refused`` unless the service's policy lets it pass."""
    photos = exchange.service.photos
    if photos is Photos.REFUSE:
        raise Refused(Reason.PHOTO_REFUSED, "a picture")
    if photos is Photos.WITH_CONSENT:
        if exchange.watch is None:
            raise Refused(Reason.PHOTO_WITHOUT_CONSENT, "a picture of nobody named")
        exchange.watch.picture()


def told(exchange: Exchange) -> list[Event]:
    """What the request's watch and its reading have to say; values that are sent are counted."""
    events = exchange.take_events() + record.alarms(exchange)
    rights, watch = exchange.snapshot.rights, exchange.watch
    if rights is not None and watch is not None:
        rights.sent(exchange.service.name, watch.take_refs())
    return events
