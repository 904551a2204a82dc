"""One identifier found in a text."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from proxy.kinds import Kind


class Match(NamedTuple):
    """``text[start:end]`` (character offsets) is an identifier.

    ``ref`` is the directory value it spells, 0 when only its pattern gives it away. What
    stands in the text may be spelt otherwise than the directory's value (case, order, accents,
    separators): who replaces it must see to it that the typed form comes back.
    """

    start: int
    end: int
    kind: Kind
    ref: int


def without_overlaps(matches: list[Match]) -> list[Match]:
    """Sorted, not overlapping: the longer wins, then the known one.

    Two matches that overlap in part become one span of unknown text. Taking only one of them
    would leave a piece of the other in clear.
    """
    matches.sort()
    if all(left.end <= right.start for left, right in pairwise(matches)):
        return matches
    kept: list[Match] = []
    for match in sorted(matches, key=_order):
        last = kept[-1] if kept else None
        if last is None or match.start >= last.end:
            kept.append(match)
        elif match.end > last.end:
            kept[-1] = Match(last.start, match.end, Kind.TEXT, 0)
    return kept


def _order(match: Match) -> tuple[int, int, bool]:
    return match.start, -match.end, match.ref == 0
