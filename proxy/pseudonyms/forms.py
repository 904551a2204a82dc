"""Forms: how the text that was seen derives from the canonical value.

What a person typed must come back exactly, although ``MARTIN Léa`` and ``Léa Martin`` are
one value with one core. So a pseudonym carries, beside the core, the number of a form in the
closed table of its kind. ``pick`` gives a form only if applying it gives the seen text to
the last character; where none does, the exact text becomes a vault value of its own. So
restoring is exact by construction, not by the quality of these tables; they only decide how
often two spellings share a core.

A form's number is stored by services for years: never renumber, only append. At most 26 a
kind, because a form is one letter in a pseudonym. The first six of a kind are those that an
e-mail-shaped pseudonym can carry.

A service may also change the case of the pseudonym itself (upper-case a list, capitalise a
sentence). ``recase`` does to the original what the service did to the pseudonym.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import Enum

from proxy.kinds import Kind
from proxy.pseudonyms.canonical import NAME_SEPARATOR

type Form = Callable[[str], str]

AS_IS = 0
UPPER = 1
"""The same number in every table: a shape without room for a form shows it by its own case."""
LOWER = 2
"""The same in the tables of names."""

MAX_FORMS = 26


class Look(Enum):
    """What was done to a pseudonym's case since it was made."""

    UNCHANGED = 0
    LOWER = 1
    UPPER = 2
    CAPITALISED = 3


def apply(kind: Kind, form: int, canonical: str) -> str | None:
    """The text that ``form`` makes of the canonical value; ``None`` for an unknown form."""
    table = _FORMS[kind]
    return table[form](canonical) if form < len(table) else None


def pick(kind: Kind, canonical: str, seen: str) -> int | None:
    """The first form that makes exactly ``seen`` of the canonical value."""
    for number, form in enumerate(_FORMS[kind]):
        if form(canonical) == seen:
            return number
    return None


def recase(look: Look, text: str) -> str:
    """Do to ``text`` what a service did to its pseudonym."""
    if look is Look.UPPER:
        return text.upper()
    if look is Look.LOWER:
        return text.lower()
    if look is Look.CAPITALISED:
        return text[:1].upper() + text[1:]
    return text


def _plain(text: str) -> str:
    """Without accents; œ and æ as two letters."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})


def _spaces(text: str) -> str:
    return text.replace("-", " ")


def _same(text: str) -> str:
    return text


def _after(*steps: Form) -> Form:
    def form(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return form


_capital = str.capitalize
_title = str.title

_WORD: tuple[Form, ...] = (_same, str.upper, str.lower, _title, _capital)

_SINGLE_NAME: tuple[Form, ...] = (
    *_WORD,
    _plain,
    _after(_plain, str.upper),
    _after(_plain, str.lower),
    _after(_plain, _title),
    _spaces,
    _after(_spaces, str.upper),
    _after(_spaces, str.lower),
    _after(_spaces, _plain),
    _after(_spaces, _plain, str.upper),
    _after(_spaces, _plain, str.lower),
)


def _two(order: str, family: Form, both: Form) -> Form:
    """A form of a full name in two parts; of a name in one part, ``both`` alone."""

    def form(canonical: str) -> str:
        given_name, separator, family_name = canonical.partition(NAME_SEPARATOR)
        if not separator:
            return both(canonical)
        return both(order.format(g=given_name, f=family(family_name)))

    return form


_GIVEN_FIRST, _FAMILY_FIRST, _COMMA = "{g} {f}", "{f} {g}", "{f}, {g}"

_FULL_NAME: tuple[Form, ...] = (
    _two(_GIVEN_FIRST, _same, _same),  # Léa Le-Gall
    _two(_GIVEN_FIRST, _same, str.upper),  # LÉA LE-GALL
    _two(_GIVEN_FIRST, _same, str.lower),
    _two(_GIVEN_FIRST, str.upper, _same),  # Léa LE-GALL
    _two(_FAMILY_FIRST, str.upper, _same),  # LE-GALL Léa
    _two(_FAMILY_FIRST, _same, _same),  # Le-Gall Léa
    _two(_FAMILY_FIRST, _same, str.upper),
    _two(_FAMILY_FIRST, _same, str.lower),
    _two(_COMMA, _same, _same),  # Le-Gall, Léa
    _two(_COMMA, str.upper, _same),  # LE-GALL, Léa
    _two(_COMMA, _same, str.upper),
    _two(_GIVEN_FIRST, _same, _plain),  # Lea Le-Gall
    _two(_GIVEN_FIRST, str.upper, _plain),
    _two(_GIVEN_FIRST, _same, _after(_plain, str.upper)),
    _two(_GIVEN_FIRST, _same, _after(_plain, str.lower)),
    _two(_FAMILY_FIRST, _same, _plain),
    _two(_FAMILY_FIRST, str.upper, _plain),
    _two(_FAMILY_FIRST, _same, _after(_plain, str.upper)),
    _two(_FAMILY_FIRST, _same, _after(_plain, str.lower)),
    _two(_GIVEN_FIRST, _same, _spaces),  # Léa Le Gall
    _two(_GIVEN_FIRST, str.upper, _spaces),
    _two(_FAMILY_FIRST, str.upper, _spaces),
    _two(_GIVEN_FIRST, _same, _after(_spaces, _plain)),
    _two(_FAMILY_FIRST, _same, _after(_spaces, _plain, str.upper)),
    _two(_GIVEN_FIRST, _same, _title),
    _two(_FAMILY_FIRST, _same, _title),
)


def _local(step: Form) -> Form:
    """Jean.Martin@lycee.example: only before the @."""

    def form(address: str) -> str:
        local, at, domain = address.rpartition("@")
        return step(local) + at + domain

    return form


_EMAIL: tuple[Form, ...] = (
    _same,
    str.upper,
    _local(_title),
    _capital,
    _title,
    _local(str.upper),
)


def _national(separator: str, prefix: str = "0") -> Form:
    """+33612345678 as 06 12 34 56 78 with any separator; other numbers stay."""

    def form(number: str) -> str:
        if len(number) != 12 or not number.startswith("+33"):
            return number
        rest = number[3:]
        return separator.join((prefix + rest[0], rest[1:3], rest[3:5], rest[5:7], rest[7:9]))

    return form


def _double_zero(number: str) -> str:
    return "00" + number[1:] if number.startswith("+") else number


_PHONE: tuple[Form, ...] = (
    _same,
    str.upper,
    _national(""),
    _national(" "),
    _national("."),
    _national("-"),
    _double_zero,
    _national(" ", "+33 "),
    _national(" ", "+33 (0)"),
    _national("\xa0"),
    _national("", "+33 "),
    _national(" ", "0033 "),
)


def _date(pattern: str) -> Form:
    """An ISO date in another order; what is not an ISO date stays."""

    def form(date: str) -> str:
        if len(date) != 10 or date[4] != "-" or date[7] != "-":
            return date
        return pattern.format(y=date[:4], m=date[5:7], d=date[8:])

    return form


_DATE: tuple[Form, ...] = (
    _same,
    str.upper,
    _date("{d}/{m}/{y}"),
    _date("{d}-{m}-{y}"),
    _date("{d}.{m}.{y}"),
)

_FORMS: dict[Kind, tuple[Form, ...]] = {
    Kind.GIVEN_NAME: _SINGLE_NAME,
    Kind.FAMILY_NAME: _SINGLE_NAME,
    Kind.FULL_NAME: _FULL_NAME,
    Kind.EMAIL: _EMAIL,
    Kind.LOGIN: _WORD,
    Kind.NATIONAL_ID: _WORD,
    Kind.STUDENT_NUMBER: _WORD,
    Kind.PHONE: _PHONE,
    Kind.BIRTH_DATE: _DATE,
    Kind.ADDRESS: _WORD,
    Kind.PHOTO: (_same,),
    Kind.UUID: _WORD,
    Kind.TEXT: (_same,),
}
assert all(len(table) <= MAX_FORMS for table in _FORMS.values())
