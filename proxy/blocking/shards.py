"""The engine in pieces: rules that name a host apart from those that hold anywhere.

The engine's binding holds the interpreter while it takes a rule set in, and again while it lets
one go: 20 ms and 10 ms for EasyList and EasyPrivacy, in which no request of that worker moves.
So their rules are several engines, each of which comes and goes in 2 to 5 ms. Two in three of
the rules begin with ``||host/``: those are in ``COUNT`` engines by their site. The others, and
all that speak of ``$redirect`` (where rules weigh on each other), are in one, ``general``.

A request asks ``general``, and the one piece that its host can be in if the sieve of the hosts
knows it. Both together decide as one engine of all rules does (a test compares them): a block
of either stands unless an exception of either spares it, and ``$important`` beats both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

from proxy.blocking.engine import NO_MATCH, AdblockEngine, Engine, Match
from proxy.blocking.facts import RequestType
from proxy.blocking.lines import Sieve
from proxy.blocking.patterns import split_rule

COUNT = 8
_ANCHOR = re.compile(r"\|\|((?:[a-z0-9_-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*)(?:[/^:?]|\|$)", re.I)


def anchor_of(rule: str) -> str:
    """The host on (or below) which a rule only holds; empty if it may hold elsewhere."""
    pattern, options = split_rule(rule.removeprefix("@@"))
    match = _ANCHOR.match(pattern)
    if match is None or any("redirect" in option for option in options):
        return ""
    return match[1].lower()


def piece_of(host: str) -> int:
    """The piece that rules on ``host``, its parents and what is below it are in."""
    site = host.rsplit(".", 2)[-2:]
    return crc32(".".join(site).encode("utf-8", "replace")) % COUNT


def split(rules: Iterable[str]) -> tuple[list[list[str]], set[str]]:
    """The rules of ``general`` and of each piece, and the hosts that those of pieces are on."""
    parts: list[list[str]] = [[] for _ in range(1 + COUNT)]
    hosts = set()
    for rule in rules:
        host = anchor_of(rule)
        if host:
            hosts.add(host)
        parts[1 + piece_of(host) if host else 0].append(rule)
    return parts, hosts


class ShardedEngine:
    """Several engines that decide as one."""

    __slots__ = ("_general", "_pieces", "_sieve")

    def __init__(self, general: Engine, pieces: Sequence[Engine], sieve: Sieve) -> None:
        self._general = general
        self._pieces = tuple(pieces)
        self._sieve = sieve

    @classmethod
    def load(
        cls,
        compiled: Sequence[memoryview],
        sieve: Sieve,
        resources: Iterable[str],
        pause: Callable[[], None],
    ) -> ShardedEngine:
        """What ``serialize`` gave for each part; ``pause`` between them lets requests go on."""
        engines = []
        for number, part in enumerate(compiled):
            engines.append(AdblockEngine.load(bytes(part), () if number else resources))
            pause()
        return cls(engines[0], engines[1:], sieve)

    def parts(self) -> list[Engine]:
        """The engines, for who lets them go one by one."""
        return [self._general, *self._pieces]

    def piece_for(self, host: str, named: Iterable[tuple[int, str]]) -> Engine | None:
        """The piece that may know rules on ``host``; ``named`` are its ``lines.hashed``."""
        return self._pieces[piece_of(host)] if self._sieve.sift(named) else None

    def check(
        self,
        url: str,
        host: str,
        source_host: str,
        kind: RequestType,
        piece: Engine | None,
        *,
        blocked: bool = False,
    ) -> Match:
        """As ``Engine.check``, with the ``piece_for`` the host."""
        found = self._general.check(url, host, source_host, kind, blocked=blocked)
        if piece is None or found.important:
            return found
        hit = blocked or bool(found.rule)
        more = piece.check(url, host, source_host, kind, blocked=hit)
        if more is NO_MATCH:
            return found
        if more.important:
            return more._replace(redirect=found.redirect)
        exception = found.exception or more.exception
        rule = found.rule or more.rule
        if more.rule and not (hit or exception):
            exception = self._general.check(url, host, source_host, kind, blocked=True).exception
        matched = not exception and (blocked or bool(rule))
        return Match(matched, rule, exception, False, found.redirect)
