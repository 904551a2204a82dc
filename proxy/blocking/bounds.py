"""How much one list may cost: the rules that a request would be compared with, counted.

The engine files a rule under the rarest word of its pattern and compares a request with the
rules filed under the words of its URL. Honest lists spread; a hostile one puts a million rules
under one word, or under none, and every request pays: 2 µs for each rule that needs an
expression (50,000 of them: 110 ms and 1 GB), 0.1 µs for each plain one. So the drawers are
counted here, as the engine fills them, before it sees the rules; what no longer fits is
ignored and said. Of EasyList and EasyPrivacy together the fullest drawer costs 270.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from proxy.blocking.patterns import is_regex, split_rule

MAX_RULES = 400_000
"""Engine rules of all lists: EasyList and EasyPrivacy have 20,000 after whole hosts."""
MAX_EXPRESSIONS = 8_000
"""Rules that need an expression: 24 KB each once used. The two lists have 1,057."""
MAX_DRAWER = 2_000
"""Cost units under one word: about a quarter of a millisecond for a request that has it."""
MAX_PAGES = 1_000_000
"""Pages named after ``domain=``: a rule may stand under each of them."""
_EXPRESSION_COST = 16
_NO_WORD = ""

_WORD = re.compile(r"[0-9a-z%]+", re.I)
_HTTP = frozenset(("http", "https", "www", "com"))


def overflowing(rules: Iterable[str]) -> dict[str, str]:
    """The rules that no longer fit, in order of the lists, each with the reason."""
    words = {text: _words(text) for text in rules}
    common = Counter(word for found in words.values() for word in found)
    drawers: Counter[str] = Counter()
    left_out: dict[str, str] = {}
    expressions = 0
    taken = pages = 0
    for text, found in words.items():
        needs_expression = _needs_expression(text)
        cost = _EXPRESSION_COST if needs_expression else 1
        drawer = min(found, key=common.__getitem__, default=_NO_WORD)
        if taken >= MAX_RULES:
            left_out[text] = "too many rules"
        elif needs_expression and expressions >= MAX_EXPRESSIONS:
            left_out[text] = "too many rules with wildcards"
        elif pages + len(found) > MAX_PAGES:
            left_out[text] = "too many pages after domain="
        elif drawers[drawer] + cost > MAX_DRAWER:
            left_out[text] = "too many rules alike"
        else:
            drawers[drawer] += cost
            expressions += needs_expression
            taken += 1
            pages += len(found)
    return left_out


def _words(text: str) -> list[str]:
    """The words under which the engine may file a rule."""
    pattern, options = split_rule(text.removeprefix("@@"))
    if is_regex(pattern):
        found: list[str] = []
    else:
        start = "" if pattern.startswith("|") else "*"
        end = "" if pattern.endswith("|") else "*"
        body = start + pattern.strip("|") + end
        found = [
            match.group().lower()
            for match in _WORD.finditer(body)
            if len(match.group()) > 1
            and body[match.start() - 1 : match.start()] != "*"
            and body[match.end() : match.end() + 1] != "*"
        ]
        found = [word for word in found if word not in _HTTP]
    pages = _pages(options)
    if len(pages) == 1 or not found:
        found += [f"@{page}" for page in pages]
    return found


def _pages(options: Iterable[str]) -> list[str]:
    for option in options:
        if option.lower().startswith("domain="):
            pages = option[7:].split("|")
            return [] if any(page.startswith("~") for page in pages) else pages
    return []


def _needs_expression(text: str) -> bool:
    pattern, _ = split_rule(text.removeprefix("@@"))
    body = pattern.strip("|*")
    return is_regex(pattern) or "*" in body or "^" in body.rstrip("^")
