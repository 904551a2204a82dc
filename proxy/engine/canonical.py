"""Is this request what it seems? One host, agreed by everybody; no character that two parsers
could read in two ways (RFC 9110 § 5.5, RFC 9112 § 3.2, RFC 9113 § 8.3.1).

mitmproxy forwards duplicate and mismatching ``Host`` fields, bare CR, NUL and obs-fold as they
come; an origin or a cache behind us could then see another request than the one we checked.
"""

from __future__ import annotations

import re

from proxy.engine.exchange import Head
from proxy.errors import Refused
from proxy.reasons import Reason

_BAD_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_IN_TARGET = re.compile(r"[\x00-\x20\x7f]")
_FORBIDDEN_METHODS = {"CONNECT", "TRACE"}


def check(head: Head) -> None:
    """Raise ``Refused`` unless the head is canonical and meant for the host of its connection."""
    hosts = []
    for name, value in head.headers:
        if not _TOKEN.fullmatch(name) or _BAD_IN_VALUE.search(value):
            raise Refused(Reason.MALFORMED_REQUEST, "header")
        if name.lower() == b"host":
            hosts.append(value)
    if len(hosts) > 1:
        raise Refused(Reason.MALFORMED_REQUEST, "two Host fields")
    if head.method in _FORBIDDEN_METHODS or not _TOKEN.fullmatch(head.method.encode("latin-1")):
        raise Refused(Reason.MALFORMED_REQUEST, "method")
    if _BAD_IN_TARGET.search(head.target) or not head.target.startswith(("/", "*")):
        raise Refused(Reason.MALFORMED_REQUEST, "target")
    if head.host != head.gate_host or any(_name(host) != head.host for host in hosts):
        raise Refused(Reason.HOST_MISMATCH)


def _name(host: bytes) -> str:
    """The host name of a Host field, without its port."""
    text = host.decode("latin-1").strip().lower()
    name, colon, port = text.rpartition(":")
    return (name if colon and port.isdigit() else text).rstrip(".")
