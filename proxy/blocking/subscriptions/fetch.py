"""The way out for lists: HTTP(S) GET, conditional, bounded in size and time.

The one file of this room that opens sockets (a test of the house names it). Certificates are
always verified; a redirection never leads from HTTPS to HTTP, and only to HTTP(S) at all.
Nothing of the site goes along: no cookie, no referrer, no address of a person.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from proxy.errors import PreauError

_CHUNK = 256 * 1024
_AGENT = "preau/0.1 (filter lists)"


class FetchFailed(PreauError):
    """The list could not be had; the text says why and what to look at."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing
        """The server answered, and has no such file."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``body`` is ``None`` when nothing changed since last time (304)."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How to get out: through which proxy, trusting whom, within what time."""

    proxy: str = ""
    """``http://host:port``, ``direct``, or empty for the environment's."""
    authorities: Path | None = None
    """A PEM file of more authorities to trust."""
    stall: float = 30.0
    """Seconds without a byte."""
    deadline: float = 600.0
    """Seconds for the whole file."""


def fetch(url: str, way: Way, limit: int, etag: str = "", last_modified: str = "") -> Fetched:
    """GET ``url``; at most ``limit`` bytes. Raises ``FetchFailed``."""
    headers = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - scheme checked below
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchFailed("not an HTTP address")
    ends = time.monotonic() + way.deadline
    try:
        with _opener(way).open(request, timeout=way.stall) as answer:
            body = _read(answer, limit, ends)
            return Fetched(
                body, _short(answer.headers["ETag"]), _short(answer.headers["Last-Modified"])
            )
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 304:
            return Fetched(None, etag, last_modified)
        missing = error.code in (404, 410)
        raise FetchFailed(f"the server answered {error.code}", missing=missing) from None
    except urllib.error.URLError as error:
        raise FetchFailed(_why(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchFailed(_why(error)) from None


def _opener(way: Way) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS and nothing else: no ``file:``, no ``ftp:``, no cookies."""
    context = ssl.create_default_context()
    if way.authorities is not None:
        context.load_verify_locations(way.authorities)
    proxies: dict[str, str] | None = None
    if way.proxy:
        proxies = {} if way.proxy == "direct" else {"http": way.proxy, "https": way.proxy}
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow, but never out of TLS."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError("redirected from HTTPS to an unprotected address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(answer: Any, limit: int, ends: float) -> bytes:
    announced = answer.headers["Content-Length"]
    length = int(announced) if announced and announced.isdigit() else None
    if length is not None and length > limit:
        raise FetchFailed(_too_large(limit))
    parts: list[bytes] = []
    total = 0
    while chunk := answer.read1(_CHUNK):
        parts.append(chunk)
        total += len(chunk)
        if total > limit:
            raise FetchFailed(_too_large(limit))
        if time.monotonic() > ends:
            raise FetchFailed("too slow, given up")
    if length is not None and total != length:
        raise FetchFailed(f"cut short: {total:,} of {length:,} bytes came")
    return b"".join(parts)


def _too_large(limit: int) -> str:
    return f"larger than max_size ({limit:,} bytes)"


def _short(value: str | None) -> str:
    """A validator, kept only if it can be sent back as it is."""
    text = value or ""
    return text if len(text) <= 200 and text.isascii() and text.isprintable() else ""


def _why(error: object) -> str:
    """A cause in our words: no address of a request, no text of a server."""
    if isinstance(error, str):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the server's certificate is not trusted (upstream_ca in site.yaml adds authorities)"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "the server's name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, http.client.HTTPException):
        return "the answer was cut short or is not HTTP"
    return f"connection failed ({type(error).__name__})"
