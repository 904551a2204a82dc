"""A certificate authority for the simulated cloud, and TLS contexts for any name."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class CloudAuthority:
    """Signs the certificates of simulated services; the gateway is told to trust ``pem``."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self.pem = directory / "cloud-authority.pem"
        self._ca.cert_pem.write_to_path(str(self.pem))

    def server_context(
        self, *names: str, alpn: tuple[str, ...] = ("http/1.1",), expired: bool = False
    ) -> ssl.SSLContext:
        """A server's context with a certificate for ``names``."""
        import datetime

        past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names, not_after=past).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def client_context(ca_pem: str | Path, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """A client's context that trusts ``ca_pem`` (a file, or PEM text) and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(ca_pem, Path):
        context.load_verify_locations(str(ca_pem))
    else:
        context.load_verify_locations(cadata=ca_pem)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
