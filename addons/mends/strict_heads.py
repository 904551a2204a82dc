"""What mitmproxy forgives in an HTTP/1 request's head is seen before it is forgiven.

Defect: a bare LF or CR CR LF for a line end, several spaces or tabs in the request line, vertical
tabs around a value, any version (``HTTP/2.0`` as text is then treated like HTTP/2), ``http://``
inside TLS: all are put right in silence, and whoever stands before us may have read them otherwise.

Mend: the bytes of each head are compared with the grammar (RFC 9112), and a request whose head
does not keep to it carries ``is_odd``, so that it is refused like any malformed one, with a
page. An answer of another version than HTTP/1.0 or 1.1 cannot be read, nor an HTTP/2 request
whose ``:scheme`` is not ``https``, nor an HTTP/2 answer whose ``:status`` is not three digits.

Tested on 12.2.3. Delete never: forgiving is right for a tool that looks at traffic.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy import events
from mitmproxy.proxy.layers.http import _http1, _http2

from addons.mends.patching import wrap

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(
    rb"(?:\r\n){0,4}"  # RFC 9112 section 2.2: empty lines before a request are ignored
    rb"%s [\x21-\x7e]+ HTTP/1\.[01]\r\n"
    rb"(?:%s:[\t\x20-\x7e\x80-\xff]*\r\n)*"
    rb"\r\n" % (_TOKEN, _TOKEN)
)
_STATUS = re.compile(rb"[2-9][0-9]{2}")
_OTHER_SCHEME = re.compile(rb"[\r\n]*\S+ (?!https://)[A-Za-z][A-Za-z0-9+.\-]*://", re.IGNORECASE)


class _Now:
    """Whether the head that is about to be parsed is odd: nothing runs in between."""

    is_odd = False


def is_odd(data: bytes | bytearray, tls: bool) -> bool:
    """Whether the head at the start of ``data`` is not as the grammar has it."""
    if _HEAD.match(data) is None:
        return True
    return tls and _OTHER_SCHEME.match(data) is not None


def _read_headers(original: Any) -> Callable[..., Any]:
    def read_headers(self: Any, event: Any) -> Any:
        if isinstance(event, events.DataReceived):
            _Now.is_odd = is_odd(self.buf._data, self.context.client.tls)
        yield from original(self, event)

    return read_headers


def _read_request_head(original: Any) -> Callable[..., Any]:
    def read_request_head(lines: list[bytes]) -> http.Request:
        request: Any = original(lines)
        request.is_odd = _Now.is_odd
        return request  # type: ignore[no-any-return]  # an attribute of ours on theirs

    return read_request_head


def _parse_h2(original: Any) -> Callable[..., Any]:
    def parse_h2_request_headers(headers: Any) -> Any:
        parsed = original(headers)
        if parsed[3] != b"https":  # we speak HTTP/2 in TLS only
            raise ValueError("scheme")
        return parsed

    return parse_h2_request_headers


def _parse_h2_answer(original: Any) -> Callable[..., Any]:
    def parse_h2_response_headers(headers: Any) -> Any:
        if not any(name == b":status" and _STATUS.fullmatch(value) for name, value in headers):
            raise ValueError("status")
        return original(headers)

    return parse_h2_response_headers


def _read_response_head(original: Any) -> Callable[..., Any]:
    def read_response_head(lines: list[bytes]) -> http.Response:
        response: http.Response = original(lines)
        if response.http_version not in ("HTTP/1.0", "HTTP/1.1"):
            raise ValueError("not HTTP/1")
        return response

    return read_response_head


@cache
def apply() -> None:
    """Mend it."""
    http.Request.is_odd = False  # type: ignore[attr-defined]  # HTTP/2's are not
    wrap(_http1.Http1Server, "read_headers", _read_headers)
    wrap(_http2, "parse_h2_request_headers", _parse_h2)
    wrap(_http2, "parse_h2_response_headers", _parse_h2_answer)
    wrap(http1, "read_request_head", _read_request_head)
    wrap(http1, "read_response_head", _read_response_head)
