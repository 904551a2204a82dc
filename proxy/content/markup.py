"""HTML and XML: cut into spots by a tolerant tokenizer, spliced, never re-serialised.

A spot is a stretch of text with one way of writing characters: text, an attribute value, a
script, a style, a comment. What is put back must not break out of its spot: a restored
``O'Brien <x>`` stays text in a text node, an attribute value in an attribute, the inside of
a string in a script.

Every search runs forwards once; where a construct is not closed, the rest of the document is
one spot. So time is linear, whatever the input.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from proxy.content import base64, json
from proxy.content.coding import (
    ENTITIES,
    PERCENT,
    SCRIPT,
    TEXT_ENTITIES,
    UNQUOTED_ENTITIES,
    Entities,
    back,
)
from proxy.content.edits import Page, shift
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason


class Spot(Enum):
    """Where text stands in markup."""

    TEXT = auto()
    TAG = auto()
    SCRIPT = auto()
    DATA = auto()
    STYLE = auto()
    COMMENT = auto()
    CDATA = auto()
    BROKEN = auto()


class Stretch(NamedTuple):
    """A stretch of the document and the spot it is."""

    start: int
    end: int
    spot: Spot


_START_TAG = re.compile(
    r"<[A-Za-z][^\s/>=]*+(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)*+>"
)
_NAME = re.compile(r"<([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"([^\s=\"'<>/]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)")
_RAW_END = {
    name: re.compile(rf"</{name}", re.I) for name in ("script", "style", "textarea", "title")
}
_DATA_TYPE = re.compile(r"\btype\s*=\s*[\"']?[\w./+-]*(?:json|importmap|speculationrules)", re.I)
_TRIGGER = re.compile(r"[&%\\+]|=\s*[\"']\s*[\[{]")
_URL_ATTRIBUTES = frozenset(
    {"href", "src", "action", "formaction", "data", "poster", "cite", "background", "longdesc"}
    | {"manifest", "ping", "srcset", "imagesrcset", "xlink:href", "codebase", "profile", "usemap"}
)
_CARE = re.compile("[&<>\"'\\\\\x00-\x1f\u2028\u2029`$ ]|[^\x00-\x7f]|--")
_CSS = re.compile("[\\\\'\"<>&\x00-\x1f]")
_ENTITY_DECLARATION = re.compile(r"<!ENTITY\s", re.I)


def edits(document: str, walk: Walk, *, xml: bool = False) -> list[Edit]:
    """Edits for a document or a fragment."""
    if "<!" in document and _ENTITY_DECLARATION.search(document) and not walk.answer:
        raise Refused(Reason.UNDECODABLE, "the document declares entities of its own")
    page = Page(document)
    stretches = list(_stretches(document, xml))
    for stretch in stretches:
        _look_into(page, walk, stretch)
    found = walk.visitor.text(page.rest())
    starts = [stretch.start for stretch in stretches]
    return page.finish(
        [_written(document, edit, stretches[_index(starts, edit.start)]) for edit in found]
    )


def _index(starts: list[int], at: int) -> int:
    return max(0, bisect_right(starts, at) - 1)


# --- the tokenizer ------------------------------------------------------------------------


def _stretches(document: str, xml: bool) -> Iterator[Stretch]:
    """Cut the document; every character belongs to exactly one stretch."""
    at, size = 0, len(document)
    while at < size:
        opening = document.find("<", at)
        if opening < 0:
            yield Stretch(at, size, Spot.TEXT)
            return
        if opening > at:
            yield Stretch(at, opening, Spot.TEXT)
        at = opening
        for stretch in _construct(document, at, xml):
            yield stretch
            at = stretch.end


def _construct(document: str, at: int, xml: bool) -> Iterator[Stretch]:
    """What starts with the ``<`` at ``at``."""
    following = document[at + 1 : at + 2]
    if following.isalpha() and following.isascii():
        yield from _element(document, at, xml)
    elif following == "/":
        yield _until(document, at, ">", Spot.TAG)
    elif document.startswith("<!--", at):
        yield _until(document, at, "-->", Spot.COMMENT)
    elif document.startswith("<![CDATA[", at):
        yield _until(document, at, "]]>", Spot.CDATA)
    elif following in ("!", "?"):
        yield _until(document, at, ">", Spot.COMMENT)
    else:
        yield Stretch(at, at + 1, Spot.TEXT)


def _until(document: str, at: int, close: str, spot: Spot) -> Stretch:
    end = document.find(close, at + 2)
    return Stretch(at, len(document) if end < 0 else end + len(close), spot)


def _element(document: str, at: int, xml: bool) -> Iterator[Stretch]:
    """A start tag, and the raw contents that belong to it (script, style)."""
    match = _START_TAG.match(document, at)
    if match is None:
        yield Stretch(at, len(document), Spot.BROKEN)
        return
    end = match.end()
    yield Stretch(at, end, Spot.TAG)
    name = _NAME.match(document, at)
    word = name[1].lower() if name else ""
    if xml or word not in _RAW_END:
        return
    closing = _RAW_END[word].search(document, end)
    stop = closing.start() if closing else len(document)
    if stop > end:
        yield Stretch(end, stop, _raw_spot(word, match[0]))


def _raw_spot(name: str, tag: str) -> Spot:
    if name == "script":
        return Spot.DATA if _DATA_TYPE.search(tag) else Spot.SCRIPT
    return Spot.STYLE if name == "style" else Spot.TEXT


# --- looking into a stretch ---------------------------------------------------------------


def _look_into(page: Page, walk: Walk, stretch: Stretch) -> None:
    """Deal with a stretch that may hold more than what stands there."""
    start, end, spot = stretch
    if spot is Spot.TAG:
        if _TRIGGER.search(page.text, start, end) or base64.may_hold(page.text[start:end]):
            _attributes(page, walk, start, end)
        return
    if not _TRIGGER.search(page.text, start, end) and spot is not Spot.DATA:
        part = page.text[start:end]
        if not base64.may_hold(part):
            return
    part = page.text[start:end]
    if spot is Spot.DATA and json.is_valid(part):
        found = [_data_safe(edit) for edit in json.edits(part, walk.deeper(len(part)))]
    elif spot in (Spot.SCRIPT, Spot.DATA):
        found = _script(part, walk)
    elif spot is Spot.TEXT:
        found = back(part, walk.text(TEXT_ENTITIES.decode(part)), TEXT_ENTITIES)
    else:
        found = [_written(part, edit, Stretch(0, 0, spot)) for edit in walk.prose(part)]
    page.cover(start, end, shift(found, start))


def _script(part: str, walk: Walk) -> list[Edit]:
    """A script: strings may be escaped. Edits are found in the unescaped view."""
    view = SCRIPT.decode(part)
    return back(part, walk.prose(view), SCRIPT)


def _data_safe(edit: Edit) -> Edit:
    """JSON inside a script element must not hold ``</script``."""
    return edit._replace(replacement=edit.replacement.replace("<", "\\u003c"))


def _attributes(page: Page, walk: Walk, start: int, end: int) -> None:
    for match in _ATTRIBUTE.finditer(page.text, start, end):
        raw = match[2]
        quoted = raw[0] in "\"'"
        first = match.start(2) + quoted
        inside = raw[1:-1] if quoted else raw
        if not _TRIGGER.search("=" + raw) and not base64.may_hold(inside):
            continue
        coding = _quoting(raw)
        found = [_in_attribute(edit, match[1].lower()) for edit in walk.text(coding.decode(inside))]
        page.cover(first, first + len(inside), shift(back(inside, found, coding), first))


def _quoting(raw: str) -> Entities:
    """What an attribute value must escape, by the way it is quoted."""
    if raw[0] == '"':
        return TEXT_ENTITIES
    return ENTITIES if raw[0] == "'" else UNQUOTED_ENTITIES


def _in_attribute(edit: Edit, name: str) -> Edit:
    """What an attribute's own language asks for, before it is written as an attribute."""
    replacement = edit.replacement
    if name.startswith("on"):
        replacement = SCRIPT.encode(replacement, "", "")
    elif name == "style":
        replacement = _CSS.sub(_css_escape, replacement)
    elif name in _URL_ATTRIBUTES and "%" not in replacement:
        replacement = PERCENT.encode(replacement, "@:/", "")
    return edit._replace(replacement=replacement)


def _css_escape(match: re.Match[str]) -> str:
    return f"\\{ord(match[0]):x} "


# --- writing what was found in the open -----------------------------------------------------


def _written(document: str, edit: Edit, stretch: Stretch) -> Edit:
    """Write a replacement the way its spot asks for."""
    replacement = edit.replacement
    if not _CARE.search(replacement):
        return edit
    spot = stretch.spot
    if spot is Spot.TAG:
        return _written_in_tag(document, edit, stretch)
    if spot is Spot.TEXT:
        replacement = TEXT_ENTITIES.encode(replacement, "", "")
    elif spot is Spot.BROKEN:
        replacement = UNQUOTED_ENTITIES.encode(replacement, "", "")
    elif spot in (Spot.SCRIPT, Spot.DATA):
        replacement = SCRIPT.encode(replacement, "", "")
    elif spot is Spot.STYLE:
        replacement = _CSS.sub(_css_escape, replacement)
    elif spot is Spot.COMMENT:
        replacement = replacement.replace(">", "&gt;").replace("--", "-&#45;")
    else:
        replacement = replacement.replace("]]>", "]]]]><![CDATA[>")
    return edit._replace(replacement=replacement)


def _written_in_tag(document: str, edit: Edit, stretch: Stretch) -> Edit:
    for match in _ATTRIBUTE.finditer(document, stretch.start, stretch.end):
        if match.start(2) <= edit.start and edit.end <= match.end(2):
            edit = _in_attribute(edit, match[1].lower())
            coding = _quoting(match[2])
            return edit._replace(replacement=coding.encode(edit.replacement, "", ""))
    return edit._replace(replacement=UNQUOTED_ENTITIES.encode(edit.replacement, "", ""))
