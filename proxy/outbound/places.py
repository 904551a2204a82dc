"""Where we may call, and whom we trust there."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from proxy.errors import PreauError


class Outage(PreauError):
    """The other side does not answer, or not as agreed: try again later."""


@dataclass(frozen=True, slots=True)
class Place:
    """An ``https://`` address (``http://`` only inside the house), and whom to trust there."""

    url: str
    ca: Path | None = None
    """Authorities to trust instead of the system's."""
    certificate: Path | None = None
    """Our own certificate and key (PEM), when the other side asks who we are."""


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """A host and port reached over TLS."""

    host: str
    port: int
    ca: Path | None = None
    certificate: Path | None = None


def is_private(host: str) -> bool:
    """Whether ``host`` is this machine or a private address: no TLS needed on the way."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def check_url(text: str) -> str:
    """An address that may be called. Raises ``ValueError``."""
    parts = urlsplit(text)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    plain = parts.scheme == "http" and host is not None and is_private(host)
    if not host or not (parts.scheme == "https" or plain):
        raise ValueError(
            "expected https://HOST/… (http:// only for this machine or a private address)"
        )
    if parts.username or parts.password:
        raise ValueError("a password stands in this file; give a client certificate instead")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without '?' and '#'")
    return text.rstrip("/")


def tls_context(ca: Path | None, certificate: Path | None) -> ssl.SSLContext:
    """A client's context that verifies. Raises ``Outage`` for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if certificate is not None:
            context.load_cert_chain(str(certificate))
    except (OSError, ssl.SSLError):
        raise Outage(
            f"the certificates in {ca or 'the system'} or {certificate} cannot be read"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
