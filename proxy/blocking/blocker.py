"""Block or not, and which line of which list says so.

Order of precedence, the one filter-list authors write for:

1. an ``$important`` block wins over everything;
2. an exception (``@@``) of any list spares the request;
3. a whole-host rule, found in an index by host and parent hosts;
4. an engine rule (URL, type, party, page).

Top-level navigations are another question: authors write ``||host^`` trusting browsers to
spare pages that a person opens. Only lists that say they hold for those (see ``lists``)
are asked. Where only a host is known (CONNECT, SNI) only whole-host rules of any list can
speak, exceptions included; narrower ones are left for when the URL is known.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from proxy.blocking import cache
from proxy.blocking.compile import Compiled, compile_lists
from proxy.blocking.engine import AdblockEngine, Engine, Parties
from proxy.blocking.facts import RequestFacts, RequestType, host_of
from proxy.blocking.lines import LineIndex, Place, Sieve, unpack
from proxy.blocking.lists import Category, ListFile, ListReport
from proxy.blocking.patterns import with_parents
from proxy.blocking.resources import NAMES
from proxy.blocking.stripping import Stripper

_MEMO = 8192
_MEMO_URL = 2048


@dataclass(frozen=True, slots=True)
class Block:
    """Why a request is blocked, down to the line."""

    rule: str
    list: str
    file: str
    line: int
    category: Category
    important: bool = False
    redirect: str = ""
    """Name of the surrogate to answer with (``proxy.blocking.resources``), or empty."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Stripped:
    """A URL that passes without some of its parameters."""

    url: str
    count: int
    """How many parameters were taken out."""
    rules: tuple[Block, ...]
    """The rules that did it, each with its list, file and line."""


@dataclass(frozen=True, slots=True)
class _HostRule:
    """The whole-host rule for a host, and the whole-host exception if there is one."""

    host: str
    place: Place
    spared: bool


class Blocker:
    """Immutable: a new set of lists is a new blocker, swapped in by reference."""

    def __init__(self, compiled: Compiled) -> None:
        part = compiled.sections
        self.digest = compiled.digest
        self.reports: tuple[ListReport, ...] = compiled.reports
        self._engine: Engine = AdblockEngine.load(bytes(part["engine"]), NAMES)
        self._top_level: Engine = AdblockEngine.load(bytes(part["top_level_engine"]), NAMES)
        self._blocked = LineIndex(part["blocked_keys"], part["blocked_places"])
        self._sieve = Sieve(part["blocked_sieve"])
        self._allowed_sieve = Sieve(part["allowed_sieve"])
        self._allowed = LineIndex(part["allowed_keys"], part["allowed_places"])
        self._rules = LineIndex(part["rule_keys"], part["rule_places"])
        self._cnames = LineIndex(part["cname_keys"], part["cname_places"])
        self._strip_texts: list[str] = json.loads(bytes(part["strip_rules"]))
        self._strip_places = part["strip_places"].cast("B").cast("Q")
        self._stripper = Stripper(self._strip_texts, Parties().third_party)
        self._host_rule = lru_cache(_MEMO)(self._find_host_rule)
        self._host_block = lru_cache(_MEMO)(self._find_host_block)
        self._target = lru_cache(_MEMO)(self._find_target)
        self._memo: dict[int, Block | None] = {}
        self._clean: set[int] = set()

    def check(
        self, url: str, source: str, kind: RequestType, top_level: bool = False
    ) -> Block | None:
        """Whether to block ``url``, asked for by the page at ``source`` (URL, host or empty).

        Decisions are remembered under a hash of all that they depend on. The query counts:
        rules may look at it. The hash is keyed per process, and no URL stays in memory.
        """
        if len(url) > _MEMO_URL:
            return self._decide(url, source, kind, top_level)
        key = hash((url, source, kind, top_level))
        memo = self._memo
        try:
            return memo[key]
        except KeyError:
            pass
        decision = self._decide(url, source, kind, top_level)
        if len(memo) >= _MEMO:
            memo.clear()
        memo[key] = decision
        return decision

    def weigh(
        self, url: str, source: str, kind: RequestType, top_level: bool = False
    ) -> tuple[Block, Block | None] | None:
        """For explanations: a rule that names a request without blocking it, and the exception
        that spares it (``None``: the rule is not about pages that a person opens)."""
        host = host_of(url)
        found = self._host_rule(host)
        page = host if top_level else host_of(source)
        engine = self._top_level if top_level else self._engine
        match = engine.check(_with_host(url, host), host, page, kind, blocked=found is not None)
        rule = match.rule or (f"||{found.host}^" if found else "")
        if not rule:
            return None
        place = self._rules.get(match.rule) if match.rule else found.place if found else None
        spared = match.exception or next(
            (f"@@||{name}^" for name in with_parents(host) if self._allowed.get(name)), ""
        )
        if not spared:
            return (self._block(rule, place), None) if top_level and not match.matched else None
        return self._block(rule, place), self._block(spared, self._rules.get(spared))

    def check_host(self, host: str) -> Block | None:
        """Whether to block everything of a host, knowing nothing but its name."""
        return self._host_block(host)

    def _find_host_block(self, host: str) -> Block | None:
        found = self._host_rule(host.rstrip(".").lower())
        if found is None or (found.spared and not found.place.important):
            return None
        return self._block(f"||{found.host}^", found.place)

    def strip(self, url: str, facts: RequestFacts) -> Stripped | None:
        """The URL without the tracking parameters that a ``$removeparam`` rule takes out of
        it, or ``None`` when it passes as it is."""
        if "?" not in url:
            return None
        key = hash((url, facts))
        if key in self._clean:
            return None
        found = self._stripper.strip(url, facts)
        if found is None:
            if len(self._clean) >= _MEMO:
                self._clean.clear()
            self._clean.add(key)
            return None
        rules = [
            self._block(self._strip_texts[number], unpack(self._strip_places[number]))
            for number in found.rules
        ]
        return Stripped(found.url, found.parameters, tuple(rules))

    def spares(self, url: str, source: str, kind: RequestType) -> bool:
        """Whether an exception of any list speaks for this request."""
        host = host_of(url)
        if any(self._allowed.get(name) is not None for name in with_parents(host)):
            return True
        match = self._engine.check(_with_host(url, host), host, host_of(source), kind, blocked=True)
        return bool(match.exception)

    def cname_target(self, host: str) -> Block | None:
        """The entry of a list of CNAME targets that a canonical name falls under."""
        return self._target(host.rstrip(".").lower())

    def _find_target(self, name: str) -> Block | None:
        for parent in with_parents(name):
            place = self._cnames.get(parent)
            if place is not None:
                return self._block(parent, place)
        return None

    def _decide(self, url: str, source: str, kind: RequestType, top_level: bool) -> Block | None:
        host = host_of(url)
        url = _with_host(url, host)
        found = self._host_rule(host)
        if top_level and found is not None and not found.place.top_level:
            found = None
        blocked = found is not None
        # A page that is opened is its own first party, whoever linked to it.
        page = host if top_level else host_of(source)
        if top_level:
            match = self._top_level.check(url, host, page, RequestType.DOCUMENT, blocked=blocked)
            if not match.matched and not match.exception:  # a rule without types is for "other"
                match = self._top_level.check(url, host, page, RequestType.OTHER, blocked=blocked)
        else:
            match = self._engine.check(url, host, page, kind, blocked=blocked)
        if match.important or (found is not None and found.place.important):
            pass
        elif match.exception:
            return None
        if found is not None and not (match.redirect and match.matched):
            return self._block(f"||{found.host}^", found.place, match.redirect)
        if not match.matched:
            return None
        return self._block(match.rule, self._rules.get(match.rule), match.redirect)

    def _find_host_rule(self, host: str) -> _HostRule | None:
        """The rule for the longest of host and parent hosts that has one."""
        may_hold = self._sieve.may_hold
        for parent in with_parents(host)[:-1] or [host]:  # no rule is on a whole top domain
            place = self._blocked.get(parent) if may_hold(parent) else None
            if place is not None:
                may_spare = self._allowed_sieve.may_hold
                spared = any(
                    may_spare(name) and self._allowed.get(name) for name in with_parents(host)
                )
                return _HostRule(parent, place, spared)
        return None

    def _block(self, rule: str, place: Place | None, redirect: str = "") -> Block:
        if place is None:  # pragma: no cover - the engine only knows rules that we indexed
            return Block(rule, "", "", 0, Category.TRACKING, False, redirect)
        report = self.reports[place.list]
        return Block(
            rule, report.name, report.file, place.line, place.category, place.important, redirect
        )


def build(lists: Sequence[ListFile]) -> Blocker:
    """A blocker compiled in this process: for tools and tests, not for a serving process."""
    return Blocker(compile_lists(lists))


def open_blocker(lists: Sequence[ListFile], folder: Path) -> Blocker:
    """A blocker from the cache in ``folder``, compiled by another process when lists changed."""
    return Blocker(cache.compiled_lists(lists, folder))


def _with_host(url: str, host: str) -> str:
    """The URL as rules are written against it: lower-case host, no port, no credentials."""
    start = url.find("://") + 3
    if start < 3 or not host:
        raise ValueError("the block decision needs an absolute URL")
    if url.startswith(("https://", "http://")) and url.startswith(host + "/", start):
        return url
    end = min((at for at in (url.find(c, start) for c in "/?#") if at >= 0), default=len(url))
    rest = url[end:] if url[end : end + 1] == "/" else "/" + url[end:]
    return f"{url[:start].lower()}{host}{rest}"
