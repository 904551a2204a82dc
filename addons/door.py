"""What every adapter needs: the engine, the audit log, and who a client is.

``Door.rule`` is the one place where a ruling's events are put on disk before it acts: if
they cannot be, the ruling becomes a refusal. No adapter records anything by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from mitmproxy import connection

from proxy.audit.events import Event
from proxy.decisions import Refuse, Reply
from proxy.engine import Client, Engine, Head
from proxy.engine.ruling import Ruling
from proxy.errors import AuditUnavailable
from proxy.reasons import Reason


class Recorder(Protocol):
    """The audit log as adapters see it."""

    async def record(self, events: Sequence[Event]) -> int:
        """Return when the events are on disk. Raise ``AuditUnavailable`` if they cannot be."""


class Door:
    """The engine and the audit log behind one handle."""

    def __init__(self, engine: Engine, audit: Recorder, client: Callable[[str], Client]) -> None:
        self.engine = engine
        self.nobody = Client("", "", "")
        """The client of something that has none."""
        self._audit = audit
        self._client = client
        self._clients: dict[str, Client] = {}
        self._gate_hosts: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def client_of(self, conn: connection.Client) -> Client:
        """The client of a connection; looked up once a connection."""
        client = self._clients.get(conn.id)
        if client is None:
            client = self._clients[conn.id] = self._client(conn.peername[0])
        return client

    def known_client_of(self, conn: connection.Client) -> Client:
        """The client of a connection if it was ever looked up: never fails."""
        return self._clients.get(conn.id, self.nobody)

    def opened_for(self, conn: connection.Client, host: str) -> None:
        """Remember the host that a connection was opened for."""
        self._gate_hosts[conn.id] = host

    def gate_host(self, conn: connection.Client) -> str:
        """The host that a connection was opened for, or an empty string."""
        return self._gate_hosts.get(conn.id, "")

    def forget(self, conn: connection.Client) -> None:
        """The connection is gone."""
        self._clients.pop(conn.id, None)
        self._gate_hosts.pop(conn.id, None)

    async def record(self, events: Sequence[Event]) -> None:
        """Put events on disk. Raises ``AuditUnavailable``."""
        if events:
            await self._audit.record(events)

    def record_later(self, events: Sequence[Event]) -> None:
        """Put events of something that was stopped on disk; nothing waits for it."""
        task = asyncio.get_running_loop().create_task(self._quietly(events))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, events: Sequence[Event]) -> None:
        with contextlib.suppress(AuditUnavailable):
            await self.record(events)

    async def rule(self, ruling: Ruling, client: Client, head: Head | None = None) -> Ruling:
        """Put the ruling's events on disk, then give it back; or a refusal if that fails.

        ``head`` is that of the request, where there is one: it says in which form it wants
        its refusal.
        """
        if not ruling.events:
            return ruling
        try:
            await self._audit.record(ruling.events)
        except AuditUnavailable:
            refusal = self.engine.refuse_head(head, client, Reason.AUDIT_UNAVAILABLE)
            return Ruling(refusal.decision)
        return ruling

    @staticmethod
    def reply_of(ruling: Ruling) -> Reply:
        """The reply that a ruling sends instead of the service's answer."""
        decision = ruling.decision
        if isinstance(decision, Refuse):
            return decision.reply
        if isinstance(decision, Reply):
            return decision
        raise TypeError("not a reply")
