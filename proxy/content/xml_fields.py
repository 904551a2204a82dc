"""Field rules in XML: elements and attributes are members like those of JSON.

``<eleve nom="Martin"><prenom>Jean</prenom></eleve>`` reads like ``{"eleve": {"nom": "Martin",
"prenom": "Jean"}}``: an element is an object of its attributes and of the elements in it, one that
holds nothing but text is a value. Namespaces are left aside. ``<attribute name="prenom">Jean`` is
read by the name that it gives. What stands under a rule is dealt with here and hidden from the
text search that follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from proxy.content.coding import CDATA, ENTITIES, TEXT_ENTITIES, Coding, back
from proxy.content.edits import shift
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.mentioned import mentioned
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState
from proxy.policy.plausible import looks_like
from proxy.policy.telling import Told, settle

_NAME = re.compile(r"</?([^\s/>]+)")
_ELEMENTS = re.compile(r"<([A-Za-z_][\w.:-]*+)")
_ATTRIBUTES = re.compile(r"\s([A-Za-z_][\w.:-]*+)\s*+=\s*+[\"']")
_DEEP = 64
_LAST = re.compile(r"[:/#]")
_PAIR = re.compile(r"([^\s=\"'<>/]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+')")
_GENERIC = frozenset(
    "attribute param parameter field property item entry data champ column var variable value "
    "arg argument extra metadata meta option setting simpledata".split()
)
"""Elements that say by an attribute what they hold."""
_VALUES = frozenset({"value", "attributevalue", "string", "text"})
"""Elements in such a one that hold its value."""
_SAYS = ("name", "key", "nom", "cle", "fieldname", "field")
_HTML = frozenset(
    "a abbr acronym address applet area article aside audio b base bdi bdo big blockquote body br "
    "button canvas caption center cite code col colgroup data datalist dd del details dfn dialog "
    "dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 "
    "h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map "
    "mark marquee menu meta meter nav nobr noframes noscript object ol optgroup option output p "
    "picture pre progress q rb rp rt ruby s samp script search section select slot small "
    "source span strike strong style sub summary sup table tbody td template text textarea tfoot "
    "th thead time title tr track tt u ul var video wbr svg g path math".split()
)
"""In HTML these mean what HTML says, whatever their names tell elsewhere."""


class _Piece(NamedTuple):
    """A part of a value: where it stands and how it is written."""

    start: int
    end: int
    coding: Coding


type _Value = list[_Piece]


class _Element:
    """An open element: what it is to the rules, and what it holds so far."""

    __slots__ = ("asked", "certain", "is_leaf", "name", "pieces", "said", "state")

    def __init__(self, name: str, state: FieldState) -> None:
        self.name, self.state = name, state
        self.is_leaf = True
        self.said = False
        """Whether an attribute says what it holds."""
        self.pieces: _Value = []
        self.certain: set[str] = set()
        self.asked: list[tuple[Told, _Value]] = []


def may_tell(document: str, state: FieldState, *, xml: bool) -> bool:
    """Whether any element or attribute has a name that matters: one look at all of them."""
    if state.dead:
        return False
    known = mentioned(state)
    written = set(_ELEMENTS.findall(document))
    if xml:
        written.update(_ATTRIBUTES.findall(document))
    else:
        written = {name for name in written if name.lower() not in _HTML}
        if written:
            written.update(_ATTRIBUTES.findall(document))
    names = {name.rpartition(":")[2] for name in written}
    if names and known.any:
        return True
    if _GENERIC & {name.lower() for name in names}:
        return True
    telling = state.telling
    for name in names:
        key = name.lower() if state.fold else name
        if key in known.fields or key in known.typed:
            return True
        if telling is not None and telling.of(name) != Told():
            return True
    return False


def below(state: FieldState, around: list[str]) -> FieldState:
    """The state inside these elements."""
    for name in around:
        state = _step(state, name.rpartition(":")[2])
    return state


def apply(
    document: str,
    stretches: Iterator[tuple[int, int, str]],
    walk: Walk,
    state: FieldState,
    *,
    xml: bool,
) -> tuple[str, list[Edit]]:
    """The document with ruled values hidden, and the edits in them.

    ``stretches``: start, end, and ``tag``, ``text``, ``cdata`` or something else.
    """
    reading = _Reading(document, state, xml=xml)
    for start, end, kind in stretches:
        reading.read(start, end, kind)
    edits: list[Edit] = []
    hidden: list[tuple[int, int]] = []
    for rule, value in sorted(reading.finish(), key=lambda spot: spot[1][0].start):
        found = _ruled(document, rule, value, walk)
        if found is not None:
            edits += found
            hidden += [(piece.start, piece.end) for piece in value]
    return _masked(document, hidden), edits


class _Reading:
    """Follows the tags of one document."""

    def __init__(self, document: str, state: FieldState, *, xml: bool) -> None:
        self._document, self._xml = document, xml
        self._open = [_Element("", state)]
        self._spots: list[tuple[FieldRule, _Value]] = []

    def read(self, start: int, end: int, kind: str) -> None:
        if kind == "tag":
            self._tag(start, end)
        elif kind == "text":
            self._piece(start, end, TEXT_ENTITIES)
        elif kind == "cdata":
            first = min(start + len("<![CDATA["), end)
            last = end - 3 if self._document.endswith("]]>", first, end) else end
            self._piece(first, last, CDATA)

    def finish(self) -> list[tuple[FieldRule, _Value]]:
        while len(self._open) > 1:
            self._leave(self._open.pop())
        self._settle(self._open[0])
        return self._spots

    def _piece(self, start: int, end: int, coding: Coding) -> None:
        raw = self._document[start:end]
        start += len(raw) - len(raw.lstrip())
        end -= len(raw) - len(raw.rstrip())
        if start < end:
            self._open[-1].pieces.append(_Piece(start, end, coding))

    def _tag(self, start: int, end: int) -> None:
        match = _NAME.match(self._document, start, end)
        if match is None:
            return
        name = match[1].rpartition(":")[2]
        known = self._xml or name.lower() not in _HTML
        if self._document.startswith("</", start):
            if known:
                self._close(name)
            return
        self._open[-1].is_leaf = False
        if not known:
            return
        pairs = {
            pair[1].rpartition(":")[2]: _quoted(pair)
            for pair in _PAIR.finditer(self._document, match.end(), end)
            if not pair[1].startswith("xmlns")
        }
        element = self._opened(name, pairs)
        if self._document.startswith("/>", end - 2):
            self._leave(element)
        else:
            self._open.append(element)

    def _opened(self, name: str, pairs: dict[str, _Piece]) -> _Element:
        parent = self._open[-1]
        said = _said(name, pairs)
        if said is not None:
            given = self._document[pairs[said].start : pairs[said].end]
            element = _Element(name, _step(parent.state, _LAST.split(given)[-1]))
            element.said = True
            if "value" in pairs:
                element.pieces.append(pairs["value"])
            return element
        holds = parent.said and name.lower() in _VALUES
        element = _Element(name, parent.state if holds else _step(parent.state, name))
        for attribute, piece in pairs.items():
            if piece.start < piece.end:
                self._value(element, _step(element.state, attribute), [piece])
        return element

    def _close(self, name: str) -> None:
        """Of elements that nobody closed, an end tag closes those inside."""
        if not any(element.name == name for element in self._open[:0:-1][:_DEEP]):
            return
        while self._open[-1].name != name:
            self._leave(self._open.pop())
        self._leave(self._open.pop())

    def _leave(self, element: _Element) -> None:
        if element.is_leaf and element.pieces:
            parent = self._open[-1]
            if parent.said and len(self._open) > 1:
                parent = self._open[-2]
            self._value(parent, element.state, element.pieces)
        self._settle(element)

    def _value(self, holder: _Element, state: FieldState, value: _Value) -> None:
        if state.rule is None and state.told is None and ELEMENT in state.next:
            state = state.step(ELEMENT)
        if state.rule is not None:
            holder.certain.add(state.rule.kind)
            self._spots.append((state.rule, value))
        elif state.told is not None:
            holder.asked.append((state.told, value))

    def _settle(self, element: _Element) -> None:
        """What stands beside them decides on members with ambiguous names."""
        if element.asked:
            rules = settle(element.certain, [told for told, _ in element.asked])
            for rule, (_, value) in zip(rules, element.asked, strict=True):
                if rule is not None:
                    self._spots.append((rule, value))


def _said(name: str, pairs: dict[str, _Piece]) -> str | None:
    """The attribute by which an element says what it holds."""
    if name.lower() not in _GENERIC:
        return None
    lower = {attribute.lower(): attribute for attribute in pairs}
    return next((lower[each] for each in _SAYS if each in lower), None)


def _step(state: FieldState, name: str) -> FieldState:
    """Into a member; or, where rules know a list here, into the same member of an element."""
    if ELEMENT in state.next and (name.lower() if state.fold else name) not in state.next:
        element = state.next[ELEMENT]
        return element.step(name) if name in element.next else element
    return state.step(name)


def _quoted(pair: re.Match[str]) -> _Piece:
    """The inside of an attribute's value."""
    coding = TEXT_ENTITIES if pair[2][0] == '"' else ENTITIES
    return _Piece(pair.start(2) + 1, pair.end(2) - 1, coding)


def _ruled(document: str, rule: FieldRule, value: _Value, walk: Walk) -> list[Edit] | None:
    """The edits of a value under a rule; ``None`` if the rule does not deal with it."""
    raw = [document[piece.start : piece.end] for piece in value]
    views = [piece.coding.decode(text) for piece, text in zip(value, raw, strict=True)]
    if rule.action is Action.SEARCH:
        with walk.typed():
            return [
                edit
                for piece, text, view in zip(value, raw, views, strict=True)
                for edit in shift(back(text, walk.text(view), piece.coding), piece.start)
            ]
    whole = "".join(views)
    if rule.guessed and not looks_like(rule.kind, whole):
        return None
    answer = walk.visitor.field(rule, whole)
    if answer is None:
        return []
    written = "" if isinstance(answer, Drop) else answer
    edits = []
    for piece, text in zip(value, raw, strict=True):
        escaped = piece.coding.writer(text)(written, text) if written else ""
        edits.append(Edit(piece.start, piece.end, escaped))
        written = ""  # a value in several pieces stands in the first
    return edits


def _masked(document: str, hidden: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in hidden:
        pieces += (document[at:start], "\0" * (end - start))
        at = end
    return "".join((*pieces, document[at:]))
