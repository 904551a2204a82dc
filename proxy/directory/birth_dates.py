"""Birth dates in prose: ``née le 12 mars 2010``, ``12/03/2010``, ``2010-03-12``.

A date is one of many, and most dates in a text are no birth dates. One counts where it is certain:
the person stands in the same request, and the directory has this very date for them; or a field of
the request gives it as a birth date; or the words before it say what it is, and somebody stands
in the request whose birth date nobody knows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import re2

from proxy.directory.fold import Folded, fold
from proxy.directory.match import Match
from proxy.pseudonyms.dates import MONTHS, read

_YEAR = "(?:19|20)[0-9]{2}"
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ANY_DATE = (
    rf"\b(?:{_YEAR}-[0-9]{{2}}-[0-9]{{2}}(?:t00:?00)?|[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-]{_YEAR}"
    rf"|[0-9]{{1,2}}(?:er|st|nd|rd|th)? (?:of )?(?:{_MONTH})\.?,? {_YEAR}"
    rf"|(?:{_MONTH})\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? {_YEAR})\b"
)
_TOLD = re.compile(
    rb"(?:(?<![a-z])(?:nee?s?|ne ?\(e\)|ne\.e|ne-e) (?:(?:a|au|aux|en) [^0-9.;:\n\0]{1,40},? ?)?le"
    rb"|naissance|(?<![a-z])born(?: on)?(?: the)?|date of birth|birth ?(?:date|day)"
    rb"|(?<![a-z])(?:ddn|dob)) ?[:=(,]? ?(?:le )?\Z"
)
_BEFORE = 72


def _compile() -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(_ANY_DATE.encode(), options)


_DATES = _compile()


_HINTS = ("né", "nee ", "born", "aissance", "irth", "ddn", "DDN", "NÉ", "dob", "DOB")
_SPACE_BETWEEN = 60
_OTHER = re.compile(r"[.;:!?\n\r\0]|[^\W\d_a-zà-öø-ÿœ]")
"""Between a person and what is told of them: no other sentence, no capital of somebody else."""


class Found(NamedTuple):
    """A date in a text, by the offsets of its folding."""

    start: int
    end: int
    day: date
    told: int
    """Where the words before it begin to say that somebody was born then; -1 if they do not."""


def dates(folded: Folded) -> Iterator[Found]:
    """Every date of a folded text; of a moment only one that is midnight."""
    ids = folded.ids
    if b"19" not in ids and b"20" not in ids:
        return
    for hit in _DATES.finditer(ids):
        start, end = hit.span()
        at = ids.find(b"t00", start, end)
        end = at if at >= 0 else end
        written = read(folded.text[start:end])
        if written is not None:
            told = _TOLD.search(ids, max(0, start - _BEFORE), start)
            yield Found(start, end, written.day, told.start() if told else -1)


def told_of(text: str, matches: Iterable[Match]) -> Iterator[date]:
    """Birth dates that are told of the people who stand just before them."""
    if not any(hint in text for hint in _HINTS):
        return
    folded = fold(text)
    ends = [match.end for match in matches]
    for found in dates(folded):
        if found.told < 0:
            continue
        told = folded.shift.back(found.told) if folded.shift else found.told
        before = bisect_right(ends, told)
        between = text[ends[before - 1] : told] if before else ""
        near = before and len(between) <= _SPACE_BETWEEN
        if near and _OTHER.search(between) is None:
            yield found.day
