"""What we offer an origin follows what we speak with the client.

Defect: with the lazy strategy mitmproxy passes the client's own ALPN list on. A client that
offers only ``h2`` then fails on an origin that has only HTTP/1 (no_application_protocol),
and one that prefers HTTP/1 but lists ``h2`` may get an HTTP/2 origin behind an HTTP/1
client, which mitmproxy does not translate cleanly.

Mend: an HTTP/2 client gets ``h2, http/1.1`` upstream, any other ``http/1.1``.

Tested on 12.2.3. Delete when mitmproxy decides by the protocol spoken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.addons import tlsconfig

from addons.mends.patching import wrap


def _tls_start_server(original: Any) -> Callable[..., Any]:
    def tls_start_server(self: Any, tls_start: Any) -> Any:
        speaks_h2 = tls_start.context.client.alpn == b"h2"
        tls_start.conn.alpn_offers = (b"h2", b"http/1.1") if speaks_h2 else (b"http/1.1",)
        return original(self, tls_start)

    return tls_start_server


@cache
def apply() -> None:
    """Mend it."""
    wrap(tlsconfig.TlsConfig, "tls_start_server", _tls_start_server)
