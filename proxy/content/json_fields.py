"""Field rules in JSON: which values stand under one, and where they stand.

Two ways to the same answer. The quick one walks the parsed value with the policy's automaton
and only then looks for the keys it met in the text: if each key stands there exactly as often
as it was met, the two lists belong together, in order. Whenever that is not certain (a key
twice in an object, the same key elsewhere, escaped keys, rules on array elements, values that
are named beside them) the other way steps the automaton through every token.

Members with ambiguous names (``nom``, ``first``) wait until their object is whole: what stands
beside them decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import orjson

from proxy.content import labelled
from proxy.content.batch import Batch
from proxy.content.coding import Backslashes, json_escape
from proxy.content.edits import Page
from proxy.content.guesses import is_mistaken
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState, Leaf
from proxy.policy.telling import Told, settle

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|[^\s{}\[\],:"]++', re.S)
"""Strings, signs and scalars, in order."""
_ESCAPED_LETTER = re.compile(r"\\u00(?:3[0-9]|[2-7][0-9A-Fa-f])")
_VALUE = re.compile(r'\s*+:\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s{}\[\],:"]++|[\[{])', re.S)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400}+)(?:\.[0-9]{1,400}+)?(?:[eE][+-]?[0-9]{1,9})?")
"""What JSON calls a number."""
_DEPTH = 64
_CONTAINERS = frozenset({dict, list})

type _Met = dict[str, list[tuple[FieldRule | None, Any]]]
type _Spot = tuple[FieldRule, int, str]
type _Typed = tuple[int, str]
"""A string token and where it stands."""


def apply(
    page: Page,
    walk: Walk,
    state: FieldState,
    coding: Backslashes,
    value: Any,
    *,
    strings_only: bool = False,
) -> Callable[[], list[_Typed]] | None:
    """Deal with each scalar that stands under a rule. ``value`` is the parsed text, or None.

    What people type is only searched. Where there is any, a call that finds those strings is
    given back, for ``read_typed``. ``strings_only``: in text that is no JSON, what stands
    without quotes may be anything.
    """
    met = _met(value, state) if value is not None else None
    if met is not None:
        text = page.text
        acting = {key for key, values in met.items() if _any_acts(values)}
        spots = _by_value(text, met, acting)
        if spots is not None:
            left = [key for key in met if key not in acting and _any_rule(met[key])]
            typed = _apply_spots(page, walk, spots, coding)
            if not left:
                return (lambda: typed) if typed else None
            return lambda: typed + _typed_of(text, state, met, left)
    spots = _by_tokens(page.text, state)
    if strings_only:
        spots = [spot for spot in spots if spot[2][0] == '"']
    typed = _apply_spots(page, walk, spots, coding)
    return (lambda: typed) if typed else None


def _apply_spots(page: Page, walk: Walk, spots: list[_Spot], coding: Backslashes) -> list[_Typed]:
    """Carry out the rules; what is only searched is left over."""
    typed: list[_Typed] = []
    for rule, start, token in spots:
        if rule.action is Action.SEARCH:
            if token[0] == '"':
                typed.append((start, token))
        elif token[0] == '"':
            _string_field(page, walk, rule, start, token, coding)
        else:
            _scalar_field(page, walk, rule, start, token, coding)
    return typed


def _typed_of(text: str, state: FieldState, met: _Met, keys: list[str]) -> list[_Typed]:
    """Where the strings stand that are only searched, behind keys that do nothing else."""
    spots = _by_value(text, met, keys)
    if spots is None:
        spots = [spot for spot in _by_tokens(text, state) if spot[0].action is Action.SEARCH]
    return [(start, token) for _, start, token in spots if token[0] == '"']


def _any_rule(values: list[tuple[FieldRule | None, Any]]) -> bool:
    return any(rule is not None for rule, _ in values)


def _any_acts(values: list[tuple[FieldRule | None, Any]]) -> bool:
    return any(rule is not None and rule.action is not Action.SEARCH for rule, _ in values)


def read_typed(page: Page, walk: Walk, coding: Backslashes, typed: list[_Typed]) -> None:
    """Strings that people type, all at once."""
    with walk.typed():
        batch = Batch(page, walk)
        for start, token in typed:
            raw = token[1:-1]
            batch.add(start + 1, raw, unescape(token) if "\\" in raw else raw, coding)
        batch.run()


# --- the quick way ------------------------------------------------------------------------


class _Uncertain(Exception):
    """The quick way cannot tell; the tokens have to be stepped through."""


def _met(value: Any, state: FieldState) -> _Met | None:
    """The scalars under a rule, by the key they stand behind; ``None`` if that is not certain."""
    met: _Met = {}
    try:
        _meet(value, state, met, _DEPTH)
    except _Uncertain:
        return None
    return met


def _by_value(text: str, met: _Met, keys: Collection[str]) -> list[_Spot] | None:
    """Where what was met behind ``keys`` stands in the text; ``None`` if that is not certain."""
    if keys and "\\u00" in text and _ESCAPED_LETTER.search(text):
        return None
    spots: list[_Spot] = []
    for key in keys:
        values, places = met[key], _places(text, key)
        if len(places) != len(values):
            return None
        for (rule, scalar), (start, token) in zip(values, places, strict=True):
            if scalar is None:
                continue
            if _plain(token) != scalar:
                return None
            if rule is not None:
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
        _meet_object(value, state, met, depth)
    elif isinstance(value, list):
        if state.counted:
            raise _Uncertain
        below = state.step(ELEMENT)
        if not below.dead:
            for inner in value:
                if isinstance(inner, dict | list):
                    _meet(inner, below, met, depth - 1)
                elif inner is not None and (below.rule or below.told) is not None:
                    raise _Uncertain


def _meet_object(value: dict[str, Any], state: FieldState, met: _Met, depth: int) -> None:
    if labelled.may_be(value):
        raise _Uncertain
    if _CONTAINERS.isdisjoint(map(type, value.values())):
        for key, rule in _leaf(tuple(value), state):
            met.setdefault(key, []).append((rule, value[key]))
        return
    asked: list[tuple[str, Told]] = []
    certain: set[str] = set()
    any_name = state.fold or state.telling or not state.other.dead
    pairs = value.items() if any_name else _named(value, state)
    for key, inner in pairs:
        below = state.step(key)
        if below.dead:
            continue
        if isinstance(inner, dict | list):
            _meet(inner, below, met, depth - 1)
        elif below.rule is not None:
            certain.add(below.rule.vouches)
            met.setdefault(key, []).append((below.rule, inner))
        elif below.told is not None:
            asked.append((key, below.told))
    if asked:
        rules = settle(certain, [told for _, told in asked])
        for (key, _), rule in zip(asked, rules, strict=True):
            met.setdefault(key, []).append((rule, value[key]))


def _leaf(shape: tuple[str, ...], state: FieldState) -> Leaf:
    """The members of an object of scalars that stand under a rule: the same for its like."""
    known = state.leaves.get(shape)
    if known is not None:
        return known
    rules: dict[str, FieldRule] = {}
    asked: dict[str, Told] = {}
    for key in shape:
        below = state.step(key)
        if below.rule is not None:
            rules[key] = below.rule
        elif below.told is not None:
            asked[key] = below.told
    certain: set[str] = {rule.vouches for rule in rules.values()}
    settled = zip(asked, settle(certain, list(asked.values())), strict=True) if asked else ()
    leaf = (*rules.items(), *settled)
    state.remember_leaf(shape, leaf)
    return leaf


def _named(value: dict[str, Any], state: FieldState) -> list[tuple[str, Any]]:
    """The members a state names, when it has no wildcard."""
    return [(key, value[key]) for key in state.next if key in value]


# --- token by token -----------------------------------------------------------------------


class _Frame:
    """An object or a list that is open: its state, and what its ambiguous members hold."""

    __slots__ = (
        "asked", "at", "certain", "count", "holder", "in_object", "key", "label", "unnamed",
    )  # fmt: skip

    def __init__(self, holder: FieldState, *, in_object: bool) -> None:
        self.holder, self.in_object = holder, in_object
        self.count = 0
        self.certain: set[str] = set()
        self.asked: list[Told] = []
        self.at: list[tuple[int, str]] = []
        self.key = ""
        """The member that is read now, in small letters."""
        self.label = ""
        self.unnamed: list[tuple[int, str]] = []
        """Values whose name stands in a member beside them (``labelled``)."""

    def meet(self, here: FieldState, start: int, token: str) -> list[_Spot]:
        """A scalar that stands here: its spot, if a rule holds for it by now."""
        if here.rule is not None:
            self.certain.add(here.rule.vouches)
            return [(here.rule, start, token)]
        if here.told is not None:
            self.asked.append(here.told)
            self.at.append((start, token))
        return []

    def labels(self, token: str) -> bool:
        """Whether a string is the name, or the value, of a pair."""
        if self.key in labelled.VALUES:
            return True
        if self.key in labelled.LABELS and (not self.label or self.key == "name"):
            self.label = unescape(token)
        return False

    def hand_over(self, parent: _Frame) -> list[_Spot]:
        """What this object's name says of its value, to be settled among its neighbours."""
        if not self.label or not self.unnamed:
            return []
        state = labelled.state_of(self.label, self.holder)
        return [spot for start, token in self.unnamed for spot in parent.meet(state, start, token)]

    def settled(self) -> list[_Spot]:
        """The ambiguous members that a rule holds for after all."""
        rules = settle(self.certain, self.asked) if self.asked else []
        return [(rule, *at) for rule, at in zip(rules, self.at, strict=True) if rule is not None]


def _by_tokens(text: str, state: FieldState) -> list[_Spot]:
    spots: list[_Spot] = []
    stack: list[_Frame] = []
    frame, here = _Frame(state, in_object=False), state
    key_next = False
    for match in TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if key_next and first not in "{}[],":
            name = token if first != '"' else unescape(token) if "\\" in token else token[1:-1]
            here = frame.holder.step(name)
            frame.key = name.lower()
            key_next = False
        elif first == ",":
            key_next = frame.in_object
            if not key_next and stack:
                frame.count += 1
                here = frame.holder.element(frame.count)
        elif first in "{[":
            stack.append(frame)
            key_next = first == "{"
            frame = _Frame(here, in_object=key_next)
            if not key_next:
                here = here.element(0)
        elif first in "}]":
            spots += frame.settled()
            closed = frame
            frame = stack.pop() if stack else _Frame(state, in_object=False)
            spots += closed.hand_over(frame)
            here = state if not stack else frame.holder
            key_next = False
        elif first != "n":
            if first == '"' and here.rule is None and frame.in_object and frame.labels(token):
                frame.unnamed.append((match.start(), token))
            else:  # elements of a list stand for its member
                owner = stack[-1] if stack and not frame.in_object else frame
                spots += owner.meet(here, match.start(), token)
    return spots + frame.settled()


# --- applying a rule ----------------------------------------------------------------------


def _string_field(
    page: Page, walk: Walk, rule: FieldRule, start: int, token: str, coding: Backslashes
) -> None:
    if len(token) == 2:
        return
    raw = token[1:-1]
    text = unescape(token) if "\\" in raw else raw
    if is_mistaken(rule, text, walk.visitor):
        return
    answer = walk.visitor.field(rule, text)
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
    if is_mistaken(rule, token, walk.visitor):
        return
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
