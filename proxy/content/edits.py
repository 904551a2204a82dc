"""Edits on text: merge them, splice them, and hide what is already dealt with.

Codecs never re-serialise. They find edits in the text as it reads once unescaped and map
them back to the text as it stands, so that every byte outside an edit stays as it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from proxy.content.visitor import Edit


def splice(text: str, edits: list[Edit]) -> str:
    """``text`` with ``edits`` applied; they are sorted and do not overlap."""
    if not edits:
        return text
    pieces: list[str] = []
    at = 0
    for start, end, replacement in edits:
        pieces.append(text[at:start])
        pieces.append(replacement)
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def merge(*groups: list[Edit]) -> list[Edit]:
    """One sorted list without overlaps: the wider edit wins, the earlier group among equals.

    Two edits that overlap without one holding the other become one span, so that no half
    of a name is left standing.
    """
    filled = [group for group in groups if group]
    if len(filled) < 2:
        return filled[0] if filled else []
    ordered = sorted(
        ((edit.start, -edit.end, rank, edit) for rank, group in enumerate(filled) for edit in group)
    )
    merged: list[Edit] = []
    for _, _, _, edit in ordered:
        if not merged or edit.start >= merged[-1].end:
            merged.append(edit)
        elif edit.end > merged[-1].end:
            last = merged[-1]
            longer = max(last, edit, key=lambda each: each.end - each.start)
            merged[-1] = Edit(last.start, edit.end, longer.replacement)
    return merged


def touching(edits: list[Edit], others: list[Edit]) -> list[bool]:
    """For each edit whether it overlaps one of ``others``. Both sorted, without overlaps."""
    starts = [other.start for other in others]
    ends = [other.end for other in others]
    # The first that ends behind where the edit starts must start before the edit ends.
    return [
        at < len(starts) and starts[at] < edit.end
        for edit, at in ((edit, bisect_right(ends, edit.start)) for edit in edits)
    ]


class Page:
    """A text under work: which spans are dealt with, and the edits found in them."""

    __slots__ = ("edits", "spans", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[tuple[int, int]] = []
        self.edits: list[Edit] = []

    def cover(self, start: int, end: int, edits: Iterable[Edit] = ()) -> None:
        """Take a span out of the general scan; ``edits`` count from the start of the text."""
        self.spans.append((start, end))
        self.edits.extend(edits)

    def rest(self) -> str:
        """The text with covered spans blanked by line breaks, same length."""
        if not self.spans:
            return self.text
        self.spans.sort()
        pieces: list[str] = []
        at = 0
        for start, end in self.spans:
            pieces.append(self.text[at:start])
            pieces.append("\n" * (end - start))
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)

    def finish(self, found: list[Edit]) -> list[Edit]:
        """All edits: those of covered spans and those found in the rest."""
        if not self.edits:
            return found
        return sorted(self.edits + found)


def shift(edits: Iterable[Edit], by: int) -> list[Edit]:
    """The same edits, counted from another start."""
    return [Edit(start + by, end + by, replacement) for start, end, replacement in edits]
