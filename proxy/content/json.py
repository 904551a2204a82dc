"""JSON: spliced, never re-serialised, so floats, spaces and doubled keys stay as they were.

1. Where field rules can match, one pass over the tokens steps the policy's automaton.
2. Strings that hold a backslash or a nested encoding are read one by one, and go down a layer.
3. All the rest is handed to the visitor at once: an edit never crosses a quote or a brace.
"""

from __future__ import annotations

import json as stdlib_json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from proxy.content import base64, json_fields, odata, told_in_text
from proxy.content import signs as sign
from proxy.content.batch import Batch
from proxy.content.coding import Backslashes, escapes_letters, json_escape
from proxy.content.edits import Page, shift
from proxy.content.json_fields import unescape
from proxy.content.url_spots import in_urls
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.policy.model import FieldState, dead_state

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.S)
_NUMBER = re.compile(r"[-+0-9.eE]+")
_NUMBER_BEFORE = re.compile(r"[-+0-9.eE]*\Z")
_SUSPECTS = (
    ("%", re.compile(r"%[0-9A-Fa-f]{2}")),
    ("&", re.compile(r"&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};)")),
    ("<", re.compile(r"<[A-Za-z!/?]")),
    ("+", re.compile(r"(?<=[^\W\d_])\+[^\W\d_]")),
    ("'", odata.OPENING),
    ("'", told_in_text.QUOTE),
)
_MOST_DIGITS = 4000
_SPACE = re.compile(r"\s*")
_NO_RULES = dead_state()
_LOUD = sign.NAMES | sign.IDENTIFIERS | sign.TITLES | sign.HIDDEN | sign.ESCAPED
_LENIENT_START = frozenset('{["-0123456789 \t\r\n')


class _Invalid:
    """What ``parse`` gives for text that is no JSON."""


INVALID = _Invalid()


def parse(text: str) -> Any:
    """The one JSON value that all of ``text`` is, or ``INVALID``."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return _parse_leniently(text)


def is_valid(text: str) -> bool:
    """Whether all of ``text`` is one JSON value."""
    return parse(text) is not INVALID


def _parse_leniently(text: str) -> Any:
    """JSON that the strict parser refuses: NaN, integers beyond 64 bits, lone surrogates."""
    if text[:1] not in _LENIENT_START:
        return INVALID
    try:
        return stdlib_json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return INVALID


def _integer(digits: str) -> int:
    """Raises ``ValueError`` for a number whose reading is no longer linear."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError
    return int(digits)


def is_sequence(text: str) -> bool:
    """Whether ``text`` is several JSON values in a row: a line each, or back to back."""
    lines = text.splitlines()
    if all(is_valid(line) for line in lines if line and not line.isspace()):
        return True
    at, size = 0, len(text)
    decoder = stdlib_json.JSONDecoder(parse_int=len)
    try:
        while at < size:
            _, end = decoder.raw_decode(text, at)
            space = _SPACE.match(text, end)
            at = space.end() if space else end
    except (ValueError, RecursionError):
        return False
    return True


def edits(text: str, walk: Walk, state: FieldState | None = None, value: Any = None) -> list[Edit]:
    """Edits for ``text``, which is valid JSON (one value or several in a row).

    ``state``: the field rules, by default those of JSON inside something else. ``value`` is
    the parsed text where the caller has it; it saves stepping through tokens.
    """
    if state is None:
        state = walk.inside
    page = Page(text)
    coding = Backslashes(ascii_only=escapes_letters(text) or _told_to_escape(text, walk))
    if not state.dead:
        typed = json_fields.apply(page, walk, state, coding, value)
        if page.spans and _is_quiet_beside(page, walk, people_typed=typed is not None):
            return page.finish([])
        if typed is not None:
            json_fields.read_typed(page, walk, coding, typed())
    _strings(page, walk, coding)
    rest = page.rest()
    found = walk.visitor.text(rest)
    if found:
        found = _written(rest, found, coding.ascii_only)
    return page.finish(found)


def _is_quiet_beside(page: Page, walk: Walk, *, people_typed: bool) -> bool:
    """Whether one look at what stands beside the fields is sure that there is nothing else.

    As for a whole body (``quiet``): then neither a net nor a further reading of a string would
    find anything.
    """
    rest = page.rest()
    found = walk.visitor.signs(rest, _NO_RULES, _NO_RULES)
    if found is None or found & _LOUD or (people_typed and found & sign.QUOTED):
        return False
    if base64.words(rest, walk):
        return False
    walk.visitor.passed(rest)
    return True


def _told_to_escape(text: str, walk: Walk) -> bool:
    return walk.visitor.escapes() and text.isascii()


# --- strings with something inside --------------------------------------------------------


def _strings(page: Page, walk: Walk, coding: Backslashes) -> None:
    """Read each string that holds a backslash or looks like a nested encoding."""
    text = page.rest() if page.spans else page.text
    batch = Batch(page, walk)
    if "\\" in text:
        for start, end in _escaped_strings(text):
            raw = text[start:end]
            batch.add(start, raw, unescape(f'"{raw}"'), coding)
        batch.run()
        text = page.rest()
    spans = {span for mark in _marks(text) if (span := _string_at(text, *mark)) is not None}
    words = base64.words(text, walk)
    if words:
        spans.update(_strings_of(text, base64.places(text, words)))
    for start, end in sorted(spans):
        found = [
            Edit(first, last, json_escape(replacement, coding.ascii_only))
            for first, last, replacement in walk.text(text[start:end])
        ]
        page.cover(start, end, shift(found, start))


def _escaped_strings(text: str) -> Iterator[tuple[int, int]]:
    """Insides of strings that hold a backslash: the quote before the first one opens it."""
    at = 0
    while (slash := text.find("\\", at)) >= 0:
        opening = text.rfind('"', at, slash)
        match = _STRING.match(text, opening) if opening >= 0 else None
        if match is None:
            at = slash + 2
            continue
        yield match.start() + 1, match.end() - 1
        at = match.end()


def _marks(text: str) -> Iterator[tuple[int, int]]:
    """Places that look like a nested encoding, each with a bound for its opening quote.

    After a mark the search goes on behind the string that holds it.
    """
    for mark, pattern in _SUSPECTS:
        at = low = 0
        while (at := text.find(mark, at)) >= 0:
            if not pattern.match(text, at):
                at += 1
                continue
            yield at, low
            closing = text.find('"', at)
            if closing < 0:
                break
            at = low = closing + 1


def _string_at(text: str, at: int, low: int) -> tuple[int, int] | None:
    """The inside of the string around ``at``, in text whose escaped strings are blanked."""
    opening = text.rfind('"', low, at)
    closing = text.find('"', at)
    if opening < 0 or closing < 0:
        return None
    return opening + 1, closing


def _strings_of(text: str, places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The strings that the base64 words at ``places`` stand in."""
    for start, end in places:
        span = _string_at(text, start, 0)
        if span is not None and span[0] <= start and end <= span[1]:
            yield span


# --- the rest -----------------------------------------------------------------------------


def _written(text: str, found: list[Edit], ascii_only: bool) -> list[Edit]:
    """Escape replacements; quote those that stand in a number."""
    written: list[Edit] = []
    inside = False
    counted = 0
    for start, end, replacement in in_urls(text, found):
        escaped = json_escape(replacement, ascii_only)
        if text[start] in "-0123456789":
            inside ^= text.count('"', counted, start) % 2 == 1
            counted = start
            if not inside:
                edit = _number(text, start, end, escaped)
                if edit is None or (written and edit.start < written[-1].end):
                    continue
                written.append(edit)
                continue
        written.append(Edit(start, end, escaped))
    return written


def _number(text: str, start: int, end: int, replacement: str) -> Edit | None:
    """The whole number literal around an edit, to be replaced by a string or a number."""
    before = _NUMBER_BEFORE.search(text, max(0, start - 400), start)
    assert before is not None
    first = before.start()
    match = _NUMBER.match(text, first)
    if match is None or match.end() < end:
        return None
    if (first, match.end()) == (start, end) and json_fields.NUMBER.fullmatch(replacement):
        return Edit(start, end, replacement)
    return Edit(first, match.end(), f'"{text[first:start]}{replacement}{text[end : match.end()]}"')
