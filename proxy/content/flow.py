"""Text as a reader sees it, across tags: ``<b>Jean</b> <i>Martin</i>`` is one name.

Inline tags and comments leave nothing behind, a line break or the change from one cell to the
next leaves a space, every other tag parts what stands on either side. White space counts as
one space, as a browser shows it. In XML, an element that follows its neighbour is like a cell.

A name that stands in several stretches is replaced in the first of them. What the others held
becomes as many word joiners (U+2060, written as a reference, invisible) as they held words, so
that the way back can give each its words again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from proxy.content.coding import JOINER, TEXT_ENTITIES, Coding, back
from proxy.content.edits import shift
from proxy.content.url_spots import in_urls
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_GLUE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr o:p "
    "output q rb rp rt ruby s samp small span strike strong sub sup time tt tspan u var wbr".split()
)
"""Elements that do not part a word."""
_SPACE = frozenset("br td th dt dd".split())
"""Elements that part words, but not a name."""
_TAG_NAME = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_GAP = re.compile("([ \xa0\u202f]+)")
_SPACES = re.compile(r"[\t\n\r\f][ \t\n\r\f]*+| [ \t\n\r\f]++")
_EMPTIED = re.compile(
    r"(?:\s|&(?:nbsp|#(?:32|160|x20|xa0));|\]\]>|<!\[CDATA\[|<!--(?:[^<>-]|-(?!->)){0,2000}+-->"
    r"|<[^<>\"']{0,500}+(?:\"[^\"]{0,2000}+\"[^<>\"']{0,500}+|'[^']{0,2000}+'[^<>\"']{0,500}+)*+>)*+"
    r"((?:\u2060|&#(?:8288|x2060);|&NoBreak;)++)"
)
_ONE_JOINER = re.compile(r"\u2060|&[^;]*;")
_WORD_GAP = re.compile("[ \xa0\u202f]+")
_TAGS = r"\s[^<>\"']*+(?:\"[^<>\"]*+\"[^<>\"']*+|'[^<>']*+'[^<>\"']*+)*+"
_NAMES = "|".join(sorted(_GLUE, key=len, reverse=True))
_SIMPLE = re.compile(
    rf"</?(?:{_NAMES})(?:{_TAGS})?+/?>|<!--(?:[^<>-]|-(?!->))*+-->|\]\]>|<!\[CDATA\[|<\?[^<>]*+>",
    re.I,
)
_NOT_SIMPLE = re.compile(
    rf"</?(?:{_NAMES})(?![\w:.-])|<!(?!doctype)|<\?|<(?:script|style|textarea|title)", re.I
)
_ANY_TAG = re.compile(r"<[^<>]*+>")


class _Fragment(NamedTuple):
    """A stretch of text: where it begins in the flow and in the document, and how it stands."""

    at: int
    start: int
    raw: str
    view: str
    coding: Coding


class Flow:
    """The text of one document. Give it every stretch in order, then ``edits``."""

    __slots__ = ("_fragments", "_parted", "_pieces", "_size", "_spaced", "xml")

    def __init__(self, *, xml: bool) -> None:
        self.xml = xml
        self._fragments: list[_Fragment] = []
        self._pieces: list[str] = []
        self._size = 0
        self._spaced = False
        self._parted: list[bool] = []
        """Tags since the last text that are not inline; true for one that parts."""

    def text(self, start: int, raw: str, found: list[Edit], coding: Coding = TEXT_ENTITIES) -> None:
        """A stretch of text. ``found``: edits of its own, on ``raw``, are not to be seen."""
        if found:
            raw = _masked(raw, found)
        at = 0
        for space in _SPACES.finditer(raw):
            self._word(start + at, raw[at : space.start()], coding)
            self._spaced = True
            at = space.end()
        self._word(start + at, raw[at:], coding)

    def _word(self, start: int, raw: str, coding: Coding) -> None:
        if not raw:
            return
        if raw == " ":
            self._spaced = True
            return
        if self._parted:
            self._add("\n" if any(self._parted) or len(self._parted) > 2 else " ")
        elif self._spaced:
            self._add(" ")
        self._parted, self._spaced = [], False
        view = coding.decode(raw) if "&" in raw else raw
        self._fragments.append(_Fragment(self._size, start, raw, view, coding))
        self._add(view)

    def tag(self, document: str, start: int) -> None:
        """A tag between stretches of text."""
        match = _TAG_NAME.match(document, start)
        name = match[2].lower() if match else ""
        if name not in _GLUE:
            self._parted.append(name not in _SPACE and not self.xml)

    def part(self) -> None:
        """Something that parts text: a script, a style."""
        self._parted.append(True)

    def _add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._size += len(piece)

    def edits(self, walk: Walk) -> list[Edit]:
        """Edits on the document."""
        text = "".join(self._pieces)
        local: dict[int, list[Edit]] = {}
        starts = [fragment.at for fragment in self._fragments]
        for edit in in_urls(text, walk.visitor.text(text)):
            replacement = edit.replacement
            index = bisect_right(starts, edit.start) - 1
            while index < len(starts) and starts[index] < edit.end:
                part = self._portion(text, edit, index)
                if part is not None:
                    local.setdefault(index, []).append(part._replace(replacement=replacement))
                index += 1
                replacement = ""
                if index < len(starts) and starts[index] < edit.end:
                    replacement = self._joiners(text, edit, index)
        carried: list[Edit] = []
        for index, edits in sorted(local.items()):
            fragment = self._fragments[index]
            carried += shift(back(fragment.raw, edits, fragment.coding), fragment.start)
        return carried

    def _portion(self, text: str, edit: Edit, index: int) -> Edit | None:
        """What an edit takes of a fragment, without the white space around: it stays."""
        at, _, _, view, _ = self._fragments[index]
        start, end = max(edit.start, at), min(edit.end, at + len(view))
        taken = text[start:end]
        start += len(taken) - len(taken.lstrip())
        end -= len(taken) - len(taken.rstrip())
        return Edit(start - at, end - at, "") if start < end else None

    def _joiners(self, text: str, edit: Edit, index: int) -> str:
        """One for each word that begins in this fragment; none for the rest of a word before."""
        part = self._portion(text, edit, index)
        if part is None:
            return ""
        at = self._fragments[index].at
        taken = text[at + part.start : at + part.end]
        words = len(_WORD_GAP.split(taken))
        if _WORD_GAP.match(text, at + part.start - 1):
            return JOINER * words
        gap = _WORD_GAP.search(taken)
        return gap[0] + JOINER * (words - 1) if gap else ""


def _masked(raw: str, edits: list[Edit]) -> str:
    """``raw`` with zero bytes where edits stand that are already made."""
    pieces: list[str] = []
    at = 0
    for start, end, _ in edits:
        pieces += (raw[at:start], "\0" * (end - start))
        at = end
    return "".join((*pieces, raw[at:]))


def spread(document: str, edits: list[Edit]) -> list[Edit]:
    """Give the stretches behind a restored name their words again."""
    if JOINER not in document and "8288;" not in document and "2060;" not in document.lower():
        return edits
    out: list[Edit] = []
    for edit in edits:
        places, at = [], edit.end
        while match := _EMPTIED.match(document, at):
            places.append((match.start(1), match.end(1), len(_ONE_JOINER.findall(match[1]))))
            at = match.end()
        words = _GAP.split(edit.replacement)
        if not places or 2 * sum(count for _, _, count in places) >= len(words):
            out.append(edit)
            continue
        parts: list[Edit] = []
        for start, end, count in reversed(places):
            parts.append(Edit(start, end, "".join(words[len(words) - 2 * count + 1 :])))
            del words[len(words) - 2 * count :]
        out.append(edit._replace(replacement="".join(words)))
        out += reversed(parts)
    return out
