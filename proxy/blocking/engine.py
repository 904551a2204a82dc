"""The filter engine behind a seam of our own.

Today it is ``adblock``, Python's binding of Brave's adblock-rust 0.5: fast, but no longer
released. Nothing else in this project imports it, so that a newer engine is one new class.

Two things we rely on and test: with ``debug`` it gives back the rule's own text, and with
``optimize`` off it does not melt several rules into one (we want *the* line). Resources are
registered with their own name as content: the engine only tells us which was asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import NamedTuple, Protocol

import adblock

from proxy.blocking.facts import RequestType

ENGINE_VERSION = f"adblock-{version('adblock')}"


class Match(NamedTuple):
    """What the engine says of a request."""

    matched: bool
    rule: str
    """Text of the blocking rule, or empty."""
    exception: str
    """Text of the exception that spares the request, or empty."""
    important: bool
    redirect: str
    """Name of the resource to answer with, or empty."""


NO_MATCH = Match(False, "", "", False, "")


class Engine(Protocol):
    """Decides about URLs by filter rules."""

    def check(
        self, url: str, host: str, source_host: str, kind: RequestType, *, blocked: bool = False
    ) -> Match:
        """``blocked``: another rule already blocks this; look for exceptions all the same."""


_KINDS: dict[RequestType, str] = {kind: kind.value for kind in RequestType}
# No rule without types matches this engine's "csp_report"; in browsers all of them do.
_KINDS[RequestType.CSP_REPORT] = "ping"


class AdblockEngine:
    """adblock-rust."""

    __slots__ = ("_check", "_engine", "_names")

    def __init__(self, engine: adblock.Engine, resources: Iterable[str]) -> None:
        self._engine = engine
        self._check = engine.check_network_urls_with_hostnames_subset
        self._names: dict[str | None, str] = {}
        for name in resources:
            content = base64.b64encode(name.encode()).decode()
            engine.add_resource(name, "application/javascript", content)
            self._names[f"data:application/javascript;base64,{content}"] = name

    @classmethod
    def compile(cls, rules: Sequence[str], resources: Iterable[str]) -> AdblockEngine:
        """Compile rules. Holds the interpreter: call it in a process that serves nobody."""
        filters = adblock.FilterSet(debug=True)
        filters.add_filters(list(rules))
        return cls(adblock.Engine(filters, optimize=False), resources)

    @classmethod
    def load(cls, compiled: bytes, resources: Iterable[str]) -> AdblockEngine:
        """What ``serialize`` gave, ready again."""
        engine = adblock.Engine(adblock.FilterSet(debug=True), optimize=False)
        engine.deserialize(compiled)
        return cls(engine, resources)

    def serialize(self) -> bytes:
        """The compiled rules, for ``load``."""
        return bytes(self._engine.serialize())

    def takes(self, rule: str) -> bool:
        """Whether a compiled rule is really there: the engine drops some without a word."""
        try:
            return bool(self._engine.filter_exists(rule))
        except adblock.AdblockException:
            return False

    def check(
        self, url: str, host: str, source_host: str, kind: RequestType, *, blocked: bool = False
    ) -> Match:
        found = self._check(url, host, source_host, _KINDS[kind], None, False, blocked)
        if not found.matched and found.exception is None and found.redirect is None:
            return NO_MATCH
        return Match(
            found.matched,
            found.filter or "",
            found.exception or "",
            found.important,
            self._names.get(found.redirect, ""),
        )


class Parties:
    """Whether two hosts are of different sites, by the public suffixes that the engine knows."""

    def __init__(self) -> None:
        filters = adblock.FilterSet()
        filters.add_filters(["|https://$third-party"])
        engine = adblock.Engine(filters)
        self._check = engine.check_network_urls_with_hostnames_subset

    def third_party(self, host: str, page: str) -> bool:
        """An unknown page is another site, as for the engine's own rules."""
        found = self._check(f"https://{host}/", host, page, "other", None, False, False)
        return bool(found.matched)
