"""Dates as rosters, forms and people write them: read, and written anew the same way."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

_FRENCH = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
_ENGLISH = (
    "january february march april may june july august september october november december".split()
)
_SHORT = (
    "janv jan", "fevr fev feb", "mar", "avr apr", "", "jun", "juil jul", "aug", "sept sep", "oct",
    "nov", "dec",
)  # fmt: skip
_SPACES = "[ \xa0\u202f]{1,2}"
_ORDINAL = "(?P<ordinal>er|st|nd|rd|th)?"
_NAME = r"(?P<m>[^\W\d_]{3,9}\.?)"

_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?P<time>T[\d:.]+(?:Z|[+-][\d:]+)?)?")
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)")
_DAY_FIRST = re.compile(r"(?P<d>\d\d?)(?P<sep>[/.-])(?P<m>\d\d?)(?P=sep)(?P<y>\d{4})")
_WORDED = re.compile(rf"(?P<d>\d\d?){_ORDINAL}{_SPACES}(?:of )?{_NAME},?{_SPACES}(?P<y>\d{{4}})")
_MONTH_FIRST = re.compile(rf"{_NAME}{_SPACES}(?P<d>\d\d?){_ORDINAL},?{_SPACES}(?P<y>\d{{4}})")


class Written(NamedTuple):
    """A date and how it stands there."""

    day: date
    form: re.Match[str]


def folded(name: str) -> str:
    """The name of a month without accents, case and dot."""
    bare = unicodedata.normalize("NFKD", name.lower())
    return "".join(char for char in bare if char.isalpha())


MONTHS = {
    folded(name): number
    for number, names in enumerate(zip(_FRENCH, _ENGLISH, _SHORT, strict=True), 1)
    for name in " ".join(names).split()
}
"""Folded names of months, French and English, whole and short."""
_FRENCH_ONLY = frozenset((*map(folded, _FRENCH), "janv", "fevr", "fev", "avr", "juil"))


def read(text: str) -> Written | None:
    """The date that ``text`` is, in any of the forms."""
    for form in (_ISO, _COMPACT, _DAY_FIRST, _WORDED, _MONTH_FIRST):
        match = form.fullmatch(text)
        if match is None:
            continue
        name = match["m"]
        month = int(name) if name.isdecimal() else MONTHS.get(folded(name), 0)
        try:
            return Written(date(int(match["y"]), month, int(match["d"])), match)
        except ValueError:
            return None
    return None


def write(day: date, like: Written) -> str:
    """In the form the date was found in; a time of day becomes midnight."""
    match = like.form
    if match.re is _COMPACT:
        return day.strftime("%Y%m%d")
    if match.re is _DAY_FIRST:
        separator = match["sep"]
        return day.strftime(f"%d{separator}%m{separator}%Y")
    if match.re is _ISO:
        return day.isoformat() + re.sub(r"\d", "0", match["time"] or "")
    return _in_words(day, like)


def _in_words(day: date, like: Written) -> str:
    match, text = like.form, like.form[0]
    name = match["m"]
    is_french = folded(name) in _FRENCH_ONLY
    if day.month != like.day.month:
        written = (_FRENCH if is_french or match["ordinal"] == "er" else _ENGLISH)[day.month - 1]
        name = written.capitalize() if name[0].isupper() else written
    number = str(day.day)
    if is_french and day.day == 1:
        number += "er"
    elif match["ordinal"] and not is_french:
        number += "st"  # the first or the thirty-first
    pieces = {match.span("m"): name, match.span("y"): f"{day.year}"}
    end = match.end("ordinal") if match["ordinal"] else match.end("d")
    pieces[match.start("d"), end] = number
    at, out = 0, ""
    for (start, stop), piece in sorted(pieces.items()):
        out += text[at:start] + piece
        at = stop
    return out + text[at:]
