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
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from proxy.blocking import cache
from proxy.blocking.compile import ENGINES, Compiled, compile_lists
from proxy.blocking.engine import AdblockEngine, Engine, Parties
from proxy.blocking.facts import RequestFacts, RequestType, host_of
from proxy.blocking.lines import LineIndex, Place, Sieve, hashed, unpack
from proxy.blocking.lists import Category, ListFile, ListReport
from proxy.blocking.patterns import with_parents
from proxy.blocking.resources import NAMES
from proxy.blocking.shards import ShardedEngine
from proxy.blocking.stripping import Stripper

_MEMO = 8192
_MEMO_URL = 2048


class Block(NamedTuple):
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


class _HostRule(NamedTuple):
    """The whole-host rule for a host, and the whole-host exception if there is one."""

    host: str
    place: Place
    spared: bool


type _Hashed = Sequence[tuple[int, str]]
"""Names with their hashes, as ``lines.hashed`` gives them."""


class _About(NamedTuple):
    """What is the same for every request to a host."""

    rule: _HostRule | None
    piece: Engine | None
    """The part of the engine that has rules on it."""


class _Hosts:
    """Rules, exceptions and CNAME targets on whole hosts."""

    def __init__(self, part: Mapping[str, memoryview]) -> None:
        self._blocked = LineIndex(part["blocked_keys"], part["blocked_places"])
        self._blocked_sieve = Sieve(part["blocked_sieve"])
        self._allowed_sieve = Sieve(part["allowed_sieve"])
        self.allowed = LineIndex(part["allowed_keys"], part["allowed_places"])
        self.cnames = LineIndex(part["cname_keys"], part["cname_places"])

    def rule(self, named: _Hashed, below_top: _Hashed) -> _HostRule | None:
        """The rule for the longest of host and parent hosts that has one."""
        for parent in self._blocked_sieve.sift(below_top):
            place = self._blocked.get(parent)
            if place is not None:
                return _HostRule(parent, place, self.spares(named) is not None)
        return None

    def spares(self, named: _Hashed) -> str | None:
        """The host or parent that an exception is on."""
        may_be = self._allowed_sieve.sift(named)
        return next((name for name in may_be if self.allowed.get(name)), None)


def _about(hosts: _Hosts, engine: ShardedEngine, host: str) -> _About:
    named = hashed(host)
    below_top = named[:-1] or named  # no rule is on a whole top domain
    return _About(hosts.rule(named, below_top), engine.piece_for(host, below_top))


def _first(index: LineIndex, host: str) -> tuple[str, Place] | None:
    for name in with_parents(host):
        place = index.get(name)
        if place is not None:
            return name, place
    return None


class Blocker:
    """Immutable: a new set of lists is a new blocker, swapped in by reference."""

    def __init__(self, compiled: Compiled, pause: Callable[[], None] = lambda: None) -> None:
        """``pause`` is called between the steps of loading, so that requests can go on."""
        part = compiled.sections
        self.digest = compiled.digest
        self.reports: tuple[ListReport, ...] = compiled.reports
        engines = [part[name] for name in ENGINES]
        self._engine = ShardedEngine.load(engines, Sieve(part["anchor_sieve"]), NAMES, pause)
        self._top_level: Engine = AdblockEngine.load(bytes(part["top_level_engine"]), NAMES)
        self._hosts = _Hosts(part)
        self._rules = LineIndex(part["rule_keys"], part["rule_places"])
        self._strip_texts: list[str] = json.loads(bytes(part["strip_rules"]))
        self._strip_places = part["strip_places"].cast("B").cast("Q")
        self._stripper = Stripper(self._strip_texts, Parties().third_party, pause)
        # Not one of these holds this object: it would be in a circle, and stay for long.
        self._about = lru_cache(_MEMO)(partial(_about, self._hosts, self._engine))
        self._target = lru_cache(_MEMO)(partial(_first, self._hosts.cnames))
        self._place = lru_cache(_MEMO)(self._rules.get)
        self._memo: dict[int, Block | None] = {}
        self._clean: set[int] = set()

    def parts(self) -> list[object]:
        """What holds memory, for who lets it go piece by piece: each costs some milliseconds."""
        return [*self._engine.parts(), self._stripper, self._memo]

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
        host, url = _plain(url)
        found, piece = self._about(host)
        page = host if top_level else host_of(source)
        blocked = found is not None
        if top_level:
            match = self._top_level.check(url, host, page, kind, blocked=blocked)
        else:
            match = self._engine.check(url, host, page, kind, piece, blocked=blocked)
        rule = match.rule or (f"||{found.host}^" if found else "")
        if not rule:
            return None
        place = self._rules.get(match.rule) if match.rule else found.place if found else None
        on_host = self._hosts.spares(hashed(host))
        spared = match.exception or (f"@@||{on_host}^" if on_host else "")
        if not spared:
            return (self._block(rule, place), None) if top_level and not match.matched else None
        return self._block(rule, place), self._block(spared, self._rules.get(spared))

    def check_host(self, host: str) -> Block | None:
        """Whether to block everything of a host, knowing nothing but its name."""
        found = self._about(host.rstrip(".").lower()).rule
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
        host, url = _plain(url)
        if self._hosts.spares(hashed(host)) is not None:
            return True
        piece = self._about(host).piece
        match = self._engine.check(url, host, host_of(source), kind, piece, blocked=True)
        return bool(match.exception)

    def cname_target(self, host: str) -> Block | None:
        """The entry of a list of CNAME targets that a canonical name falls under."""
        found = self._target(host.rstrip(".").lower())
        return None if found is None else self._block(*found)

    def _decide(self, url: str, source: str, kind: RequestType, top_level: bool) -> Block | None:
        host, url = _plain(url)
        found, piece = self._about(host)
        if top_level and found is not None and not found.place.top_level:
            found = None
        blocked = found is not None
        # A page that is opened is its own first party, whoever linked to it.
        page = host if top_level else _page(source)
        if top_level:
            match = self._top_level.check(url, host, page, RequestType.DOCUMENT, blocked=blocked)
            if not match.matched and not match.exception:  # a rule without types is for "other"
                match = self._top_level.check(url, host, page, RequestType.OTHER, blocked=blocked)
        else:
            match = self._engine.check(url, host, page, kind, piece, blocked=blocked)
        if match.important or (found is not None and found.place.important):
            pass
        elif match.exception:
            return None
        if found is not None and not (match.redirect and match.matched):
            return self._block(f"||{found.host}^", found.place, match.redirect)
        if not match.matched:
            return None
        return self._block(match.rule, self._place(match.rule), match.redirect)

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


def open_blocker(
    lists: Sequence[ListFile], folder: Path, pause: Callable[[], None] = lambda: None
) -> Blocker:
    """A blocker from the cache in ``folder``, compiled by another process when lists changed."""
    return Blocker(cache.compiled_lists(lists, folder), pause)


def _page(source: str) -> str:
    """The host of the page that asks; the gateway knows only that."""
    return host_of(source) if "/" in source or ":" in source else source.rstrip(".").lower()


_PLAIN = re.compile(r"https?://([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)/")


def _plain(url: str) -> tuple[str, str]:
    """The host, and the URL as rules are written against it."""
    plain = _PLAIN.match(url)  # nearly every URL is like that
    if plain is not None:
        return plain[1], url
    host = host_of(url)
    return host, _with_host(url, host)


def _with_host(url: str, host: str) -> str:
    """The URL as rules are written against it: lower-case host, no port, no credentials."""
    start = url.find("://") + 3
    if start < 3 or not host:
        raise ValueError("the block decision needs an absolute URL")
    end = min((at for at in (url.find(c, start) for c in "/?#") if at >= 0), default=len(url))
    rest = url[end:] if url[end : end + 1] == "/" else "/" + url[end:]
    return f"{url[:start].lower()}{host}{rest}"
