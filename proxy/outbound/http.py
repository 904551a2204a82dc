"""One HTTP request and its bounded answer: no redirect, no cookie, no proxy, no retry."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from proxy.outbound.places import Outage, Place, tls_context

_SECONDS = 20.0
_MOST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.status < 300


def request(
    method: str,
    place: Place,
    path: str = "",
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most: int = _MOST,
    seconds: float = _SECONDS,
) -> Reply:
    """Ask ``place`` + ``path``. Raises ``Outage`` when there is no answer, or too long a one."""
    parts = urlsplit(place.url + path)
    connection = _connection(place, parts.scheme, parts.hostname or "", parts.port, seconds)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        answer = response.read(most + 1)
        if len(answer) > most:
            raise Outage("the answer is too long")
        return Reply(response.status, answer)
    except ssl.SSLCertVerificationError as error:
        raise Outage(f"its certificate does not hold: {error.verify_message}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Outage(f"no answer ({type(error).__name__})") from None
    finally:
        connection.close()


def _connection(
    place: Place, scheme: str, host: str, port: int | None, seconds: float
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=seconds)
    context = tls_context(place.ca, place.certificate)
    return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
