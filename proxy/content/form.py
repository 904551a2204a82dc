"""``application/x-www-form-urlencoded``, and the queries of URLs, which are written alike.

Pairs are cut, only values are decoded, and what is not replaced keeps its bytes: ``+`` or
``%20``, upper or lower hex, the order, empty pairs. A value may hold JSON, raw or encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder

from proxy.content import base64, saml
from proxy.content.batch import Batch
from proxy.content.coding import FORM, FORM_PERCENT, PERCENT, Percent, Writer, back
from proxy.content.edits import Page, merge, shift
from proxy.content.guesses import is_mistaken
from proxy.content.url_spots import either_plus
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.model import Action, FieldRule
from proxy.policy.telling import rules_among

_ENCODED = re.compile(r"[%+\\<{]|&(?:#|[A-Za-z]+;)|''")
_SIGN = re.compile(r"\+[0-9]|[\w.-]\+[\w.-]*(?:@|%40)")
"""A plus that may be meant: of a number or an address."""
_RAW_JSON = re.compile(r"[{\[]")
_DECODER = JSONDecoder()
_RAW_JSON_TRIES = 8


def edits(
    text: str, walk: Walk, rules: Mapping[str, FieldRule], *, semicolon: bool = False
) -> list[Edit]:
    """Edits for a whole form body or query (without its ``?``)."""
    page = Page(text)
    batch = Batch(page, walk)
    # In a URL, %20 is a space to every reader; in a form a browser writes +.
    percent = "+" not in text and (semicolon or "%20" in text)
    coding = FORM_PERCENT if percent else FORM
    pairs = list(_pairs(text, semicolon))
    if rules:
        rules = rules_among(rules, [coding.decode(text[start:at]) for start, at, _ in pairs])
    typed = Batch(page, walk)
    for start, equals, end in pairs:
        _pair(batch, typed, rules, coding, start, equals, end)
    batch.run()
    if typed.pieces:
        with walk.typed():
            typed.run()
    rest = page.rest()
    found = merge(walk.visitor.text(rest), base64.edits(rest, walk))
    return page.finish(back(text, found, _AsIs(coding)) if found else found)


class _AsIs:
    """Values that read as they stand; a replacement still has to be encoded."""

    __slots__ = ("coding",)

    def __init__(self, coding: Percent) -> None:
        self.coding = coding

    def decode(self, raw: str) -> str:
        return raw

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        return iter(())

    def writer(self, raw: str) -> Writer:
        # A spot with a space in it shows a form that is not encoded at all.
        return lambda replacement, spot: self.coding.writer(spot)(replacement, spot)


def _pairs(text: str, semicolon: bool) -> Iterator[tuple[int, int, int]]:
    """Start, place of ``=`` (or end) and end of each pair. Raw JSON is not cut in two."""
    at, size, tries = 0, len(text), 0
    separator = ";" if semicolon and "&" not in text else "&"
    while at < size:
        end = text.find(separator, at)
        end = size if end < 0 else end
        equals = text.find("=", at, end)
        if equals >= 0 and _RAW_JSON.match(text, equals + 1) and tries < _RAW_JSON_TRIES:
            tries += 1
            end = _raw_json_end(text, equals + 1, separator) or end
        yield at, equals if equals >= 0 else end, end
        at = end + 1


def _raw_json_end(text: str, start: int, separator: str) -> int:
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (JSONDecodeError, RecursionError, ValueError):
        return 0
    return end if end == len(text) or text[end] == separator else 0


def _pair(
    batch: Batch,
    typed: Batch,
    rules: Mapping[str, FieldRule],
    coding: Percent,
    start: int,
    equals: int,
    end: int,
) -> None:
    text = batch.page.text
    name = text[start:equals]
    if "%" in name or "+" in name:
        _value(batch, coding, start, name)
    first = equals + 1
    if first >= end:
        return
    rule = rules.get(coding.decode(name)) if rules else None
    raw = text[first:end]
    if rule is not None:
        if rule.action is Action.SEARCH:
            with batch.walk.typed():
                _value(typed, coding, first, raw)
            return
        if _field(batch, rule, coding, first, end):
            return
    if name in saml.FIELDS and (found := saml.edits(coding.decode(raw), batch.walk)) is not None:
        batch.page.cover(first, end, shift(back(raw, found, coding), first))
        return
    if not _ENCODED.search(raw):
        return
    _value(batch, coding, first, raw)


def _value(batch: Batch, coding: Percent, start: int, raw: str) -> None:
    if "+" in raw and (_SIGN.search(raw) or _holds_base64(raw, batch.walk)):
        found = either_plus(raw, batch.walk, coding)
        batch.page.cover(start, start + len(raw), shift(found, start))
    else:
        batch.add(start, raw, coding.decode(raw), coding)


def _holds_base64(raw: str, walk: Walk) -> bool:
    """Whether a plus belongs to base64 that the client forgot to encode."""
    return any("+" in word for word in base64.words(PERCENT.decode(raw), walk))


def _field(batch: Batch, rule: FieldRule, coding: Percent, start: int, end: int) -> bool:
    """Apply a field rule; whether the value is dealt with."""
    page, walk = batch.page, batch.walk
    raw = page.text[start:end]
    value = coding.decode(raw)
    if is_mistaken(rule, value, walk.visitor):
        return False
    answer = walk.visitor.field(rule, value)
    if answer is None:
        if walk.answer:
            return False
        page.cover(start, end)
        return True
    written = "" if isinstance(answer, Drop) else coding.writer(raw)(answer, raw)
    page.cover(start, end, [Edit(start, end, written)])
    return True
