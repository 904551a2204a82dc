"""Many small pieces read at once: the values of a form, the escaped strings of a document.

Pieces that hold nothing but text once unescaped are joined by line breaks and shown to the
visitor in one call, since an edit never crosses a line break. Only a piece that looks like a
further encoding goes down a layer on its own. This is what keeps a form of sixty values near
the cost of one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from proxy.content import base64
from proxy.content.coding import Coding, back
from proxy.content.edits import Page, merge, shift
from proxy.content.url_spots import in_urls
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_NESTED = re.compile(
    r"""[%&<\\{\["]|[^\W_]\+[^\W_]|''|=[?0-9A-F\r\n]|[ (,]'|[:=~]\s?["']|\s(?:eq|ne|co|sw)\s'"""
    r"|[:=][^\n]{0,80}\n"
)


def holds_more(view: str, walk: Walk) -> bool:
    """Whether text may be written in a further encoding."""
    return _NESTED.search(view) is not None or bool(base64.words(view, walk))


class Piece(NamedTuple):
    """A stretch of the page: where it starts, how it stands and how it reads."""

    start: int
    raw: str
    view: str
    coding: Coding


class Batch:
    """Pieces of one page that wait to be read together."""

    __slots__ = ("page", "pieces", "walk")

    def __init__(self, page: Page, walk: Walk) -> None:
        self.page = page
        self.walk = walk
        self.pieces: list[Piece] = []

    def add(self, start: int, raw: str, view: str, coding: Coding) -> None:
        """Take the stretch ``raw`` at ``start``, which reads ``view``, out of the page."""
        if _NESTED.search(view):
            self._put(Piece(start, raw, view, coding), self.walk.text(view))
        else:
            self.pieces.append(Piece(start, raw, view, coding))

    def run(self) -> None:
        """Read the pieces gathered and give their edits to the page."""
        pieces = self.pieces
        if len(pieces) < 2:
            for piece in pieces:
                found = in_urls(piece.view, self.walk.visitor.text(piece.view))
                self._put(piece, merge(found, base64.edits(piece.view, self.walk)))
            self.pieces = []
            return
        joined = "\n".join([piece.view for piece in pieces])
        starts: list[int] = []
        at = 0
        for piece in pieces:
            starts.append(at)
            at += len(piece.view) + 1
        by_piece: dict[int, list[Edit]] = {}
        for edit in in_urls(joined, self.walk.visitor.text(joined)):
            index = bisect_right(starts, edit.start) - 1
            by_piece.setdefault(index, []).append(edit)
        alone = set()
        words = base64.words(joined, self.walk)
        if words:
            alone = {bisect_right(starts, start) - 1 for start, _ in base64.places(joined, words)}
        for index, piece in enumerate(pieces):
            if index in alone:
                self._put(piece, self.walk.text(piece.view))
            elif index in by_piece:
                self._put(piece, shift(by_piece[index], -starts[index]))
            else:
                self.page.cover(piece.start, piece.start + len(piece.raw))
        self.pieces = []

    def _put(self, piece: Piece, edits: list[Edit]) -> None:
        carried = shift(back(piece.raw, edits, piece.coding), piece.start) if edits else []
        self.page.cover(piece.start, piece.start + len(piece.raw), carried)
