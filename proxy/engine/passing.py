"""Bodies too long to be read whole, set up to be rewritten as they pass."""

from __future__ import annotations

from collections.abc import Callable

from proxy.content.data import BodyFields
from proxy.content.limits import Limits
from proxy.content.streaming import (
    DocumentStream,
    EventStream,
    Opaque,
    Passage,
    StreamRewriter,
)
from proxy.content.visitor import Visitor
from proxy.decisions import Buffer, Headers
from proxy.engine.exchange import Exchange
from proxy.engine.sub_requests import SubRequests
from proxy.errors import Refused
from proxy.pseudonyms.traces import absent
from proxy.site import Limits as SiteLimits

BEGINNING = 512 << 10
"""What is read of a body that says it is long before it is decided how it passes: enough for
every reader to know its format."""


def request(
    exchange: Exchange, visitor: Visitor, limits: Limits, unread: Callable[[str | None, bool], None]
) -> StreamRewriter:
    """What rewrites a request's body."""
    endpoint, headers = exchange.endpoint, exchange.head.headers
    declared = _value(headers, b"content-type")
    fields = BodyFields.of(endpoint, SubRequests(exchange))
    passage = Passage(visitor, limits, False, unread, declared, fields)
    return StreamRewriter(passage, _value(headers, b"content-encoding"))


def part(
    exchange: Exchange, visitor: Visitor, limits: Limits, unread: Callable[[str | None, bool], None]
) -> StreamRewriter:
    """What lets a part of an upload pass unchanged, if policy does and no identifier is in it."""
    passage = Passage(
        visitor, limits, False, unread, _value(exchange.head.headers, b"content-type")
    )
    return StreamRewriter(passage, "", make=lambda passage: Opaque(passage, "part"))


def answer(headers: Headers, visitor: Visitor, limits: Limits) -> StreamRewriter:
    """What restores an answer's body."""
    declared = _value(headers, b"content-type")
    passage = Passage(visitor, limits, True, _passes, declared, absent=absent)
    return StreamRewriter(passage, _value(headers, b"content-encoding"))


def at_once(
    headers: Headers, visitor: Visitor, limits: Limits, *, events: bool
) -> StreamRewriter | None:
    """What restores events, or lines, as they come; ``None`` for a coding that is not ours."""
    passage = Passage(visitor, limits, True, _passes, _value(headers, b"content-type"))
    make = EventStream if events else DocumentStream
    try:
        return StreamRewriter(passage, _value(headers, b"content-encoding"), make=make, pack=False)
    except Refused:
        return None


def _passes(opaque: str | None, picture: bool) -> None:
    """What cannot be read in an answer holds none of our pseudonyms."""


def _value(headers: Headers, name: bytes) -> str:
    """All lines of a field as one list."""
    return ", ".join(value.decode("latin-1") for key, value in headers if key.lower() == name)


def buffer(limits: SiteLimits, length: str) -> Buffer:
    """How much is read before it is decided how a body of this declared length passes."""
    beyond = limits.streamed > limits.body
    long = beyond and length.isdigit() and int(length) > limits.body
    return Buffer(min(limits.body, BEGINNING) if long else limits.body, beyond)
