"""Minimising: the part of a quasi-identifier that a service needs, and no more.

A birth date is one of about 5,500: no pseudonym hides it for long, a year does better. What a
service asks it for is mostly an age limit, so a generalised date stays on the right side of
13, 15 and 18 years on the day it is sent.

What cannot be read is not sent: the answer is then the empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from proxy.errors import InputError
from proxy.pseudonyms import dates

AGE_LIMITS = (13, 15, 18)

_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_POSTCODE = re.compile(r"(?P<code>(?:\d{2}|2[AB])\d{3})(?:\s.*)?", re.DOTALL)
_OVERSEAS = ("97", "98")

type Generalisation = Callable[[str, date | None], str]


def generalise(text: str, how: str, today: date | None = None) -> str:
    """``text`` with less in it, written the way it was; empty if it cannot be read.

    ``today`` keeps a date's side of the age limits; without it the first day is taken.
    """
    rule = _RULES.get(how)
    if rule is None:
        raise InputError(f"no generalisation {how!r}; there are {', '.join(sorted(_RULES))}")
    return rule(text.strip(), today)


def _year(text: str, today: date | None) -> str:
    if _YEAR.fullmatch(text):
        return text
    if _YEAR_MONTH.fullmatch(text):
        return text[:4]
    return _dated(text, today, lambda born: (date(born.year, 1, 1), date(born.year, 12, 31)))


def _month(text: str, today: date | None) -> str:
    if _YEAR_MONTH.fullmatch(text):
        return text

    def bounds(born: date) -> tuple[date, date]:
        first = born.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
        return first, after - timedelta(days=1)

    return _dated(text, today, bounds)


def _dated(text: str, today: date | None, bounds: Callable[[date], tuple[date, date]]) -> str:
    """The first day of the span, or the last if only that is on the same side of the limits."""
    born = dates.read(text)
    if born is None:
        return ""
    try:
        first, last = bounds(born.day)
    except OverflowError:
        return ""
    same = today is None or _side(first, today) == _side(born.day, today)
    return dates.write(first if same else last, born)


def _side(born: date, today: date) -> int:
    """How many of the limits have been reached. Born on 29 February: older on 1 March."""
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return sum(age >= limit for limit in AGE_LIMITS)


def _department(text: str, today: date | None) -> str:
    """69003 to 69000, 97411 to 97400; a town that follows the code is dropped."""
    match = _POSTCODE.fullmatch(text)
    if not match:
        return ""
    code = match["code"]
    return code[:3] + "00" if code.startswith(_OVERSEAS) else code[:2] + "000"


_RULES: dict[str, Generalisation] = {
    "year": _year,
    "month": _month,
    "department": _department,
}

GENERALISATIONS = frozenset(_RULES)
"""What a policy may write."""
