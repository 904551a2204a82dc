"""The gate's adapter: CONNECT and ClientHello in, tunnel or end here or close out.

A redirected connection (``--mode transparent``) has no CONNECT: its host is the one that its
ClientHello names, or the Host field where there is no TLS. It is then connected to by that
name. The address that it was on its way to is not used: else whoever runs a server could have
an unread tunnel to it by naming a bank.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mitmproxy import connection, http, tls
from mitmproxy.proxy.mode_specs import TransparentMode

from addons.abort import turn_away
from addons.door import Door
from addons.mends import tunnel_bytes
from addons.message import to_response
from proxy.decisions import Inspect, Refuse, Tunnel
from proxy.policy.hosts import normal_host

ENDS_HERE = "preau.ends_here"
"""Key in the metadata of a CONNECT: whether its TLS is to end at the gateway."""

_HIDDEN_NAMES = frozenset((0xFE0D, 0xFFCE))
"""TLS extensions that hold an encrypted name: encrypted_client_hello, and ESNI before it."""


class Gate:
    """One connection: what is it opened for, and may it be read, passed or neither?"""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """The client asks for a tunnel to a host."""
        if flow.response:  # refused already
            return
        host = normal_host(flow.request.host)
        flow.request.data.host = host  # connected to in the form that was decided on
        client = self._door.client_of(flow.client_conn)
        self._door.opened_for(flow.client_conn, host)
        ruling = self._door.engine.connect(host, flow.request.port, client)
        ruling = await self._door.rule(ruling, client)
        if isinstance(ruling.decision, Refuse):
            flow.response = to_response(ruling.decision.reply)
        flow.metadata[ENDS_HERE] = isinstance(ruling.decision, Inspect)

    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """The client says which name it wants a certificate for."""
        conn = data.context.client
        client = self._door.client_of(conn)
        if is_redirected(conn):
            self._open_by_name(conn, data.context.server, data.client_hello.sni)
        host = self._door.gate_host(conn)
        port = data.context.server.address[1] if data.context.server.address else 443
        hidden = any(kind in _HIDDEN_NAMES for kind, _ in data.client_hello.extensions)
        ruling = self._door.engine.hello(host, port, data.client_hello.sni, client, hidden=hidden)
        ruling = await self._door.rule(ruling, client)
        if isinstance(ruling.decision, Tunnel):
            data.ignore_connection = True
            self._count(conn, ruling.decision.service)
        elif isinstance(ruling.decision, Refuse):
            turn_away(conn)

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A redirected request without TLS goes to the host that it names."""
        conn = flow.client_conn
        if is_redirected(conn) and not self._door.gate_host(conn):
            named = normal_host(urlsplit(f"//{flow.request.host_header or ''}").hostname or "")
            flow.request.data.host = named or flow.request.data.host

    def _open_by_name(
        self, conn: connection.Client, server: connection.Server, sni: str | None
    ) -> None:
        host = normal_host(sni or "")
        if host and not self._door.gate_host(conn):  # TLS within TLS changes nothing
            self._door.opened_for(conn, host)
            server.address = (host, server.address[1] if server.address else 443)

    def _count(self, conn: connection.Client, service: str) -> None:
        """Add what the connection carries to the sum of its service."""
        volumes, connections = self._door.engine.volumes, 1

        def tell(sent: int, received: int) -> None:
            nonlocal connections
            volumes.add(service, connections, sent, received, unread=True)
            connections = 0

        tunnel_bytes.count(conn, tell)

    def client_disconnected(self, client: connection.Client) -> None:
        """Forget what was known of the connection."""
        tunnel_bytes.ended(client)
        self._door.forget(client)


def is_redirected(conn: connection.Client) -> bool:
    """Whether the client knows nothing of a proxy."""
    return isinstance(conn.proxy_mode, TransparentMode)
