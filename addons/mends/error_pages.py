"""The error pages that mitmproxy writes by itself are ours, and say nothing of the request.

Defect: they carry ``Server: mitmproxy 12.2.3``, and a message that quotes header values,
request lines and addresses.

Mend: our plainest page, in French and English, with a reason of the closed list.

Tested on 12.2.3. Delete when mitmproxy lets an addon write them.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy.layers.http import _http1, _http2, _http3

from addons.mends.body_limit import OVERLOADED, TOO_LARGE
from addons.mends.late import LATE_ANSWER, LATE_REQUEST
from addons.mends.patching import replace
from addons.pages import HTML_HEADERS, minimal_page
from proxy.reasons import Reason

_REASONS = {
    400: Reason.MALFORMED_REQUEST,
    413: Reason.BODY_TOO_LARGE,
    431: Reason.HEADERS_TOO_LARGE,
    502: Reason.UPSTREAM_UNREACHABLE,
}


_OURS = {
    TOO_LARGE: Reason.BODY_TOO_LARGE,
    OVERLOADED: Reason.OVERLOADED,
    LATE_REQUEST: Reason.REQUEST_LATE,
    LATE_ANSWER: Reason.ANSWER_LATE,
}
_UNREADABLE = (
    "Cannot parse HTTP response",
    "HTTP/1 protocol error",
    "HTTP/2 protocol error",
    "Invalid HTTP/2 response headers",
    "Received ",
    "unexpected server response",
    "head too large",
    "too many informational answers",
)
"""How mitmproxy, or a mend, says that it could not read an answer."""


def reason_of(status: int, message: str) -> Reason:
    """The reason to show; ``message`` tells no more than which of ours it is."""
    if message in _OURS:
        return _OURS[message]
    if status == 502 and message.startswith(_UNREADABLE):
        return Reason.MALFORMED_ANSWER
    if status == 502 and message.startswith("Certificate verify failed"):
        return Reason.UPSTREAM_CERTIFICATE
    return _REASONS.get(status, Reason.ENGINE_ERROR)


def _format_error(status_code: int, message: str) -> bytes:
    return minimal_page(reason_of(status_code, message))


def _make_error_response(status_code: int, message: str = "") -> bytes:
    headers = (*HTML_HEADERS, (b"connection", b"close"))
    page = http.Response.make(status_code, _format_error(status_code, message), headers)
    return bytes(http1.assemble_response(page))


@cache
def apply() -> None:
    """Mend it."""
    replace(_http1, "make_error_response", _make_error_response)
    for module in (_http2, _http3):
        replace(module, "format_error", _format_error)
        replace(module, "version", SimpleNamespace(MITMPROXY="preau"))
