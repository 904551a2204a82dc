"""A one-way TLS stream whose end is confirmed.

Syslog has no acknowledgement: bytes that TCP took may lie in the buffer of a collector that
just died. TLS has one at its end: we say *close_notify*, and a peer answers it (RFC 5425,
section 4.4, demands it) only after it has read everything before it. So ``finish`` returning
means that the other side has read it all; a connection that breaks before says nothing, and
whoever sent must send again.
"""

from __future__ import annotations

import socket
import ssl

from proxy.outbound.places import Outage, StreamPlace, tls_context

_SECONDS = 20.0


class Stream:
    """An open stream. Not safe to share between threads."""

    def __init__(self, place: StreamPlace, seconds: float = _SECONDS) -> None:
        context = tls_context(place.ca, place.certificate)
        try:
            raw = socket.create_connection((place.host, place.port), timeout=seconds)
        except OSError as error:
            raise Outage(f"no connection ({type(error).__name__})") from None
        try:
            self._tls = context.wrap_socket(raw, server_hostname=place.host)
        except ssl.SSLCertVerificationError as error:
            raw.close()
            raise Outage(f"its certificate does not hold: {error.verify_message}") from None
        except OSError as error:
            raw.close()
            raise Outage(f"no TLS ({type(error).__name__})") from None

    def send(self, data: bytes) -> None:
        """Hand bytes over; a slow peer makes this wait, at most the stream's bound a write."""
        try:
            self._tls.sendall(data)
        except OSError as error:
            self.abandon()
            raise Outage(f"the connection broke ({type(error).__name__})") from None

    def finish(self) -> None:
        """End the stream; returns once the peer has read all of it. Raises ``Outage``."""
        try:
            self._tls.unwrap().close()
        except ssl.SSLEOFError:
            # Closed without close_notify, as many collectors do. Closed, not reset: a kernel
            # resets a connection that is closed with unread bytes, so they were read.
            pass
        except (OSError, ValueError) as error:
            raise Outage(f"the end was not confirmed ({type(error).__name__})") from None
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Drop the connection; what was sent since the start may or may not have arrived."""
        self._tls.close()
