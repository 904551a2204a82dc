"""Short questions to the network for ``preau doctor``: does it answer at all?

Nothing is sent but a TLS handshake; each has a deadline.
"""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path

_SECONDS = 3.0


def can_listen(host: str, port: int) -> str:
    """Empty when a listener could be opened there; else the system's word for why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "unknown")
    return ""


def reach(host: str, port: int, authorities: Path | None = None, *, tls: bool = True) -> str:
    """Empty when ``host`` answers, with a certificate that is trusted; else what went wrong."""
    try:
        with socket.create_connection((host, port), _SECONDS) as plain:
            if tls:
                context = ssl.create_default_context()
                if authorities is not None:
                    context.load_verify_locations(authorities)
                with context.wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        return f"certificate: {error.verify_message}"
    except (OSError, ValueError) as error:
        return type(error).__name__
    return ""


def trusted_here(certificate: bytes) -> bool:
    """Whether this machine's programs trust the authority (its certificate, DER)."""
    return certificate in ssl.create_default_context().get_ca_certs(binary_form=True)


def resolves(host: str) -> bool:
    """Whether the machine's resolver knows ``host``."""
    try:
        return bool(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return False
