"""A host's certificate is had before the tunnel is opened, so that its lack can be told.

Inside TLS there is no page to show: a certificate that cannot be had would tear the
connection without a word. At CONNECT there is still plain HTTP, so a signer that is away
becomes a 503 with its reason. It also keeps the signer's answer off the event loop.
"""

from __future__ import annotations

from typing import Any

from mitmproxy import ctx, http, tls

from addons.door import Door
from addons.gate import ENDS_HERE, is_redirected


class Prefetch:
    """After the gate, for what ends here."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """``KeysUnavailable`` goes on to the wrapper at the edge, which answers 503."""
        if flow.metadata.get(ENDS_HERE):
            await self._prepare(self._door.gate_host(flow.client_conn))

    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """A redirected connection has no CONNECT; the signer's answer stays off the loop."""
        conn = data.context.client
        host = self._door.gate_host(conn)
        if is_redirected(conn) and host and not data.ignore_connection:
            await self._prepare(host)

    async def _prepare(self, host: str) -> None:
        tlsconfig: Any = ctx.master.addons.get("tlsconfig")
        await tlsconfig.certstore.prepare(host)
