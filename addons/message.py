"""Between mitmproxy's messages and the engine's values."""

from __future__ import annotations

from mitmproxy import http

from proxy.decisions import Reply
from proxy.engine import Head
from proxy.policy.hosts import normal_host


def head_of(request: http.Request, gate_host: str, scheme: str = "") -> Head:
    """The head of a request as the engine reads it; ``scheme`` if not what the request says."""
    return Head(
        method=request.method,
        scheme=scheme or request.scheme,
        host=normal_host(request.host),
        port=request.port,
        target=request.path,
        headers=request.headers.fields,
        gate_host=gate_host,
        authority=request.authority,
        odd=getattr(request, "is_odd", False),
    )


def instead(flow: http.HTTPFlow, reply: Reply) -> None:
    """Send ``reply`` instead of the service's answer, of which only the head has come.

    Used in ``responseheaders``, where mitmproxy would put the service's body into a response
    that is set there: this one is streamed, so that the body is thrown away as it comes.
    """
    response = to_response(reply)
    body = b"" if flow.request.method == "HEAD" else reply.body
    response.headers["connection"] = "close"
    left = [body] if body else []

    def page(_chunk: bytes) -> list[bytes]:
        pieces, left[:] = left[:], []
        return pieces

    response.stream = page
    flow.response = response


def to_response(reply: Reply) -> http.Response:
    """A reply of the engine as mitmproxy sends it."""
    return http.Response(
        b"HTTP/1.1", reply.status, b"", http.Headers(reply.headers), reply.body, None, 0.0, 0.0
    )
