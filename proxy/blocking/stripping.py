"""``$removeparam``: rules that take tracking parameters out of a URL and let the rest pass.

The wrapped engine does not know the option, so these rules are ours. One rule is a pattern,
options, and what to remove: a name, a regular expression over ``name=value``, everything but
a name (``~name``), or the whole query (no value). An exception with the same value, or with
none, spares; ``$important`` is not spared; without types a rule holds for pages, frames and
``fetch`` (and for requests whose type nothing tells), as in uBlock Origin.

A rule is found through the narrowest thing it names: its host, else the pages it holds on,
else the parameter. So the cost of a request follows the number of its own parameters, not
the number of rules. Regular expressions run on RE2: linear in the URL, bounded in size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote_plus

from proxy.blocking.facts import RequestFacts, RequestType, host_of
from proxy.blocking.patterns import (
    MAX_COMBINED,
    TYPE_NAMES,
    bounded_regex,
    in_domains,
    pattern_regex,
    split_rule,
    with_parents,
)

MAX_RULES = 20_000
"""Of all lists together; the usual list of tracking parameters has 3,000."""
MAX_EVERYWHERE = 200
"""Rules that name no host, page or parameter: every query is compared with each of them."""
_MAX_PARAMETERS = 500
_AT_ONCE = 50
"""Rules that are understood in one go, about a millisecond, while requests are served."""

_T = RequestType
_DEFAULT_TYPES = frozenset((_T.DOCUMENT, _T.SUBDOCUMENT, _T.XMLHTTPREQUEST, _T.OTHER))
_HOST_ANCHOR = re.compile(r"\|\|([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?=[\^/?:]|$)")
_PARTIES = {"third-party": True, "3p": True, "first-party": False, "1p": False}
_NAMES = frozenset(("removeparam", "queryprune"))
_DOMAIN_OPTIONS = frozenset(("domain", "from"))


class Unusable(ValueError):
    """A rule that cannot work here; the text says why, for the list's account."""


class Removal(NamedTuple):
    """A URL without its tracking parameters, and the rules that took them."""

    url: str
    parameters: int
    """How many were taken out."""
    rules: tuple[int, ...]
    """Numbers of the rules that removed something, in the order of ``Stripper``'s input."""


class ParameterRule(NamedTuple):
    """One rule, understood."""

    number: int
    exception: bool
    important: bool
    value: str
    removes: Callable[[str, str], bool]
    host: str
    matches: Callable[[str], object] | None
    types: frozenset[RequestType]
    third_party: bool | None
    pages: tuple[str, ...]
    not_pages: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing narrows it: it is compared with every query."""
        return not (self.host or self.pages or (self.value and self.value[0] not in "~/"))


def without_badfilter(text: str) -> str:
    """The rule that ``text`` takes back, or ``text`` itself if it takes none back."""
    exception = "@@" if text.startswith("@@") else ""
    pattern, options = split_rule(text.removeprefix("@@"))
    if "badfilter" not in options:
        return text
    kept = ",".join(option for option in options if option != "badfilter")
    return f"{exception}{pattern}${kept}"


def is_strip_rule(option_names: set[str]) -> bool:
    """Whether these options make a rule ours."""
    return bool(option_names & _NAMES)


def parse_rule(text: str, number: int = 0) -> ParameterRule:
    """Understand one rule. Raises ``Unusable``."""
    exception = text.startswith("@@")
    pattern, options = split_rule(text[2:] if exception else text)
    value = ""
    important = match_case = False
    chosen: set[RequestType] = set()
    barred: set[RequestType] = set()
    third_party: bool | None = None
    pages: list[str] = []
    targets: list[str] = []
    for option in options:
        name, _, given = option.partition("=")
        negated = name.startswith("~")
        name = name.lstrip("~").lower()
        if name in _NAMES:
            value = given.replace("\\,", ",")
        elif name in _DOMAIN_OPTIONS:
            pages = given.lower().split("|")
        elif name == "to":
            targets = given.lower().split("|")
        elif name in TYPE_NAMES:
            (barred if negated else chosen).add(TYPE_NAMES[name])
        elif name in _PARTIES:
            third_party = _PARTIES[name] is not negated
        elif name == "important":
            important = True
        elif name == "match-case":
            match_case = True
        elif name == "all":
            chosen |= set(RequestType)
        elif name not in ("badfilter", "_"):
            raise Unusable(f"option {name} with removeparam")
    if any(page.startswith("/") or page.endswith(".*") for page in (*pages, *targets)):
        raise Unusable("option domain with a wildcard suffix")
    if any(target.startswith("~") for target in targets):
        raise Unusable("option to with an exception")
    anchor = _HOST_ANCHOR.match(pattern)
    host = anchor.group(1) if anchor else ""
    whole_host = anchor is not None and pattern[anchor.end() :] in ("", "^")
    types = frozenset(chosen) or (frozenset(RequestType) if barred else _DEFAULT_TYPES)
    return ParameterRule(
        number,
        exception,
        important,
        value,
        _remover(value),
        host,
        None if whole_host or pattern in ("", "*") else _matcher(pattern, match_case),
        types - barred,
        third_party,
        tuple(page for page in pages if not page.startswith("~")),
        tuple(page[1:] for page in pages if page.startswith("~")),
        tuple(targets),
    )


def _matcher(pattern: str, match_case: bool) -> Callable[[str], object]:
    regex = bounded_regex(pattern_regex(pattern), match_case)
    if regex is None:
        raise Unusable("regular expression too costly or not understood")
    search: Callable[[str], object] = regex.search
    return search


def _remover(value: str) -> Callable[[str, str], bool]:
    """Whether a parameter goes, given its raw text and its decoded name."""
    negated = value.startswith("~")
    bare = value[1:] if negated else value
    if not bare:
        return lambda raw, name: True
    slash = bare.rfind("/")
    if bare[0] == "/" and slash > 0 and bare[slash + 1 :] in ("", "i"):
        regex = bounded_regex(bare[1:slash], match_case=bare[slash + 1 :] != "i")
        if regex is None:
            raise Unusable("regular expression too costly or not understood")
        search = regex.search
        return lambda raw, name: (search(unquote_plus(raw)) is not None) is not negated
    if bare[0] in "|/":
        raise Unusable("option removeparam in an old form")
    if negated:
        return lambda raw, name: name != bare
    return lambda raw, name: name == bare


class Stripper:
    """The rules of all lists, one table for the types of request that share their rules."""

    def __init__(
        self,
        texts: Sequence[str],
        is_third_party: Callable[[str, str], bool] = lambda a, b: a != b,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        rules = []
        for number, text in enumerate(texts):
            rules.append(parse_rule(text, number))
            if not (number + 1) % _AT_ONCE:
                pause()
        made: dict[tuple[int, ...], _Table] = {}
        self._tables: dict[RequestType, _Table] = {}
        for kind in RequestType:
            mine = [rule for rule in rules if kind in rule.types]
            key = tuple(rule.number for rule in mine)
            if key and key not in made:
                made[key] = _Table(mine, is_third_party)
            if key:
                self._tables[kind] = made[key]

    def strip(self, url: str, facts: RequestFacts) -> Removal | None:
        """The URL without what the rules remove, or ``None`` when it stays as it is."""
        table = self._tables.get(facts.type)
        return None if table is None else table.strip(url, facts)


class _Table:
    """Rules that hold for a type of request, by the narrowest thing each names."""

    def __init__(
        self, rules: Iterable[ParameterRule], is_third_party: Callable[[str, str], bool]
    ) -> None:
        self._is_third_party = is_third_party
        self._by_host: dict[str, list[ParameterRule]] = {}
        self._by_page: dict[str, list[ParameterRule]] = {}
        self._by_name: dict[str, list[ParameterRule]] = {}
        self._everywhere: list[ParameterRule] = []
        self._expressions: list[ParameterRule] = []
        for rule in rules:
            self._file(rule)
        self._any_expression = _any_of(self._expressions)

    def _file(self, rule: ParameterRule) -> None:
        if rule.is_everywhere:
            (self._expressions if rule.value[:1] == "/" else self._everywhere).append(rule)
        elif rule.host:
            self._by_host.setdefault(rule.host, []).append(rule)
        elif rule.pages:
            for page in rule.pages:
                self._by_page.setdefault(page, []).append(rule)
        else:
            self._by_name.setdefault(rule.value, []).append(rule)

    def strip(self, url: str, facts: RequestFacts) -> Removal | None:
        """The URL without what the rules remove, or ``None`` when it stays as it is."""
        head, mark, rest = url.partition("?")
        if not mark or not rest:
            return None
        query, hash_mark, fragment = rest.partition("#")
        parts = query.split("&")
        if len(parts) > _MAX_PARAMETERS:
            return None
        names = [part.partition("=")[0] for part in parts]
        lines = query.replace("&", "\n")
        if "%" in query or "+" in query:
            lines = unquote_plus(lines)
            names = [unquote_plus(name) for name in names]
        host = host_of(url)
        page = host if facts.top_level else host_of(facts.source)
        found = [
            rule
            for rule in self._candidates(host, page, names, lines)
            if self._holds(rule, url, host, page)
        ]
        if not found:
            return None
        kept, used = _apply(found, parts, names)
        if len(kept) == len(parts):
            return None
        tail = hash_mark + fragment
        left = "&".join(kept)
        clean = f"{head}?{left}{tail}" if left else head + tail
        return Removal(clean, len(parts) - len(kept), used)

    def _candidates(
        self, host: str, page: str, names: Sequence[str], lines: str
    ) -> Iterator[ParameterRule]:
        by_name, by_host, by_page = self._by_name, self._by_host, self._by_page
        for name in names:
            if name in by_name:
                yield from by_name[name]
        if by_host:
            for parent in with_parents(host):
                if parent in by_host:
                    yield from by_host[parent]
        if by_page and page:
            for parent in with_parents(page):
                if parent in by_page:
                    yield from by_page[parent]
        yield from self._everywhere
        if self._expressions and self._any_expression(lines):
            yield from self._expressions

    def _holds(self, rule: ParameterRule, url: str, host: str, page: str) -> bool:
        if rule.pages and not in_domains(page, rule.pages):
            return False
        if rule.not_pages and in_domains(page, rule.not_pages):
            return False
        if rule.targets and not in_domains(host, rule.targets):
            return False
        if rule.matches is not None and not rule.matches(url):
            return False
        return rule.third_party is None or rule.third_party is self._is_third_party(host, page)


def _any_of(rules: Sequence[ParameterRule]) -> Callable[[str], object]:
    """One expression for all, over a parameter a line: most queries match none of them.

    It may say yes too often (a class that takes in the end of a line), never too seldom.
    """
    texts = []
    for rule in rules:
        bare, _, flag = rule.value[1:].rpartition("/")
        texts.append(f"(?i:{bare})" if flag == "i" else f"(?:{bare})")
    combined = bounded_regex("(?m)" + "|".join(texts), match_case=True, most=MAX_COMBINED)
    search: Callable[[str], object] = (lambda lines: True) if combined is None else combined.search
    return search


def _apply(
    found: Iterable[ParameterRule], parts: Sequence[str], names: Sequence[str]
) -> tuple[list[str], tuple[int, ...]]:
    rules = sorted(set(found), key=lambda rule: rule.number)
    spared = {rule.value for rule in rules if rule.exception}
    kept = list(zip(parts, names, strict=True))
    used = []
    for rule in rules:
        if rule.exception or (not rule.important and ("" in spared or rule.value in spared)):
            continue
        left = [(raw, name) for raw, name in kept if not rule.removes(raw, name)]
        if len(left) < len(kept):
            used.append(rule.number)
            kept = left
    return [raw for raw, _ in kept], tuple(used)
