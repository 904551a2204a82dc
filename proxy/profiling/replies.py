"""The success that a format's client waits for, as a reply.

Only for what programs read. What a browser would show or run (an image, a script, a page), a
preflight and a WebSocket get the answer by type that every blocked request gets.
"""

from __future__ import annotations

from proxy.blocking.across_sites import readable_by
from proxy.blocking.facts import RequestType
from proxy.decisions import Headers, Reply
from proxy.profiling.formats import Format

_PROGRAMS = frozenset((RequestType.XMLHTTPREQUEST, RequestType.PING, RequestType.OTHER))


def success(format: Format, method: str, headers: Headers, kind: RequestType) -> Reply | None:
    """The reply; ``None`` where the answer by type fits better."""
    if kind not in _PROGRAMS or method in ("OPTIONS", "HEAD"):
        return None
    status, content_type, body = format.success
    if format.name == "xapi" and method == "PUT":
        status, content_type, body = 204, b"", b""
    fields = [(b"Content-Type", content_type), (b"Content-Length", b"%d" % len(body))]
    origin = next((value for name, value in headers if name.lower() == b"origin"), b"")
    fields += readable_by(origin)
    always = ((b"Vary", b"Origin"), (b"Cache-Control", b"no-store"))
    return Reply(status, (*(fields if body else fields[2:]), *always), body)
