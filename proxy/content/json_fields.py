"""Field rules in JSON: which values stand under one, and where they stand.

Two ways to the same answer. The quick one walks the parsed value with the policy's automaton
and only then looks for the keys it met in the text: if each key stands there exactly as often
as it was met, the two lists belong together, in order. Whenever that is not certain (a key
twice in an object, the same key elsewhere, escaped keys, rules on array elements) the other
way steps the automaton through every token.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from proxy.content.coding import Backslashes, json_escape
from proxy.content.edits import Page
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.model import ELEMENT, FieldRule, FieldState

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|[^\s{}\[\],:"]++', re.S)
"""Strings, signs and scalars, in order."""
_ESCAPED_LETTER = re.compile(r"\\u00(?:3[0-9]|[2-7][0-9A-Fa-f])")
_VALUE = re.compile(r'\s*+:\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s{}\[\],:"]++|[\[{])', re.S)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400}+)(?:\.[0-9]{1,400}+)?(?:[eE][+-]?[0-9]{1,9})?")
"""What JSON calls a number."""
_DEPTH = 64

type _Met = dict[str, list[tuple[FieldRule, Any]]]
type _Spot = tuple[FieldRule, int, str]


def apply(page: Page, walk: Walk, state: FieldState, coding: Backslashes, value: Any) -> None:
    """Deal with each scalar that stands under a rule. ``value`` is the parsed text, or None."""
    spots = _by_value(page.text, state, value) if value is not None else None
    if spots is None:
        spots = _by_tokens(page.text, state)
    for rule, start, token in spots:
        if token[0] == '"':
            _string_field(page, walk, rule, start, token, coding)
        else:
            _scalar_field(page, walk, rule, start, token, coding)


# --- the quick way ------------------------------------------------------------------------


class _Uncertain(Exception):
    """The quick way cannot tell; the tokens have to be stepped through."""


def _by_value(text: str, state: FieldState, value: Any) -> list[_Spot] | None:
    met: _Met = {}
    try:
        _meet(value, state, met, _DEPTH)
    except _Uncertain:
        return None
    if not met:
        return []
    if "\\u00" in text and _ESCAPED_LETTER.search(text):
        return None
    spots: list[_Spot] = []
    for key, values in met.items():
        places = _places(text, key)
        if len(places) != len(values):
            return None
        for (rule, scalar), (start, token) in zip(values, places, strict=True):
            if scalar is None:
                continue
            if _plain(token) != scalar:
                return None
            spots.append((rule, start, token))
    return spots


def _places(text: str, key: str) -> list[tuple[int, str]]:
    """Where a value stands behind ``key``. An escaped quote opens no key."""
    needle = f'"{key}"'
    places: list[tuple[int, str]] = []
    at = text.find(needle)
    while at >= 0:
        match = _VALUE.match(text, at + len(needle))
        if match and text[at - 1 : at] != "\\":
            places.append((match.start(1), match[1]))
        at = text.find(needle, at + len(needle))
    return places


def _plain(token: str) -> Any:
    if token[0] == '"' and "\\" not in token:
        return token[1:-1]
    try:
        return orjson.loads(token)
    except orjson.JSONDecodeError:
        return None


def _meet(value: Any, state: FieldState, met: _Met, depth: int) -> None:
    """Collect the scalars under a rule, by the key they stand behind."""
    if depth == 0 or (state.rule is not None and not isinstance(value, dict | list)):
        raise _Uncertain  # deep, or an array element under a rule
    if isinstance(value, dict):
        pairs = value.items() if not state.other.dead else _named(value, state)
        for key, inner in pairs:
            below = state.step(key)
            if below.dead:
                continue
            if isinstance(inner, dict | list):
                _meet(inner, below, met, depth - 1)
            elif below.rule is not None:
                met.setdefault(key, []).append((below.rule, inner))
    elif isinstance(value, list):
        below = state.step(ELEMENT)
        if not below.dead:
            for inner in value:
                if isinstance(inner, dict | list):
                    _meet(inner, below, met, depth - 1)
                elif below.rule is not None and inner is not None:
                    raise _Uncertain


def _named(value: dict[str, Any], state: FieldState) -> list[tuple[str, Any]]:
    """The members a state names, when it has no wildcard."""
    return [(key, value[key]) for key in state.next if key in value]


# --- token by token -----------------------------------------------------------------------


def _by_tokens(text: str, state: FieldState) -> list[_Spot]:
    spots: list[_Spot] = []
    stack: list[tuple[FieldState, bool]] = []
    holder, here = state, state
    in_object = key_next = False
    for match in TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == '"':
            if key_next:
                here = holder.step(unescape(token) if "\\" in token else token[1:-1])
                key_next = False
            elif here.rule is not None:
                spots.append((here.rule, match.start(), token))
        elif first == ",":
            key_next = in_object
        elif first in "{[":
            stack.append((holder, in_object))
            in_object = key_next = first == "{"
            holder = here
            if not in_object:
                here = here.step(ELEMENT)
        elif first in "}]":
            holder, in_object = stack.pop() if stack else (state, False)
            here = state if not stack else here if in_object else holder.step(ELEMENT)
            key_next = False
        elif here.rule is not None and first != "n":
            spots.append((here.rule, match.start(), token))
    return spots


# --- applying a rule ----------------------------------------------------------------------


def _string_field(
    page: Page, walk: Walk, rule: FieldRule, start: int, token: str, coding: Backslashes
) -> None:
    if len(token) == 2:
        return
    raw = token[1:-1]
    answer = walk.visitor.field(rule, unescape(token) if "\\" in raw else raw)
    span = (start + 1, start + len(token) - 1)
    if answer is None:
        if not walk.answer:
            page.cover(*span)
        return
    written = "" if isinstance(answer, Drop) else _write(answer, raw, coding)
    page.cover(*span, [Edit(*span, written)])


def _write(answer: str, raw: str, coding: Backslashes) -> str:
    return json_escape(answer, coding.ascii_only or ("\\u" in raw and raw.isascii()))


def _scalar_field(
    page: Page, walk: Walk, rule: FieldRule, start: int, token: str, coding: Backslashes
) -> None:
    """A number or a boolean: its replacement is a string, unless it is a number again."""
    answer = walk.visitor.field(rule, token)
    span = (start, start + len(token))
    if answer is None:
        if not walk.answer:
            page.cover(*span)
        return
    if isinstance(answer, Drop):
        written = "null"
    elif token[0] in "-0123456789" and NUMBER.fullmatch(answer):
        written = answer
    else:
        written = f'"{_write(answer, "", coding)}"'
    page.cover(*span, [Edit(*span, written)])


def unescape(token: str) -> str:
    """A JSON string token as text; lone surrogates become the replacement character."""
    try:
        text: str = orjson.loads(token)
    except orjson.JSONDecodeError:
        return Backslashes().decode(token[1:-1])
    return text
