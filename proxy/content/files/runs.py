"""Runs of office documents: a name of which a part is bold stands in several elements.

The text of a paragraph is searched as a reader sees it. What is replaced goes into the first
run that it touches and out of the others; comes a pseudonym back, it stands in one run.
"""

from __future__ import annotations

import re
from html import escape, unescape

from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)[^<>]*?(/?)>")
_TEXT = frozenset(("w:t", "a:t", "t", "w:delText", "w:instrText"))
_PARAGRAPH = frozenset(("w:p", "a:p", "si", "is", "text:p", "text:h", "text"))
_FLOWING = frozenset(("text:p", "text:h", "text:span", "text:a"))
"""OpenDocument: text stands between any of these."""
_BREAKS = frozenset(("w:tab", "w:br", "a:br", "text:tab", "text:line-break", "text:s"))


class _Paragraph:
    """Pieces of text, and the places where they stand."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, int, str]] = []

    def add(self, start: int, end: int, text: str) -> None:
        if text:
            self.pieces.append((start, end, text))

    def edits(self, walk: Walk) -> list[Edit]:
        """New text for the pieces that change, as it stands in XML."""
        if sum(end > start for start, end, _ in self.pieces) < 2:
            return []  # one run is read like any text
        found = walk.visitor.text("".join(text for _, _, text in self.pieces))
        written: list[Edit] = []
        at = 0
        for start, end, text in self.pieces:
            new = _cut(text, at, found)
            if new != text and end > start:
                written.append(Edit(start, end, escape(new, quote=False)))
            at += len(text)
        return written


def _cut(text: str, at: int, found: list[Edit]) -> str:
    """A piece that begins at ``at`` of the paragraph, with its share of each edit."""
    out, done = [], 0
    for edit in found:
        begin, stop = edit.start - at, edit.end - at
        if stop <= 0 or begin >= len(text):
            continue
        out.append(text[done : max(begin, done)])
        if begin >= 0:
            out.append(edit.replacement)
        done = min(stop, len(text))
    return "".join((*out, text[done:]))


def edits(document: str, walk: Walk) -> list[Edit]:
    """Edits for the paragraphs of a part whose text stands in more than one run."""
    written: list[Edit] = []
    paragraph = _Paragraph()
    open_tags: list[str] = []
    at = 0
    for match in _TAG.finditer(document):
        closing, name, alone = match[1], match[2], match[3]
        if open_tags and (open_tags[-1] in _TEXT or open_tags[-1] in _FLOWING):
            paragraph.add(at, match.start(), unescape(document[at : match.start()]))
        at = match.end()
        if name in _BREAKS and not closing:
            paragraph.add(at, at, "\t" if name != "text:s" else " ")
        if name in _PARAGRAPH and not alone:
            written += paragraph.edits(walk)
            paragraph = _Paragraph()
        if closing:
            if open_tags and open_tags[-1] == name:
                open_tags.pop()
        elif not alone:
            open_tags.append(name)
    return written
