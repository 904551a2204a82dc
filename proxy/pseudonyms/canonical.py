"""What two spellings of one identifier have in common: the canonical text.

``canonical`` is what the directory stores and what look-ups are made with, so that
``Jean.Martin@Lycee.example`` and ``jean.martin@lycee.example`` are one value. It may only
throw away what does not tell two people's values apart. It is idempotent.

A full name of the directory is two parts, so that both orders can be made from it: the
given name, ``NAME_SEPARATOR``, the family name. A full name seen in a text is one string.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from proxy.kinds import Kind

NAME_SEPARATOR = "\x1f"
"""Between given and family name; a control character that no roster or form accepts."""

_NOT_PHONE = re.compile(r"[^0-9+]")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_FRENCH_DATE = re.compile(r"(\d\d)[/.-](\d\d)[/.-](\d{4})")


def canonical(kind: Kind, text: str) -> str:
    """The canonical text of ``text`` seen as a ``kind``; the empty text if nothing is left."""
    return _RULES[kind](text)


def full_name(given: str, family: str) -> str:
    """The canonical full name of the directory."""
    parts = (_spaced(given), _spaced(family))
    return NAME_SEPARATOR.join(part.replace(NAME_SEPARATOR, " ") for part in parts)


def _spaced(text: str) -> str:
    """NFC, one plain space for every run of white space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _name(text: str) -> str:
    """As ``_spaced``; keeps the separator of a full name (``str.split`` would eat it)."""
    return NAME_SEPARATOR.join(_spaced(part) for part in text.split(NAME_SEPARATOR))


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().lower())


def _identifier(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(text.split()).upper())


def _phone(text: str) -> str:
    """E.164 for French numbers, written nationally or not; else the digits as they are."""
    digits = _NOT_PHONE.sub("", text.replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if len(digits) == 10 and digits[0] == "0":
        digits = "+33" + digits[1:]
    return digits


def _date(text: str) -> str:
    """ISO for the two forms that rosters use; anything else as ``_spaced``."""
    bare = text.strip()
    if _ISO_DATE.fullmatch(bare):
        return bare
    if match := _FRENCH_DATE.fullmatch(bare):
        day, month, year = match.groups()
        return f"{year}-{month}-{day}"
    return _spaced(text)


def _same(text: str) -> str:
    return text


_RULES: dict[Kind, Callable[[str], str]] = {
    Kind.GIVEN_NAME: _spaced,
    Kind.FAMILY_NAME: _spaced,
    Kind.FULL_NAME: _name,
    Kind.EMAIL: _lowered,
    Kind.LOGIN: _lowered,
    Kind.NATIONAL_ID: _identifier,
    Kind.STUDENT_NUMBER: _identifier,
    Kind.PHONE: _phone,
    Kind.BIRTH_DATE: _date,
    Kind.ADDRESS: _spaced,
    Kind.PHOTO: _same,
    Kind.UUID: _lowered,
    Kind.TEXT: _same,
}
