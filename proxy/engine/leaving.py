"""What leaves for a service: a request's target, fields and body, rewritten for one exchange.

Every function may raise ``Refused``; the engine makes a refusal of that, and of any error.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from proxy.content import seals
from proxy.content.body import Rewritten, rewrite_body
from proxy.content.data import BodyFields
from proxy.content.headers import rewrite_headers
from proxy.content.limits import Limits
from proxy.content.target import rewrite_target
from proxy.decisions import Forward, Headers, Stream
from proxy.engine import filtering, partial, passing, record, transport, watching
from proxy.engine.exchange import Exchange
from proxy.engine.protect import ProtectVisitor
from proxy.engine.restore import place
from proxy.engine.sub_requests import SubRequests
from proxy.errors import Refused
from proxy.kinds import Kind
from proxy.marks import mark_of
from proxy.policy.model import OnUnreadable
from proxy.reasons import Reason


def whole(exchange: Exchange, body: bytes) -> Forward:
    """One reading; a second one if values of its fields stand elsewhere in it too."""
    visitor = _protector(exchange)
    upload = partial.upload_of(exchange.head, len(body))
    if body and upload is partial.Upload.PART:
        _unread(exchange, "part", picture=False)
    before = len(exchange.events)
    forward, written = _written(exchange, visitor, body, upload)
    again = visitor.again()
    if again is not None:
        exchange.hits.clear()
        del exchange.events[before:]
        forward, written = _written(exchange, again, body, upload)
    if written is not None:
        _unread(exchange, written.opaque, written.picture)
    return forward


def _written(
    exchange: Exchange,
    visitor: ProtectVisitor,
    body: bytes,
    upload: partial.Upload,
) -> tuple[Forward, Rewritten | None]:
    head, endpoint = exchange.head, exchange.endpoint
    limits = _limits(exchange)
    target, headers, named = _protect_head(exchange, visitor, limits)
    if not body:
        if _breaks_seal(exchange, target, named, b"", False):
            return Forward(filtering.leaving(exchange, head.headers), None, head.target), None
        return Forward(headers, None, target), None
    fields = BodyFields.of(endpoint, SubRequests(exchange))
    written = rewrite_body(body, head.headers, visitor, fields, limits, "request")
    if _breaks_seal(exchange, target, named, body, written.changed):
        return Forward(filtering.leaving(exchange, head.headers), body, head.target), written
    if not written.changed:
        return Forward(headers, body, target), written
    if upload is partial.Upload.PART:
        raise Refused(Reason.PARTIAL_CONTENT, "a part of an upload holds an identifier")
    headers = transport.with_body(headers, written)
    if upload is partial.Upload.WHOLE:
        headers = partial.resized(headers, len(written.body))
    return Forward(headers, written.body, target), written


def _protect_head(
    exchange: Exchange, visitor: ProtectVisitor, limits: Limits
) -> tuple[str, Headers, bool]:
    """Target and header fields as they may leave; whether a field named somebody."""
    target = _target(exchange, visitor, limits)
    fields = exchange.endpoint.header_fields
    headers = rewrite_headers(
        exchange.head.headers,
        fields,
        visitor,
        "request",
        limits=limits,
        inside=exchange.endpoint.inside,
    )
    named = headers is not exchange.head.headers
    headers = filtering.leaving(exchange, headers)
    if partial.asked(exchange.head) and not partial.may_ask_range(exchange.head):
        headers = partial.without_range(headers)
    return target, headers, named


def passing_by(exchange: Exchange, begins: bytes) -> Stream:
    """A request whose body ``begins`` so and is too long to be read whole."""
    visitor = _protector(exchange)
    limits = _limits(exchange)
    target, headers, named = _protect_head(exchange, visitor, limits)
    if _breaks_seal(exchange, target, named, begins, True):
        # A body that passes could not be taken back once it changed: as it came, or not.
        return Stream(
            filtering.leaving(exchange, exchange.head.headers),
            lambda chunk: [chunk] if chunk else [],
            exchange.head.target,
            (begins,),
        )
    length = exchange.head.header(b"content-length")
    upload = partial.upload_of(exchange.head, int(length) if length.isdigit() else None)
    unread = _unread_once(exchange)
    if upload is not partial.Upload.PLAIN:  # nor could positions be told beforehand
        transform = passing.part(exchange, visitor, limits, unread)
        first = tuple(transform(begins))
        return Stream(headers, transform, target, first)
    transform = passing.request(exchange, visitor, limits, unread)
    first = tuple(transform(begins))
    return Stream(transport.without_length(headers, coded=True), transform, target, first)


def _unread_once(exchange: Exchange) -> Callable[[str | None, bool], None]:
    """What a body that passes asks about content it cannot read: one event tells of it."""
    told: set[tuple[bool, bool]] = set()

    def unread(opaque: str | None, picture: bool) -> None:
        kind = (opaque is not None, picture)
        if kind not in told:
            told.add(kind)
            _unread(exchange, opaque, picture)

    return unread


def _breaks_seal(exchange: Exchange, target: str, named: bool, body: bytes, changed: bool) -> bool:
    """Whether a signature covers what was rewritten: refused, or sent as it came and told."""
    head = exchange.head
    parts = seals.Covered.BODY if changed else seals.Covered.NOTHING
    if target != head.target:
        parts |= seals.Covered.TARGET
    if named:
        parts |= seals.Covered.HEADERS
    if not parts or not parts & seals.covered(head.headers, head.target, body):
        return False
    if exchange.service.signed is OnUnreadable.REFUSE:
        raise Refused(Reason.SIGNED_CONTENT, "a signature covers what would be rewritten")
    exchange.hits.clear()
    exchange.events.append(record.opaque_allowed(exchange, Reason.SIGNED_CONTENT))
    return True


def _target(exchange: Exchange, visitor: ProtectVisitor, limits: Limits) -> str:
    target, snapshot = exchange.head.target, exchange.snapshot
    mark = mark_of(target, exchange.service.name, exchange.endpoint.template)
    if mark in snapshot.plain_targets and not visitor.knows_more:
        visitor.passed(unquote(target))
        return target
    written = rewrite_target(target, exchange.endpoint, visitor, limits)
    if written is target and not exchange.hits:
        snapshot.plain_targets.remember(mark)
    return written


def message(exchange: Exchange, headers: Headers, content: bytes) -> bytes:
    """A message of a WebSocket, on its way to the service."""
    limits, endpoint = _limits(exchange), exchange.endpoint
    fields = BodyFields(endpoint.inside, endpoint.form_fields, endpoint.inside)
    protector = _protector(exchange)
    written = rewrite_body(content, headers, protector, fields, limits, "request")
    again = protector.again()
    if again is not None:
        exchange.hits.clear()
        written = rewrite_body(content, headers, again, fields, limits, "request")
    _unread(exchange, written.opaque, written.picture)
    return written.body


def _protector(exchange: Exchange) -> ProtectVisitor:
    snapshot = exchange.snapshot
    watch = watching.watch_of(exchange)
    pseudonymiser = snapshot.pseudonymiser(exchange.service.name).at(
        place(exchange.client), watch.met if watch else None
    )
    school = exchange.client.school
    births = exchange.service.fields.get(Kind.BIRTH_DATE)
    return ProtectVisitor(snapshot.index, pseudonymiser, exchange.hits, school, watch, births)


def _unread(exchange: Exchange, opaque: str | None, picture: bool) -> None:
    """Apply the service's policy to what a request shows that no text search can read."""
    service = exchange.service
    if picture:
        watching.picture(exchange)
    if opaque and service.opaque is OnUnreadable.REFUSE:
        raise Refused(Reason.OPAQUE_CONTENT, opaque)
    if opaque or picture:
        exchange.events.append(record.opaque_allowed(exchange))


def _limits(exchange: Exchange) -> Limits:
    return exchange.snapshot.limits(exchange.service.signed is OnUnreadable.ALLOW)
