"""What a cell must look like to be taken as an identifier. Messages never show the cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from proxy.directory.importers.tables import BadRow, Row
from proxy.directory.patterns import looks_like_ine

MAX_NAME = 100
_FORMULA = frozenset("=+@")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:T.*)?")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])")
_FRENCH = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")


def name(row: Row, header: str) -> str:
    """A name in one piece."""
    text = row[header]
    if len(text) > MAX_NAME:
        raise BadRow(
            header,
            f"a name of more than {MAX_NAME} characters; shorten it / nom trop long ; "
            "raccourcissez-le",
        )
    if text and not any(character.isalpha() for character in text):
        raise BadRow(
            header,
            "expected a name, found no letter; correct or empty the cell / nom attendu, aucune "
            "lettre trouvée ; corrigez ou videz la cellule",
        )
    if text[:1] in _FORMULA:
        raise BadRow(
            header,
            "expected a name, found a formula; write its result into the cell / nom attendu, "
            "formule trouvée ; écrivez son résultat dans la cellule",
        )
    return text


def emails(row: Row, header: str, separator: str) -> tuple[str, ...]:
    """E-mail addresses."""
    found = row.many(header, separator)
    if not all(map(_EMAIL.fullmatch, found)):
        raise BadRow(
            header,
            "expected an e-mail address (name@domain); correct or empty the cell / adresse "
            "(nom@domaine) attendue ; corrigez ou videz la cellule",
        )
    return found


def phones(row: Row, header: str, separator: str) -> tuple[str, ...]:
    """Phone numbers in any writing."""
    found = row.many(header, separator)
    for number in found:
        digits = sum(character.isdigit() for character in number)
        if not 5 <= digits <= 17 or not set(number) <= set("0123456789+ .-()/\xa0\u202f"):
            raise BadRow(
                header,
                "expected a phone number; correct or empty the cell / numéro de téléphone "
                "attendu ; corrigez ou videz la cellule",
            )
    return found


def national_id(row: Row, header: str) -> str:
    """An INE."""
    text = re.sub(r"\s", "", row[header])
    if text and not looks_like_ine(text) and not re.fullmatch(r"[0-9A-Za-z]{11}", text):
        raise BadRow(
            header,
            "expected an INE (11 letters and digits); correct or empty the cell / INE (11 lettres "
            "et chiffres) attendu ; corrigez ou videz la cellule",
        )
    return text.upper()


def birth_date(row: Row, header: str, *, month_first: bool = False) -> str:
    """A date as ISO 8601, from ISO, from ISO without hyphens or from day/month/year.

    ``month_first`` reads the last of these as the United States do.
    """
    text = row[header]
    if not text:
        return ""
    iso, slashed = _ISO.fullmatch(text) or _COMPACT.fullmatch(text), _FRENCH.fullmatch(text)
    if iso:
        year, month, day = map(int, iso.groups())
    elif slashed:
        day, month, year = map(int, slashed.groups())
        day, month = (month, day) if month_first else (day, month)
    else:
        raise BadRow(
            header,
            "expected a date, YYYY-MM-DD or DD/MM/YYYY; correct or empty the cell / date "
            "AAAA-MM-JJ ou JJ/MM/AAAA attendue ; corrigez ou videz la cellule",
        )
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise BadRow(
            header,
            "no such day in the calendar; correct or empty the cell / ce jour n'existe pas ; "
            "corrigez ou videz la cellule",
        ) from None


def is_month_first(dates: Iterable[str]) -> bool:
    """Whether a column is written month/day/year: some day can only be read so, none other."""
    matches = filter(None, map(_FRENCH.fullmatch, dates))
    parts = [(int(match[1]) > 12, int(match[2]) > 12) for match in matches]
    return (False, True) in parts and (True, False) not in parts


def is_email(text: str) -> bool:
    """Whether a login is an address: Microsoft's and Google's are."""
    return _EMAIL.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether an id is a UUID, which services will see as one."""
    return _UUID.fullmatch(text) is not None
