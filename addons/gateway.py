"""The whole gateway as one list of addons: what ``preau serve``, the demo and the tests run."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mitmproxy import http

from addons.counting import CountedLog, InFlight
from addons.crowd import Crowd
from addons.deadlines import Deadlines
from addons.door import Door
from addons.exchange import Exchange
from addons.fail_closed import Refusal
from addons.gate import Gate
from addons.load import Load
from addons.message import head_of
from addons.pages import Headers
from addons.prefetch import Prefetch
from addons.standing import Standing
from addons.websocket import WebSocket
from addons.worker import WorkerSettings
from proxy.ca import load_ca
from proxy.errors import InputError, KeysUnavailable
from proxy.outbound.lookups import Lookups
from proxy.reasons import Reason
from proxy.runtime import Runtime

log = logging.getLogger("preau.gateway")

REFRESH_SECONDS = 1.0

_UNAVAILABLE = {
    "AuditUnavailable": Reason.AUDIT_UNAVAILABLE,
    "KeysUnavailable": Reason.KEYS_UNAVAILABLE,
    "StoreUnavailable": Reason.STORE_UNAVAILABLE,
}
"""What an adapter's own exception says about the cause, by its type's name."""


class Keeper:
    """Keeps the site fresh while the gateway serves: policy, lists and directory."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._standing = Standing()
        self._at_work = asyncio.Lock()

    def running(self) -> None:
        """The worker serves: start looking for changes."""
        self._standing.begin(self._watch())

    async def done(self) -> None:
        """The worker ends."""
        await self._standing.end()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def refresh(self) -> None:
        """Take in what changed, now; never twice at once."""
        async with self._at_work:
            try:
                await asyncio.to_thread(self._runtime.refresh)
            except Exception as error:
                log.error("refresh failed: %s", type(error).__name__)


class Gateway:
    """The addons and the refusal of last resort, over an open site."""

    def __init__(self, runtime: Runtime) -> None:
        audit = CountedLog(runtime.audit, runtime.metrics)
        self._door = Door(runtime.engine, audit, runtime.client)
        self.keeper = Keeper(runtime)
        lookups = Lookups(
            runtime.names,
            lambda: runtime.snapshot().policy.site.dns,
            lambda outcome: runtime.metrics.lookups[outcome].inc(),
        )
        traffic = runtime.site.limits
        load = Load(traffic)
        crowd = Crowd(self._door, load, runtime.metrics, traffic)
        self.addons: list[object] = [
            crowd,
            Gate(self._door),
            Prefetch(self._door),
            Exchange(self._door, lookups.learn),
            WebSocket(self._door),
            self.keeper,
            InFlight(runtime.metrics.in_flight),
            Deadlines(crowd, load, traffic),
        ]

    @property
    def refusal(self) -> Refusal:
        """Makes the page and the event for an exception that an adapter let through."""
        return self._refuse

    def _refuse(
        self, flow: http.HTTPFlow | None, hook: str, error: str
    ) -> tuple[int, Headers, bytes]:
        head = head_of(flow.request, "") if flow is not None else None
        client = self._door.known_client_of(flow.client_conn) if flow else self._door.nobody
        reason = _UNAVAILABLE.get(error, Reason.ENGINE_ERROR)
        ruling = self._door.engine.refuse_head(head, client, reason)
        self._door.record_later(ruling.events)
        reply = self._door.reply_of(ruling)
        return reply.status, reply.headers, reply.body


def worker_settings(runtime: Runtime, **overrides: Any) -> WorkerSettings:
    """The worker's settings as the site has them.

    Raises ``InputError`` without a CA, unless ``signer`` (who has it) is among ``overrides``.
    """
    site = runtime.site
    if "signer" not in overrides:
        try:
            load_ca(site.ca_dir)
        except KeysUnavailable as error:
            raise InputError(str(error)) from error
    settings: dict[str, Any] = {
        "confdir": site.ca_dir,
        "listen_host": site.listen.host,
        "listen_port": site.listen.port,
        "upstream_trusted_ca": site.upstream_ca,
        "head_bytes": site.limits.headers,
        "body_bytes": site.limits.body,
        "websocket_message_bytes": site.limits.body,
        "head_fields": site.limits.header_fields,
        "tcp_timeout": site.limits.idle_time,
        "traffic": site.limits,
    }
    return WorkerSettings(**(settings | overrides))
