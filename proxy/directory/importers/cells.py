"""What a cell must look like to be taken as an identifier. Messages never show the cell."""

from __future__ import annotations

import re
from datetime import date

from proxy.directory.importers.tables import BadRow, Row
from proxy.directory.patterns import looks_like_ine

MAX_NAME = 100
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:T.*)?")
_FRENCH = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")


def name(row: Row, header: str) -> str:
    """A name in one piece."""
    text = row[header]
    if len(text) > MAX_NAME:
        raise BadRow(header, f"a name of more than {MAX_NAME} characters; shorten it")
    if text and not any(character.isalpha() for character in text):
        raise BadRow(header, "expected a name, found no letter; correct or empty the cell")
    return text


def emails(row: Row, header: str, separator: str) -> tuple[str, ...]:
    """E-mail addresses."""
    found = row.many(header, separator)
    if not all(map(_EMAIL.fullmatch, found)):
        raise BadRow(header, "expected an e-mail address (name@domain); correct or empty the cell")
    return found


def phones(row: Row, header: str, separator: str) -> tuple[str, ...]:
    """Phone numbers in any writing."""
    found = row.many(header, separator)
    for number in found:
        digits = sum(character.isdigit() for character in number)
        if not 5 <= digits <= 17 or not set(number) <= set("0123456789+ .-()/\xa0\u202f"):
            raise BadRow(header, "expected a phone number; correct or empty the cell")
    return found


def national_id(row: Row, header: str) -> str:
    """An INE."""
    text = re.sub(r"\s", "", row[header])
    if text and not looks_like_ine(text) and not re.fullmatch(r"[0-9A-Za-z]{11}", text):
        raise BadRow(header, "expected an INE (11 letters and digits); correct or empty the cell")
    return text.upper()


def birth_date(row: Row, header: str) -> str:
    """A date as ISO 8601, from ISO or day/month/year."""
    text = row[header]
    if not text:
        return ""
    iso, french = _ISO.fullmatch(text), _FRENCH.fullmatch(text)
    if iso:
        year, month, day = map(int, iso.groups())
    elif french:
        day, month, year = map(int, french.groups())
    else:
        raise BadRow(header, "expected a date, YYYY-MM-DD or DD/MM/YYYY; correct or empty the cell")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise BadRow(header, "no such day in the calendar; correct or empty the cell") from None


def is_email(text: str) -> bool:
    """Whether a text is an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether an id is a UUID, which services will see as one."""
    return _UUID.fullmatch(text) is not None
