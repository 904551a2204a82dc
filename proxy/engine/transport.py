"""Header fields that the way through Préau itself changes, and how an answer's body is read."""

from __future__ import annotations

from enum import Enum

from proxy.content import digests
from proxy.content.body import Rewritten
from proxy.decisions import Headers

READABLE_CODINGS = {b"gzip", b"deflate", b"br", b"zstd", b"identity", b"*"}


class Reading(Enum):
    """How the body of an answer is read."""

    NOT = "not"
    HEAD = "head"
    """No body, but the fields of one that we would change."""
    WHOLE = "whole"
    EVENTS = "events"
    LINES = "lines"
    """Documents or texts that come a line at a time."""


_UNREAD_TYPES = (b"image/", b"video/", b"audio/", b"font/")
_LINES = {
    b"application/x-ndjson",
    b"application/ndjson",
    b"application/jsonl",
    b"application/x-jsonlines",
    b"application/stream+json",
}
_UNREAD = {
    b"application/octet-stream",
    b"application/zip",
    b"application/pdf",
    b"application/wasm",
    b"application/gzip",
}


def reading(status: int, method: str, headers: Headers) -> Reading:
    """Whole for anything that can hold text; binary media cannot hold our pseudonyms.

    An SVG image is text. A part of a file (206) keeps its pseudonyms: its byte positions
    belong to the service (``engine.partial``).
    """
    if status in (204, 206) or status < 200:
        return Reading.NOT
    kind = b""
    for name, value in headers:
        if name.lower() == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
    if kind in _UNREAD or (kind.startswith(_UNREAD_TYPES) and not kind.endswith(b"+xml")):
        return Reading.NOT
    if method == "HEAD" or status == 304:
        return Reading.HEAD
    if kind == b"text/event-stream":
        return Reading.EVENTS
    return Reading.LINES if _comes_in_lines(kind, headers) else Reading.WHOLE


def _comes_in_lines(kind: bytes, headers: Headers) -> bool:
    """Documents a line that are still being written, or a protocol of the AI SDK's own.

    What says its length is all there, and need not be read line by line.
    """
    names = [name.lower() for name, _ in headers]
    if b"content-length" in names:
        return False
    return kind in _LINES or any(name.startswith(b"x-vercel-ai-") for name in names)


def for_service(headers: Headers, signal: bool) -> Headers:
    """A request's fields as the service sees them.

    Only content codings that we can undo are offered; no proxy field of ours or of another
    leaves, nor one that is for this connection only (RFC 9110 § 7.6.1): of protocols to
    upgrade to, we read WebSocket. ``signal``: tell the refusal of tracking (``Sec-GPC: 1``, W3C
    Global Privacy Control), whatever the client says of it.
    """
    out = []
    websocket, nominated = _for_this_connection(headers)
    for field in headers:
        name = field[0].lower()
        if name in _OURS or name in nominated or (signal and name == b"sec-gpc"):
            continue
        if name == b"connection":
            field = (field[0], _connection(field[1], websocket))
            if not field[1]:
                continue
        if name == b"accept-encoding":
            field = (field[0], _codings(field[1]))
        out.append(field)
    if signal:
        out.append((b"Sec-GPC", b"1"))
    return tuple(out)


def _for_this_connection(headers: Headers) -> tuple[bool, set[bytes]]:
    """Whether a WebSocket is asked for, and the fields that go no further than here."""
    websocket = False
    named = {b"upgrade"}
    for name, value in headers:
        if len(name) == 7 and name.lower() == b"upgrade":
            websocket = value.strip().lower() == b"websocket"
        elif len(name) == 10 and name.lower() == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    named -= _NEVER_NOMINATED
    if websocket:
        named.discard(b"upgrade")
    return websocket, named


def _connection(value: bytes, websocket: bool) -> bytes:
    kept = {b"close", b"keep-alive"} | ({b"upgrade"} if websocket else set())
    tokens = (token.strip() for token in value.split(b","))
    return b", ".join(token for token in tokens if token.lower() in kept)


def without_length(headers: Headers, *, coded: bool = False) -> Headers:
    """Fields for a body whose length is not known beforehand, still ``coded`` as it was or not."""
    gone = (_OF_BODY - {b"content-encoding"} if coded else _OF_BODY) | {b"accept-ranges"}
    return tuple(field for field in headers if field[0].lower() not in gone)


def as_head(headers: Headers) -> Headers:
    """Fields of an answer without its body, which would have another length and digest."""
    gone = _OF_BODY - {b"content-encoding", b"transfer-encoding"} | {b"accept-ranges"}
    return tuple(field for field in headers if field[0].lower() not in gone)


def without_ranges(headers: Headers) -> Headers:
    """Fields of a body whose positions mean nothing to the service: no part may be asked for."""
    return tuple(field for field in headers if field[0].lower() != b"accept-ranges")


def with_body(headers: Headers, written: Rewritten) -> Headers:
    """Fields for a body that we changed: its new length and coding, digests of the new."""
    out = [field for field in headers if field[0].lower() not in _OF_BODY]
    out += digests.renewed(headers, written.body)
    if written.content_encoding:
        out.append((b"Content-Encoding", written.content_encoding))
    out.append((b"Content-Length", str(len(written.body)).encode()))
    return tuple(out)


_OURS = {
    b"proxy-connection",
    b"proxy-authorization",
    b"x-forwarded-for",
    b"forwarded",
    b"keep-alive",
    b"trailer",
}
_NEVER_NOMINATED = {
    b"close",
    b"keep-alive",
    b"host",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"transfer-encoding",
    b"authorization",
    b"cookie",
    b"cache-control",
}
"""What a message cannot do without: a client must not have us strip it (RFC 9110 § 7.6.1)."""

_OF_BODY = {b"content-length", b"content-encoding", b"transfer-encoding"} | digests.FIELDS


def _codings(value: bytes) -> bytes:
    kept = [
        part.strip()
        for part in value.split(b",")
        if part.partition(b";")[0].strip().lower() in READABLE_CODINGS
    ]
    return b", ".join(kept) or b"identity"
