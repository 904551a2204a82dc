"""A host's certificate is had before the tunnel is opened, so that its lack can be told.

Inside TLS there is no page to show: a certificate that cannot be had would tear the
connection without a word. At CONNECT there is still plain HTTP, so a signer that is away
becomes a 503 with its reason. It also keeps the signer's answer off the event loop.
"""

from __future__ import annotations

from typing import Any

from mitmproxy import ctx, http

from addons.door import Door
from addons.gate import ENDS_HERE


class Prefetch:
    """After the gate, for what ends here."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """``KeysUnavailable`` goes on to the wrapper at the edge, which answers 503."""
        if flow.metadata.get(ENDS_HERE):
            tlsconfig: Any = ctx.master.addons.get("tlsconfig")
            await tlsconfig.certstore.prepare(self._door.gate_host(flow.client_conn))
