"""Bodies in which nothing is to be changed, told by a few passes over the whole: most of them.

A JSON text is *quiet* if one look at it (``Visitor.signs``) finds no candidate of any net and
nothing that would make it more than it shows, no member stands under a rule but those whose
values are only searched, and no base64 word in it reads as text. Then no codec would find
anything either, whichever way it cuts the text, and the walk over its values can be spared.
Where there are candidates, their nets are asked, once, on the whole text, unless the text has
strings that are read on their own (what people type): then it is read the usual way.

What is quiet is handed to the visitor all the same (``passed``): a value of another part of
the request may stand in it.
"""

from __future__ import annotations

import re
from typing import Any

from proxy.content import base64, json
from proxy.content import signs as sign
from proxy.content.walk import Walk
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState
from proxy.policy.telling import Told, settle

_MEDIA = re.compile(r"(?:application/(?!grpc|connect)(?:[\w.-]+\+)?|text/)json")
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_NETS = sign.NAMES | sign.IDENTIFIERS | sign.TITLES
_CONTAINERS = frozenset({dict, list})
_DEPTH = 64
_UNREAD: Any = object()


def is_quiet_body(data: bytes, media: str, charset: str, walk: Walk, state: FieldState) -> bool:
    """Whether a body declared as JSON is certain to hold nothing to change."""
    if data[0] not in b"{[" or walk.answer or _MEDIA.fullmatch(media) is None:
        return False
    if charset.lower() not in _CHARSETS:
        return False
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return _is_quiet(text, walk, state, certain=False)


def is_quiet(text: str, walk: Walk, state: FieldState, value: Any) -> bool:
    """The same for a text that is JSON."""
    return not walk.answer and _is_quiet(text, walk, state, certain=True, value=value)


def _is_quiet(
    text: str, walk: Walk, state: FieldState, *, certain: bool, value: Any = _UNREAD
) -> bool:
    visitor = walk.visitor
    found = visitor.signs(text, state, walk.inside)
    if found is None or found & sign.HIDDEN:
        return False
    if found & sign.TYPED and found & (sign.NAMES | sign.TITLES | sign.QUOTED):
        return False
    if found & sign.FIELDS or not (certain or _must_be_json(text)):
        if value is _UNREAD or value is None:
            value = json.parse(text)
        if value is json.INVALID or not _is_silent(value, state, _DEPTH):
            return False
    if base64.words(text, walk) or (found & _NETS and visitor.holds(text)):
        return False
    visitor.passed(text)
    return True


def _must_be_json(text: str) -> bool:
    """Whether what is declared as JSON would be read like it even if it were none.

    A line that is no form and no mail is plain text then, and plain text is no more than JSON
    to who finds no escape, no tag and no encoding in it.
    """
    return "=" not in text and "\n" not in text and "\r" not in text


def _is_silent(value: Any, state: FieldState, depth: int) -> bool:
    """Whether no value stands under a rule that does more than have it searched."""
    if depth == 0 or state.counted:
        return False
    if isinstance(value, dict):
        shape = tuple(value)
        speaks = state.spoken.get(shape)
        if speaks is None:
            speaks = _speaks(shape, state)
            state.remember(shape, speaks)
        if speaks:
            return False
        if not _CONTAINERS.isdisjoint(map(type, value.values())):
            for key, inner in value.items():
                if type(inner) in _CONTAINERS:
                    below = state.step(key)
                    if not below.dead and not _is_silent(inner, below, depth - 1):
                        return False
        return True
    if isinstance(value, list):
        below = state.step(ELEMENT)
        return below.dead or (
            not _acts(below.rule)
            and all(
                _is_silent(inner, below, depth - 1) for inner in value if type(inner) in _CONTAINERS
            )
        )
    return not _acts(state.rule)


def _speaks(shape: tuple[str, ...], state: FieldState) -> bool:
    """Whether one of these members may have a rule, if they stand in one object."""
    certain: set[str] = set()
    asked: list[Told] = []
    for key in shape:
        below = state.step(key)
        if _acts(below.rule):
            return True
        if below.rule is not None:
            certain.add(below.rule.kind)
        elif below.told is not None:
            asked.append(below.told)
    return any(rule is not None for rule in settle(certain, asked))


def _acts(rule: FieldRule | None) -> bool:
    return rule is not None and rule.action not in (Action.SEARCH, Action.ALLOW)
