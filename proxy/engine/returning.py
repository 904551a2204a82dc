"""What comes back from a service: an answer's head and body, restored for one viewer.

Every function may raise ``Refused``; the engine makes a refusal of that, and of any error.
"""

from __future__ import annotations

from proxy.content.body import rewrite_body
from proxy.content.data import NO_FIELDS
from proxy.content.headers import rewrite_headers
from proxy.decisions import Buffer, Forward, Headers, Stream
from proxy.engine import canonical, filtering, partial, passing, transport, watching
from proxy.engine.exchange import Exchange, first_value
from proxy.engine.restore import RestoreVisitor, scope
from proxy.errors import Refused
from proxy.reasons import Reason


def passing_by(exchange: Exchange, headers: Headers, begins: bytes) -> Stream:
    """An answer whose body ``begins`` so and is too long to be read whole."""
    visitor = _restorer(exchange)
    restored = _answer_headers(exchange, visitor, headers)
    transform = passing.answer(headers, visitor, exchange.snapshot.limits(True))
    first = tuple(transform(begins))
    return Stream(transport.without_length(restored, coded=True), transform, first=first)


def head(exchange: Exchange, status: int, headers: Headers) -> Buffer | Stream | Forward:
    """How to read the answer: whole, as a stream, or only its head."""
    asked = exchange.head
    canonical.check_answer(asked, status, headers)
    filtering.refuse_names(exchange, headers)
    reading = transport.reading(status, asked.method, headers)
    if reading is transport.Reading.WHOLE:  # ``restore`` rewrites the headers too
        return passing.buffer(
            exchange.snapshot.policy.site.limits, first_value(headers, b"content-length")
        )
    visitor = _restorer(exchange)
    if status == 206 and not (partial.asked(asked) and partial.may_ask_range(asked)):
        raise Refused(Reason.PARTIAL_CONTENT, "a part that was not asked for")
    restored = _answer_headers(exchange, visitor, headers)
    if reading is transport.Reading.HEAD:
        return Forward(transport.as_head(restored), None)
    if reading in (transport.Reading.EVENTS, transport.Reading.LINES):
        events = reading is transport.Reading.EVENTS
        limits = exchange.snapshot.limits(True)
        transform = passing.at_once(headers, visitor, limits, events=events)
        if transform is not None:
            return Stream(transport.without_length(restored), transform)
    return Forward(restored, None)


def whole(exchange: Exchange, headers: Headers, body: bytes) -> Forward:
    """A whole answer."""
    visitor = _restorer(exchange)
    restored = _answer_headers(exchange, visitor, headers)
    if not body:
        return Forward(restored, None)
    limits = exchange.snapshot.limits(True)
    written = rewrite_body(body, headers, visitor, NO_FIELDS, limits, "answer")
    written = filtering.names(exchange, headers, written)
    restored = transport.without_ranges(restored)
    if not written.changed:
        return Forward(restored, body)
    return Forward(transport.with_body(restored, written), written.body)


def message(exchange: Exchange, headers: Headers, content: bytes) -> bytes:
    """A message of a WebSocket, on its way to the client."""
    limits = exchange.snapshot.limits(True)
    return rewrite_body(content, headers, _restorer(exchange), NO_FIELDS, limits, "answer").body


def _answer_headers(exchange: Exchange, visitor: RestoreVisitor, headers: Headers) -> Headers:
    restored = rewrite_headers(
        headers,
        exchange.endpoint.header_fields,
        visitor,
        "answer",
        limits=exchange.snapshot.limits(True),
    )
    return filtering.answer(exchange, restored)


def _restorer(exchange: Exchange) -> RestoreVisitor:
    snapshot = exchange.snapshot
    watch = watching.watch_of(exchange)
    seen = scope(snapshot.index, exchange.client, snapshot.policy.site.restore_scope, watch)
    pseudonymiser = snapshot.pseudonymiser(exchange.service.name)
    return RestoreVisitor(pseudonymiser, exchange.restored, seen, watch, escapes=exchange.escapes)
