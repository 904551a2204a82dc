"""Between mitmproxy's messages and the engine's values."""

from __future__ import annotations

from mitmproxy import http

from proxy.decisions import Reply
from proxy.engine import Head


def head_of(request: http.Request, gate_host: str) -> Head:
    """The head of a request as the engine reads it."""
    return Head(
        method=request.method,
        scheme=request.scheme,
        host=request.host.rstrip(".").lower(),
        port=request.port,
        target=request.path,
        headers=request.headers.fields,
        gate_host=gate_host,
    )


def to_response(reply: Reply) -> http.Response:
    """A reply of the engine as mitmproxy sends it."""
    return http.Response(
        b"HTTP/1.1", reply.status, b"", http.Headers(reply.headers), reply.body, None, 0.0, 0.0
    )
