"""Look-ups for requests that wait a little: one a host, few at once, never an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from proxy.blocking.cname import Answered, Names, Outcome
from proxy.outbound.dns import stands_for, system_resolvers
from proxy.policy.privacy_schema import DnsFile, parse_resolver

AT_ONCE = 64
OUT_OF_PATIENCE = 3
"""After so many failures in a row nobody waits, until a resolver answers again."""


class Lookups:
    """Fills ``Names`` for one event loop.

    ``settings`` gives the site's, asked anew each time: they may change while it serves.
    """

    def __init__(
        self, names: Names, settings: Callable[[], DnsFile], count: Callable[[Outcome], None]
    ) -> None:
        self._names = names
        self._settings = settings
        self._count = count
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failures = 0

    async def learn(self, host: str) -> None:
        """Return when it is known what ``host`` stands for, or when the time is up.

        A look-up that takes longer goes on, and serves the next request. Nobody waits for what
        was known before, nor for resolvers that seem to be gone.
        """
        known = self._names.known(host) is not None
        task = self._running.get(host) or self._start(host)
        if task is None:
            self._give_up(host, Outcome.BUSY)
            return
        if known or self._failures >= OUT_OF_PATIENCE:
            return
        done, _ = await asyncio.wait((task,), timeout=self._settings().wait_ms / 1000)
        if not done:
            self._give_up(host, Outcome.LATE)

    def _start(self, host: str) -> asyncio.Task[None] | None:
        if len(self._running) >= AT_ONCE:
            return None
        task = asyncio.get_running_loop().create_task(self._ask(host))
        self._running[host] = task
        task.add_done_callback(lambda _: self._running.pop(host))
        return task

    async def _ask(self, host: str) -> None:
        answered = await stands_for(host, resolvers(self._settings()))
        failed = answered.outcome is Outcome.FAILED
        self._failures = self._failures + 1 if failed else 0
        self._count(answered.outcome)
        self._names.learn(host, answered)

    def _give_up(self, host: str, outcome: Outcome) -> None:
        self._count(outcome)
        if self._names.is_due(host):
            self._names.learn(host, Answered(outcome))


def resolvers(settings: DnsFile) -> tuple[tuple[str, int], ...]:
    """Whom to ask: those that the settings name, else the system's."""
    if settings.resolvers:
        return tuple(parse_resolver(text) for text in settings.resolvers)
    return system_resolvers()
