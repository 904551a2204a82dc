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
from proxy.content.batch import Batch
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


_OPENING = re.compile(
    r"<(?:([A-Za-z][^\s/>=]*+)"
    r"((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)*+>)?+"
    r"|(/)|(!--)|(!\[CDATA\[)|([!?]))"
)
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
    stretches = _stretches(document, xml)
    starts = [stretch.start for stretch in stretches]
    page = Page(document)
    batch = Batch(page, walk)
    for index in _indices(document, starts, walk):
        _look_into(batch, walk, stretches[index])
    batch.run()
    found = walk.visitor.text(page.rest())
    return page.finish(
        [
            _written(document, edit, stretches[bisect_right(starts, edit.start) - 1])
            for edit in found
        ]
    )


def _indices(document: str, starts: list[int], walk: Walk) -> list[int]:
    """The stretches that may hold more than what stands there."""
    places = [match.start() for match in _TRIGGER.finditer(document)]
    words = base64.words(document, walk)
    if words:
        places += [start for start, _ in base64.places(document, words)]
    return sorted({bisect_right(starts, place) - 1 for place in places})


# --- the tokenizer ------------------------------------------------------------------------


def _stretches(document: str, xml: bool) -> list[Stretch]:
    """Cut the document; every character belongs to exactly one stretch."""
    stretches: list[Stretch] = []
    at, size = 0, len(document)
    while match := _OPENING.search(document, at):
        opening = match.start()
        if opening > at:
            stretches.append(Stretch(at, opening, Spot.TEXT))
        name = match[1]
        if name is None:
            stretch = _construct(document, match)
        elif match[2] is None:
            stretch = Stretch(opening, size, Spot.BROKEN)
        else:
            stretch = Stretch(opening, match.end(), Spot.TAG)
        stretches.append(stretch)
        at = stretch.end
        if name is not None and not xml and name.lower() in _RAW_END and at < size:
            content = _raw_content(document, at, name.lower(), match[0])
            if content is not None:
                stretches.append(content)
                at = content.end
    if at < size or not stretches:
        stretches.append(Stretch(at, size, Spot.TEXT))
    return stretches


def _construct(document: str, match: re.Match[str]) -> Stretch:
    """An end tag, a comment, a CDATA section or a declaration."""
    at = match.start()
    if match[3]:
        return _until(document, at, ">", Spot.TAG)
    if match[4]:
        return _until(document, at, "-->", Spot.COMMENT)
    if match[5]:
        return _until(document, at, "]]>", Spot.CDATA)
    return _until(document, at, ">", Spot.COMMENT)


def _until(document: str, at: int, close: str, spot: Spot) -> Stretch:
    end = document.find(close, at + 2)
    return Stretch(at, len(document) if end < 0 else end + len(close), spot)


def _raw_content(document: str, at: int, name: str, tag: str) -> Stretch | None:
    """What belongs to an element whose content is not markup."""
    closing = _RAW_END[name].search(document, at)
    stop = closing.start() if closing else len(document)
    if stop == at:
        return None
    if name == "script":
        return Stretch(at, stop, Spot.DATA if _DATA_TYPE.search(tag) else Spot.SCRIPT)
    return Stretch(at, stop, Spot.STYLE if name == "style" else Spot.TEXT)


# --- looking into a stretch ---------------------------------------------------------------


def _look_into(batch: Batch, walk: Walk, stretch: Stretch) -> None:
    """Deal with a stretch that may hold more than what stands there."""
    start, end, spot = stretch
    if spot is Spot.TAG:
        _attributes(batch, start, end)
        return
    part = batch.page.text[start:end]
    if spot is Spot.TEXT:
        batch.add(start, part, TEXT_ENTITIES.decode(part), TEXT_ENTITIES)
        return
    if spot is Spot.DATA and json.is_valid(part):
        found = [_data_safe(edit) for edit in json.edits(part, walk)]
    elif spot in (Spot.SCRIPT, Spot.DATA):
        found = _script(part, walk)
    else:
        found = [_written(part, edit, Stretch(0, 0, spot)) for edit in walk.prose(part)]
    batch.page.cover(start, end, shift(found, start))


def _script(part: str, walk: Walk) -> list[Edit]:
    """A script: strings may be escaped. Edits are found in the unescaped view."""
    view = SCRIPT.decode(part)
    return back(part, walk.prose(view), SCRIPT)


def _data_safe(edit: Edit) -> Edit:
    """JSON inside a script element must not hold ``</script``."""
    return edit._replace(replacement=edit.replacement.replace("<", "\\u003c"))


def _attributes(batch: Batch, start: int, end: int) -> None:
    for match in _ATTRIBUTE.finditer(batch.page.text, start, end):
        raw = match[2]
        quoted = raw[0] in "\"'"
        inside = raw[1:-1] if quoted else raw
        coding = _Value(match[1].lower(), _quoting(raw))
        batch.add(match.start(2) + quoted, inside, coding.decode(inside), coding)


class _Value:
    """An attribute value: written in the attribute's own language, then as an attribute."""

    __slots__ = ("entities", "name")

    def __init__(self, name: str, entities: Entities) -> None:
        self.name = name
        self.entities = entities

    def decode(self, raw: str) -> str:
        return self.entities.decode(raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        return self.entities.units(raw)

    def encode(self, replacement: str, spot: str, raw: str) -> str:
        return self.entities.encode(_in_attribute(replacement, self.name), spot, raw)


def _quoting(raw: str) -> Entities:
    """What an attribute value must escape, by the way it is quoted."""
    if raw[0] == '"':
        return TEXT_ENTITIES
    return ENTITIES if raw[0] == "'" else UNQUOTED_ENTITIES


def _in_attribute(replacement: str, name: str) -> str:
    """What an attribute's own language asks for."""
    if name.startswith("on"):
        return SCRIPT.encode(replacement, "", "")
    if name == "style":
        return _CSS.sub(_css_escape, replacement)
    if name in _URL_ATTRIBUTES and "%" not in replacement:
        return PERCENT.encode(replacement, "@:/", "")
    return replacement


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
            coding = _Value(match[1].lower(), _quoting(match[2]))
            return edit._replace(replacement=coding.encode(edit.replacement, "", ""))
    return edit._replace(replacement=UNQUOTED_ENTITIES.encode(edit.replacement, "", ""))
