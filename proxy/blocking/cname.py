"""CNAME uncloaking: trackers behind a name of the site that one visits.

``metrics.school.example`` looks like the school's own, but stands for (is a CNAME of)
``school.collector.example``. As uBlock Origin does: a request that nothing blocks by its own
name is looked at again under each name that its host stands for, when that is of another site.
A page that somebody opens is never looked behind. An exception for either name spares it.

Under the other name the whole address is tried, but only a rule that names a host may speak of
it: rules on paths alone were written for what pages call by that name. Lists of CNAME targets
(``Blocker.cname_target``) speak here and nowhere else.

No socket here: ``Names`` knows or does not, ``proxy.outbound.lookups`` asks. Without an answer
the request goes on: this fails open, for blocking only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from proxy.blocking.blocker import Block, Blocker
from proxy.blocking.facts import RequestFacts
from proxy.blocking.parties import other_site

MAX_CHAIN = 16
"""Names that are followed from one host; a longer chain is looked at so far."""
_MOST = 8192
_KEEP_AT_LEAST = 60.0
_KEEP_AT_MOST = 3600.0
_RETRY = 30.0
"""Seconds until a host is asked about again that nobody could tell of."""


class Outcome(StrEnum):
    """What became of a look-up; the label of its metric."""

    FOUND = "found"
    """The host stands for other names."""
    PLAIN = "plain"
    """It stands for itself, or for nothing at all."""
    FAILED = "failed"
    """No resolver gave an answer that could be used."""
    LATE = "late"
    """A request went on without waiting longer."""
    BUSY = "busy"
    """Too many look-ups were under way."""


class Answered(NamedTuple):
    """What is known of a host after a look-up."""

    outcome: Outcome
    names: tuple[str, ...] = ()
    """What it stands for, in the order of the chain."""
    ttl: float = 0.0


class Uncloaked(NamedTuple):
    """A block, and the name that it found behind the host."""

    block: Block
    name: str


def follow(host: str, aliases: Mapping[str, str]) -> tuple[str, ...]:
    """The names that ``host`` leads to: each once, at most ``MAX_CHAIN``."""
    seen = {host: None}
    name = host
    while len(seen) <= MAX_CHAIN:
        target = aliases.get(name)
        if target is None or target in seen:
            break
        seen[target] = None
        name = target
    return tuple(seen)[1:]


class Names:
    """What hosts stand for, as far as it was asked: bounded, and asked again after a while.

    What was known serves until it is known better. Of the names only those of other sites are
    kept: the others never matter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    def known(self, host: str) -> tuple[str, ...] | None:
        """Names of other sites that ``host`` stands for, or stood for; ``None``: never told."""
        found = self._known.get(host)
        return None if found is None else found[1]

    def is_due(self, host: str) -> bool:
        """Whether to ask, because nothing is known or because it may have changed."""
        found = self._known.get(host)
        return found is None or found[0] < self._clock()

    def learn(self, host: str, answered: Answered) -> None:
        """Remember an answer as long as it says, within bounds.

        A failure is remembered for a little while, with what was known before.
        """
        names = tuple(name for name in answered.names if other_site(name, host))
        keep = min(max(answered.ttl, _KEEP_AT_LEAST), _KEEP_AT_MOST)
        if answered.outcome not in (Outcome.FOUND, Outcome.PLAIN):
            names, keep = self.known(host) or (), _RETRY
        if len(self._known) >= self._most and host not in self._known:
            self._make_room()
        self._known[host] = (self._clock() + keep, names)

    def _make_room(self) -> None:
        """Forget what is no longer true, else the oldest quarter."""
        now = self._clock()
        self._known = {host: item for host, item in self._known.items() if item[0] >= now}
        if len(self._known) >= self._most:
            for host in list(self._known)[: self._most // 4 or 1]:
                del self._known[host]


def uncloak(
    blocker: Blocker, url: str, facts: RequestFacts, names: Iterable[str]
) -> Uncloaked | None:
    """The block that the names behind a host bring on a request that its own name does not."""
    for name in names:
        block = _behind(blocker, url, facts, name)
        if block is not None:
            if blocker.spares(url, facts.source, facts.type):
                return None
            return Uncloaked(block, name)
    return None


def _behind(blocker: Blocker, url: str, facts: RequestFacts, name: str) -> Block | None:
    start = url.index("://") + 3
    slash = url.find("/", start)
    path = url[slash:] if slash >= 0 else "/"
    whole = f"{url[:start]}{name}{path}"
    block = blocker.check(whole, facts.source, facts.type)
    if block is not None and not block.rule.startswith("||"):
        block = blocker.check(f"{url[:start]}{name}/", facts.source, facts.type)
    if block is not None:
        return block
    target = blocker.cname_target(name)
    if target is not None and not blocker.spares(whole, facts.source, facts.type):
        return target
    return None
