"""Is this request what it seems? One host, agreed by everybody; no character that two parsers
could read in two ways (RFC 9110 § 5.5, RFC 9112 § 3.2, RFC 9113 § 8.3.1).

mitmproxy forwards duplicate and mismatching ``Host`` fields, bare CR, NUL and obs-fold as they
come; an origin or a cache behind us could then see another request than the one we checked.
"""

from __future__ import annotations

import re

from proxy.decisions import Headers
from proxy.engine.exchange import Head
from proxy.errors import Refused
from proxy.reasons import Reason

_BAD_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_IN_TARGET = re.compile(r"[^\x21-\x7e]")
_FORBIDDEN_METHODS = {"CONNECT", "TRACE"}
_ONCE = {b"host", b"content-type", b"content-length", b"transfer-encoding"}
"""Fields that say where a message goes, or how it is read: two could be read in two ways."""


def check(head: Head) -> None:
    """Raise ``Refused`` unless the head is canonical and meant for the host of its connection."""
    if head.odd:
        raise Refused(Reason.MALFORMED_REQUEST, "head")
    once: dict[bytes, bytes] = {}
    for name, value in head.headers:
        if not _TOKEN.fullmatch(name) or _BAD_IN_VALUE.search(value):
            raise Refused(Reason.MALFORMED_REQUEST, "header")
        lower = name.lower()
        if lower in _ONCE:
            if lower in once:
                raise Refused(Reason.MALFORMED_REQUEST, f"two {lower.decode()} fields")
            once[lower] = value
    if once.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        # No codec undoes another transfer coding: the body would travel unread.
        raise Refused(Reason.MALFORMED_REQUEST, "transfer-encoding")
    _check_line(head)
    named = [once[b"host"]] if b"host" in once else []
    if head.authority:
        named.append(head.authority.encode("utf-8", "replace"))
    if not named:
        raise Refused(Reason.MALFORMED_REQUEST, "no Host field")
    if head.host != head.gate_host or any(not _names(name, head) for name in named):
        raise Refused(Reason.HOST_MISMATCH)


def check_answer(head: Head, status: int, headers: Headers) -> None:
    """Raise ``Refused`` unless an answer's head can be read in one way only, by anybody."""
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or _BAD_IN_VALUE.search(value):
            raise Refused(Reason.MALFORMED_ANSWER, "header")
    if not 100 <= status <= 999:
        raise Refused(Reason.MALFORMED_ANSWER, "status")
    if status == 101 and head.header(b"upgrade").strip().lower() != "websocket":
        raise Refused(Reason.MALFORMED_ANSWER, "a switch that nobody asked for")


def _check_line(head: Head) -> None:
    method, target = head.method, head.target
    token = method.isascii() and _TOKEN.fullmatch(method.encode("ascii"))
    if not token or method in _FORBIDDEN_METHODS:
        raise Refused(Reason.MALFORMED_REQUEST, "method")
    asterisk = target == "*" and method == "OPTIONS"
    if _BAD_IN_TARGET.search(target) or not (target.startswith("/") or asterisk):
        raise Refused(Reason.MALFORMED_REQUEST, "target")


def _names(authority: bytes, head: Head) -> bool:
    """Whether a Host field (or its like) names the connection's host and port."""
    text = authority.decode("latin-1").lower()
    name, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdigit()):
        name, port = text, "443" if head.scheme == "https" else "80"
    return name.removesuffix(".") == head.host and int(port[:6]) == head.port
