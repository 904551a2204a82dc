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

from proxy.content import base64, json, xml_fields
from proxy.content.batch import Batch, holds_more
from proxy.content.coding import (
    CDATA,
    CSS,
    ENTITIES,
    SCRIPT,
    TEXT_ENTITIES,
    UNQUOTED_ENTITIES,
    Coding,
    Entities,
    Writer,
    back,
    cdata_escape,
    css_escape,
    escapes_letters,
    json_escape,
    script_escape,
    url_escape,
)
from proxy.content.edits import Page, shift
from proxy.content.flow import Flow, spread
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.policy.model import FieldState
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


class Cut:
    """The constructs of a document in order; what lies between them is text."""

    __slots__ = ("ends", "size", "spots", "starts")

    def __init__(self, size: int) -> None:
        self.size = size
        self.starts = [0]
        self.ends = [0]
        self.spots = [Spot.TEXT]

    def add(self, start: int, end: int, spot: Spot) -> None:
        self.starts.append(start)
        self.ends.append(end)
        self.spots.append(spot)

    def all(self) -> Iterator[Stretch]:
        """Every stretch of the document."""
        at = 0
        for start, end, spot in zip(self.starts, self.ends, self.spots, strict=True):
            if start > at:
                yield Stretch(at, start, Spot.TEXT)
            if end > start:
                yield Stretch(start, end, spot)
            at = end
        if at < self.size:
            yield Stretch(at, self.size, Spot.TEXT)

    def at(self, place: int) -> Stretch:
        """The stretch around ``place``."""
        index = bisect_right(self.starts, place) - 1
        end = self.ends[index]
        if place < end:
            return Stretch(self.starts[index], end, self.spots[index])
        following = self.starts[index + 1] if index + 1 < len(self.starts) else self.size
        return Stretch(end, following, Spot.TEXT)


_OPENING = re.compile(
    r"<(?:(/[^>]*+>)"
    r"|([A-Za-z][^\s/>=]*+)"
    r"((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)*+>)?+"
    r"|(!--)|(!\[CDATA\[)|([!?/]))"
)
_ATTRIBUTE = re.compile(r"([^\s=\"'<>/]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)")
_RAW_END = {
    name: re.compile(rf"</{name}", re.I) for name in ("script", "style", "textarea", "title")
}
_ESCAPED_QUOTES = re.compile(r"=\s*(\\+[\"'])(.*?)\1", re.S)
"""A value between quotes that a format around the markup has escaped."""
_DATA_TYPE = re.compile(r"\btype\s*=\s*[\\\"']*[\w./+-]*(?:json|importmap|speculationrules)", re.I)
_CODE = ("on", "style")
_MAY_NEST = re.compile(r"[&%\\+]|[A-Za-z0-9+/_-]{11}")
"""What a stretch of a tag may hold that has to be undone; 11 is the shortest base64 word."""
_TRIGGER = re.compile(r"[&%\\+]|=\s*[\"']\s*[\[{]")
_URL_ATTRIBUTES = frozenset(
    {"href", "src", "action", "formaction", "data", "poster", "cite", "background", "longdesc"}
    | {"manifest", "ping", "srcset", "imagesrcset", "xlink:href", "codebase", "profile", "usemap"}
)
_END_TAG, _CUT_SHORT, _START_TAG = 1, 2, 3
_CLOSES = {
    4: ("-->", Spot.COMMENT),
    5: ("]]>", Spot.CDATA),
    6: (">", Spot.COMMENT),
}
_CARE = re.compile("[=&<>\"'\\\\\x00-\x1f\u2028\u2029`$ ]|[^\x00-\x7f]|--")
_ENTITY_DECLARATION = re.compile(r"<!ENTITY\s", re.I)


def edits(
    document: str, walk: Walk, *, xml: bool = False, state: FieldState | None = None
) -> list[Edit]:
    """Edits for a document or a fragment.

    ``state``: the field rules, by default those of what stands inside something else.
    """
    if "<!" in document and _ENTITY_DECLARATION.search(document) and not walk.answer:
        raise Refused(Reason.UNDECODABLE, "the document declares entities of its own")
    cut = _cut(document, xml)
    ruled: list[Edit] = []
    state = walk.inside if state is None else state
    if not walk.answer and xml_fields.may_tell(document, state, xml=xml):
        spots = ((start, end, spot.name.lower()) for start, end, spot in cut.all())
        document, ruled = xml_fields.apply(document, spots, walk, state, xml=xml)
    page = Page(document)
    page.edits += ruled
    batch = Batch(page, walk)
    rich = _rich(document, cut, walk)
    flow = None if walk.answer else Flow(xml=xml)
    apart: set[int] = set()
    for stretch in rich:
        if flow is not None and _is_text(stretch, xml):
            apart.add(stretch.start)
        else:
            _look_into(batch, walk, stretch)
    if flow is not None:
        _fill(flow, cut, page, walk, apart)
        page.edits += flow.edits(walk)
    batch.run()
    found = walk.visitor.text(page.rest())
    edits = page.finish([_written(document, edit, cut.at(edit.start)) for edit in found])
    return spread(document, edits) if walk.answer and edits else edits


def _is_text(stretch: Stretch, xml: bool) -> bool:
    return stretch.spot is Spot.TEXT or (xml and stretch.spot is Spot.CDATA)


def _fill(flow: Flow, cut: Cut, page: Page, walk: Walk, apart: set[int]) -> None:
    """Every stretch of the document in order. Those ``apart`` hold more than they show."""
    document = page.text
    for start, end, spot in cut.all():
        if spot is Spot.TEXT:
            raw = document[start:end]
            found = _inside(raw, TEXT_ENTITIES, walk) if start in apart else []
            flow.text(start, raw, found)
            page.cover(start, end, shift(found, start))
        elif spot is Spot.TAG:
            flow.tag(document, start)
        elif spot is Spot.CDATA and flow.xml:
            first = min(start + len("<![CDATA["), end)
            raw = document[first:end].removesuffix("]]>")
            found = _inside(raw, CDATA, walk) if start in apart else []
            flow.text(first, raw, found, CDATA)
            page.cover(first, first + len(raw), shift(found, first))
        elif spot is not Spot.COMMENT:
            flow.part()


def _inside(raw: str, coding: Coding, walk: Walk) -> list[Edit]:
    """What a stretch of text holds beyond what it shows: a further encoding."""
    view = coding.decode(raw)
    return back(raw, walk.text(view), coding) if holds_more(view, walk) else []


def _rich(document: str, cut: Cut, walk: Walk) -> list[Stretch]:
    """The stretches that may hold more than what stands there, in order."""
    places = [match.start() for match in _TRIGGER.finditer(document)]
    words = base64.words(document, walk)
    if words:
        places = sorted(places + [start for start, _ in base64.places(document, words)])
    rich: list[Stretch] = []
    done = 0
    for place in places:
        if place >= done:
            rich.append(cut.at(place))
            done = rich[-1].end
    return rich


# --- the tokenizer ------------------------------------------------------------------------


def _cut(document: str, xml: bool) -> Cut:
    cut = Cut(len(document))
    at, size = 0, len(document)
    add, search = cut.add, _OPENING.search
    while match := search(document, at):
        start, at = match.span()
        kind = match.lastindex
        if kind == _END_TAG:
            add(start, at, Spot.TAG)
        elif kind == _START_TAG:
            add(start, at, Spot.TAG)
            name = match[2].lower()
            if name in _RAW_END and not xml and at < size:
                at = _raw_content(cut, document, at, name, match[0])
        elif kind == _CUT_SHORT:
            add(start, size, Spot.BROKEN)
            break
        else:
            close, spot = _CLOSES[kind or 0]
            end = document.find(close, start + 2)
            at = size if end < 0 else end + len(close)
            add(start, at, spot)
    return cut


def _raw_content(cut: Cut, document: str, at: int, name: str, tag: str) -> int:
    """What belongs to an element whose content is not markup; gives its end."""
    closing = _RAW_END[name].search(document, at)
    stop = closing.start() if closing else len(document)
    if stop > at:
        spot = Spot.STYLE if name == "style" else Spot.TEXT
        if name == "script":
            spot = Spot.DATA if _DATA_TYPE.search(tag) else Spot.SCRIPT
        cut.add(at, stop, spot)
    return stop


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
        found = [
            edit._replace(replacement=_data_safe(edit.replacement))
            for edit in json.edits(part, walk)
        ]
    elif spot in (Spot.SCRIPT, Spot.DATA):
        found = _script(part, walk)
    elif spot is Spot.STYLE and "\\" in part:
        found = back(part, walk.prose(CSS.decode(part)), CSS)
    else:
        found = [_written(part, edit, Stretch(0, 0, spot)) for edit in walk.prose(part)]
    batch.page.cover(start, end, shift(found, start))


def _script(part: str, walk: Walk) -> list[Edit]:
    """A script: strings may be escaped. Edits are found in the unescaped view."""
    view = SCRIPT.decode(part)
    return back(part, walk.prose(view), SCRIPT)


def _data_safe(written: str) -> str:
    """JSON inside a script element must not hold ``</script``."""
    return written.replace("<", "\\u003c")


def _attributes(batch: Batch, start: int, end: int) -> None:
    """Quoted values, each in its own language; what else stands in the tag, as it stands.

    A value without quotes ends at a space, but a careless page writes ``title=Léa Martin``:
    cut out on its own, it would part the name. Only code (``onclick``, ``style``) is.
    """
    text, at = batch.page.text, start + 1  # with its < it would be taken for markup once more
    for match in _ATTRIBUTE.finditer(text, start, end):
        raw, name = match[2], match[1].lower()
        quoted = raw[0] in "\"'"
        if not quoted and not name.startswith(_CODE):
            continue
        inside = raw[1:-1] if quoted else raw
        coding: Coding = _Value(name, _quoting(raw))
        if name == "style" and "\\" in inside and "&" not in inside:
            coding = CSS
        _loose(batch, at, match.start(2))
        batch.add(match.start(2) + quoted, inside, coding.decode(inside), coding)
        at = match.end(2)
    _loose(batch, at, end)


def _loose(batch: Batch, start: int, end: int) -> None:
    text = batch.page.text
    if not _MAY_NEST.search(text, start, end):
        return
    for match in _ESCAPED_QUOTES.finditer(text, start, end):
        _add(batch, start, match.start(2), UNQUOTED_ENTITIES)
        _add(batch, *match.span(2), ENTITIES)
        start = match.end(2)
    _add(batch, start, end, UNQUOTED_ENTITIES)


def _add(batch: Batch, start: int, end: int, entities: Entities) -> None:
    raw = batch.page.text[start:end]
    batch.add(start, raw, entities.decode(raw), entities)


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

    def escape(self, replacement: str) -> str:
        return self.entities.escape(_in_attribute(replacement, self.name))

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: self.escape(replacement)


def _quoting(raw: str) -> Entities:
    """What an attribute value must escape, by the way it is quoted."""
    if raw[0] == '"':
        return TEXT_ENTITIES
    return ENTITIES if raw[0] == "'" else UNQUOTED_ENTITIES


def _in_attribute(replacement: str, name: str) -> str:
    """What an attribute's own language asks for."""
    if name.startswith("on"):
        return script_escape(replacement)
    if name == "style":
        return css_escape(replacement)
    if name in _URL_ATTRIBUTES and "%" not in replacement:
        return url_escape(replacement, "@:")
    return replacement


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
        replacement = TEXT_ENTITIES.escape(replacement)
    elif spot is Spot.BROKEN:
        replacement = UNQUOTED_ENTITIES.escape(replacement)
    elif spot is Spot.DATA:
        around = document[stretch.start : stretch.end]
        replacement = _data_safe(json_escape(replacement, escapes_letters(around)))
    elif spot is Spot.SCRIPT:
        replacement = script_escape(replacement)
    elif spot is Spot.STYLE:
        replacement = css_escape(replacement)
    elif spot is Spot.COMMENT:
        replacement = replacement.replace(">", "&gt;").replace("--", "-&#45;")
    else:
        replacement = cdata_escape(replacement)
    return edit._replace(replacement=replacement)


def _written_in_tag(document: str, edit: Edit, stretch: Stretch) -> Edit:
    for match in _ATTRIBUTE.finditer(document, stretch.start, stretch.end):
        if match.start(2) <= edit.start and edit.end <= match.end(2):
            coding = _Value(match[1].lower(), _quoting(match[2]))
            return edit._replace(replacement=coding.escape(edit.replacement))
    for match in _ESCAPED_QUOTES.finditer(document, stretch.start, stretch.end):
        if match.start(2) <= edit.start and edit.end <= match.end(2):
            return edit._replace(replacement=ENTITIES.escape(edit.replacement))
    return edit._replace(replacement=UNQUOTED_ENTITIES.escape(edit.replacement))
