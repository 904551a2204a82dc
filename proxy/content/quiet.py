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

import codecs
import re
from collections.abc import Mapping
from typing import Any

from proxy.content import base64, json, labelled
from proxy.content import signs as sign
from proxy.content.coding import FORM, PERCENT
from proxy.content.walk import Walk
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState
from proxy.policy.telling import Told, settle

_MEDIA = re.compile(r"(?:application/(?!grpc|connect)(?:[\w.-]+\+)?|text/)json")
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_NETS = sign.NAMES | sign.IDENTIFIERS | sign.TITLES
_STRICT = sign.NAMES | sign.HIDDEN | sign.QUOTED | sign.FIELDS
_FOLDED = re.compile(r"\n[ \t]")
_OTHER_ESCAPE = re.compile(r'\\(?:[^"\\/bfnrtu]|u(?![0-9A-Fa-f]{4}))')
_DIGIT = "(?:[0-9]|%3[0-9])"
_NUMBER = re.compile(rf"\+{_DIGIT}(?:(?:%[0-9A-Fa-f]{{2}}|[ .()-]){{0,5}}{_DIGIT}){{6}}")
_ADDRESS = re.compile(r"\+(?<=[\w.-]\+)[\w.-]*(?:@|%40)")
"""A plus that may be meant: of a telephone number, of an address."""
_CODED_NAME = re.compile(r"(?:\A|&)[^=&%]*%(?:26|3[dD])")
"""A name with a coded ``&`` or ``=`` in it, before any other escape."""
_CODED_SIGNS = ("%26", "%3D", "%3d")
_CODED = (b"\\", b"%", b"&", b"=", b"\0")
_MAIL = re.compile(r"=(?:\?|[0-9A-F]{2}|[\r\n])")
_LAYERS = 4
_CONTAINERS = frozenset({dict, list})
_DEPTH = 64


def json_text(data: bytes, media: str, charset: str) -> str | None:
    """The text of a body that is declared as JSON, begins like it and is UTF-8."""
    if data[0] not in b"{[" or not _is_json(media, charset):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def is_quiet_json(data: bytes, text: str, walk: Walk, state: FieldState) -> bool:
    """Whether such a body, which reads ``text``, is certain to hold nothing to change."""
    if not walk.answer:
        return not state.busy and _is_quiet(text, walk, state)
    if any(each in data for each in _CODED) or not walk.visitor.absent(data):
        return False
    return not base64.words(text, walk)


def is_quiet_stretch(text: str, media: str, charset: str, walk: Walk, state: FieldState) -> bool:
    """Whether a stretch of a request, in a copy of what surrounds it, holds nothing to change."""
    if walk.answer or text[0] not in "{[" or not _is_json(media, charset):
        return False
    return _is_quiet(text, walk, state)


def _is_json(media: str, charset: str) -> bool:
    """Whether a body is declared as JSON, in UTF-8."""
    return _MEDIA.fullmatch(media) is not None and charset.lower() in _CHARSETS


def is_quiet_text(text: str, walk: Walk) -> bool:
    """Whether lines of text, each read on its own and no field, hold nothing to change."""
    found = walk.visitor.signs(text, walk.inside, walk.inside)
    if found is None or found & (_NETS | sign.HIDDEN | sign.ESCAPED | sign.FIELDS):
        return False
    if found & sign.QUOTED and _MAIL.search(text):
        return False
    if _FOLDED.search(text) or base64.words(text, walk):
        return False
    walk.visitor.passed(text)
    return True


def _is_quiet(text: str, walk: Walk, state: FieldState) -> bool:
    visitor = walk.visitor
    if "\\" in text:
        if not json.is_valid(text):
            return False
        line = text.replace("\n", " ").replace("\r", " ")  # what breaks lines parts values
        return _reads_quiet(_unescaped(line), walk, state)
    found = visitor.signs(text, state, walk.inside)
    if found is None or found & sign.HIDDEN:
        return False
    if found & sign.TYPED and found & (sign.NAMES | sign.TITLES | sign.QUOTED):
        return False
    if found & sign.FIELDS or not _must_be_json(text):
        value = json.parse(text)
        if value is json.INVALID or not _is_silent(value, state, _DEPTH):
            return False
    if base64.words(text, walk) or (found & _NETS and visitor.holds(text)):
        return False
    visitor.passed(text)
    return True


def is_quiet_form(text: str, walk: Walk, rules: Mapping[str, FieldRule]) -> bool:
    """Whether a form is certain to hold nothing to change."""
    # Written rules, a plus that may be meant, an equals sign in a value, SAML: the usual way.
    if walk.answer or len(rules) or "SAML" in text:
        return False
    if "+" in text and _is_plus_meant(text):
        return False
    if text.count("=") != text.count("&") + 1:
        return False
    if any(sign in text for sign in _CODED_SIGNS) and _CODED_NAME.search(text):
        return False
    if "+" in text and any("+" in word for word in base64.words(PERCENT.decode(text), walk)):
        return False
    view = FORM.decode(text.replace("=", "%0A"))
    if rules and walk.visitor.may_tell(view):
        return False
    return _reads_quiet(view, walk, walk.inside)


def _is_plus_meant(text: str) -> bool:
    """Whether a plus may be one of a telephone number or of an address."""
    if ("@" in text or "%40" in text) and _ADDRESS.search(text):
        return True
    return _NUMBER.search(text) is not None


def _reads_quiet(view: str | None, walk: Walk, state: FieldState) -> bool:
    """Whether text from which an escape was taken holds nothing: stricter than for plain JSON.

    Its strings are read on their own, so that names may meet that do not meet here.
    """
    for _ in range(_LAYERS):
        if view is None:
            return False
        found = walk.visitor.signs(view, state, walk.inside)
        if found is None or found & _STRICT or _FOLDED.search(view):
            return False
        if base64.words(view, walk) or (found & _NETS and walk.visitor.holds(view)):
            return False
        walk.visitor.passed(view)
        if not found & sign.ESCAPED:
            return True
        view = _unescaped(view)
    return False


def _unescaped(text: str) -> str | None:
    """``text`` as it reads without its backslashes, if they are those of JSON.

    Python's own reading of escapes knows more than JSON's.
    """
    if _OTHER_ESCAPE.search(text):
        return None
    if "\\/" in text:
        text = text.replace("\\/", "/")
    try:
        return codecs.decode(text.encode("latin-1", "backslashreplace"), "unicode_escape")
    except UnicodeDecodeError:
        return None


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
        if labelled.may_be(value):
            return False
        shape = tuple(value)
        speaks = state.spoken.get(shape)
        if speaks is None:
            speaks = _speaks(shape, state)
            state.remember(shape, speaks)
        return not speaks and _members_silent(value, state, depth)
    if isinstance(value, list):
        return _elements_silent(value, state.step(ELEMENT), depth)
    return not _acts(state.rule)


def _members_silent(value: dict[str, Any], state: FieldState, depth: int) -> bool:
    for key, inner in value.items():
        if type(inner) in _CONTAINERS:
            below = state.step(key)
            if not below.dead and not _is_silent(inner, below, depth - 1):
                return False
    return True


def _elements_silent(value: list[Any], below: FieldState, depth: int) -> bool:
    """Records are many and alike: each is known by its members' names."""
    if below.dead:
        return True
    if _acts(below.rule):
        return False
    known = {} if below.counted or depth == 1 else below.spoken
    for inner in value:
        kind = type(inner)
        if kind is dict and known.get(tuple(inner)) is False:
            if _CONTAINERS.isdisjoint(map(type, inner.values())):
                continue
            if not _members_silent(inner, below, depth - 1):
                return False
        elif kind in _CONTAINERS and not _is_silent(inner, below, depth - 1):
            return False
    return True


def _speaks(shape: tuple[str, ...], state: FieldState) -> bool:
    """Whether one of these members may have a rule, if they stand in one object."""
    certain: set[str] = set()
    asked: list[Told] = []
    for key in shape:
        below = state.step(key)
        if _acts(below.rule):
            return True
        if below.rule is not None:
            certain.add(below.rule.vouches)
        elif below.told is not None:
            asked.append(below.told)
    return any(rule is not None for rule in settle(certain, asked))


def _acts(rule: FieldRule | None) -> bool:
    return rule is not None and rule.action not in (Action.SEARCH, Action.ALLOW)
