"""Civil status as French school software writes it: names, dates, phones, addresses.

A value that cannot be read costs the value, with a note, never the person: whoever is left
out of the directory is not protected. Only a row without an id or without any name is bad.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from proxy.directory.importers import cells
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import BadRow, Row
from proxy.directory.subjects import Person

_LEFT_OUT = "; this value is left out, the person is taken / valeur laissée de côté, personne prise"
_ADVICE = re.compile(r"\s?;[^;/]*")
"""What to do about a bad cell: nothing needs doing if only its value is left out."""
_FORENAMES = re.compile(r"\s*,\s*")
_PHONES = re.compile(r"\s*(?:[;,|]|\s/\s|\bou\b|\bet\b)\s*", re.IGNORECASE)
_FRENCH = re.compile(
    r"(?<![0-9])(?:(?:\+|00)33[ .-]{0,2}(?:\(0\)[ .-]?)?[1-9]|0[1-9])"
    r"(?:[ ./\xa0\u202f-]{0,2}[0-9]){8}(?![0-9])"
)
_PHONE_NOISE = re.compile(r"[^0-9+ .()/\xa0\u202f-]")
_EMAILS = re.compile(r"[\s;,|]+")
_UAI = re.compile(r"(?<![0-9A-Za-z])([0-9]{7}[A-HJ-NPR-Z])(?![0-9A-Za-z])", re.IGNORECASE)
_LEAST_DIGITS: Final = 6
_MOST_DIGITS: Final = 15  # E.164
_NATIONAL_DIGITS: Final = 9


def names(row: Row, problems: Problems, *headers: str) -> tuple[str, ...]:
    """The distinct names in these fields; what holds no letter (``.``, ``-``) counts as empty."""
    found = [_lenient(cells.name, row, header, problems) for header in headers if row[header]]
    return tuple(dict.fromkeys(" ".join(name.split()) for name in found if name))


def forenames(row: Row, problems: Problems, first: str, *further: str) -> tuple[str, ...]:
    """The name a person goes by, then the same with the further ones, as civil status has it.

    Further forenames are never names of their own: every other text holds a ``Marie``.
    """
    parts = [
        part for name in names(row, problems, first) for part in _FORENAMES.split(name) if part
    ]
    parts += [name for name in names(row, problems, *further) if name not in parts]
    return with_further(parts)


def with_further(parts: list[str]) -> tuple[str, ...]:
    """``Léa``, ``Léa Rose``, ``Léa Rose Anne``."""
    return tuple(" ".join(parts[:count]) for count in range(1, len(parts) + 1))


def emails(row: Row, problems: Problems, *headers: str) -> tuple[str, ...]:
    """E-mail addresses, several in a field or not."""
    found: dict[str, None] = {}
    for header in headers:
        for text in filter(None, _EMAILS.split(" ".join(_texts(row, header)))):
            if cells.is_email(text):
                found[text] = None
            elif any(character.isalnum() for character in text):
                note(row, problems, header, "expected an e-mail address (name@domain)")
    return tuple(found)


def phones(row: Row, problems: Problems, *headers: str) -> tuple[str, ...]:
    """Phone numbers in any writing, several in a field or not, with a lost zero put back."""
    found: dict[str, None] = {}
    for header in headers:
        for text in _texts(row, header):
            for number in _numbers(text):
                digits = re.sub(r"[^0-9]", "", number)
                if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
                    note(row, problems, header, "expected a phone number")
                elif len(set(digits)) > 1:  # 0000000000 is nobody's
                    found[_whole_number(number, digits)] = None
    return tuple(found)


def birth_date(row: Row, problems: Problems, header: str, *, month_first: bool = False) -> str:
    """ISO 8601, from ISO or day/month/year."""
    return _lenient(partial(cells.birth_date, month_first=month_first), row, header, problems)


def national_id(row: Row, problems: Problems, *headers: str) -> str:
    """An INE."""
    found = (_lenient(cells.national_id, row, header, problems) for header in headers)
    return next((text for text in found if text.strip("0")), "")


def has_left(row: Row, problems: Problems, header: str) -> bool:
    """Whether a leaving date is over. One that cannot be read, or is to come, is not."""
    left = birth_date(row, problems, header)
    return bool(left) and left <= date.today().isoformat()


def checked(row: Row, problems: Problems, person: Person, family: str, given: str) -> Person:
    """The person, if there is a name; a note if only half of one is there."""
    if not person.family_name and not person.given_name:
        raise BadRow(family, "no name; fill in the family name and the given name")
    if not person.given_name:
        note(row, problems, given, "no given name", "; the person is taken without it")
    elif not person.family_name:
        note(row, problems, family, "no family name", "; the person is taken without it")
    return person


def uai_in(text: str) -> str:
    """The last school number (UAI) in a path or name; empty if there is none."""
    found = _UAI.findall(text)
    return found[-1].upper() if found else ""


def folded(*parts: str) -> str:
    """A key that survives another spelling: no case, accents, hyphens or spaces."""
    return "/".join(
        "".join(c for c in unicodedata.normalize("NFKD", part).casefold() if c.isalnum())
        for part in parts
    )


def merged(first: Person, second: Person) -> Person:
    """One person of two rows about the same; where one has left, the other's school counts."""
    here = [one for one in (first, second) if one.active] or [first, second]
    return replace(
        first,
        other_given=_union(first.other_given, (second.given_name, *second.other_given)),
        other_family=_union(first.other_family, (second.family_name, *second.other_family)),
        emails=_union(first.emails, second.emails),
        logins=_union(first.logins, second.logins),
        phones=_union(first.phones, second.phones),
        national_id=first.national_id or second.national_id,
        student_number=first.student_number or second.student_number,
        birth_date=first.birth_date or second.birth_date,
        uuids=_union(first.uuids, second.uuids),
        schools=_union((), (school for one in here for school in one.schools)),
        classes=_union((), (code for one in here for code in one.classes)),
        active=first.active or second.active,
    )


class Pool:
    """People who stand in the files of several schools: held back until all are read."""

    def __init__(self, ids_by_file: Iterable[Collection[str]]) -> None:
        seen: set[str] = set()
        self._shared: set[str] = set()
        for ids in ids_by_file:
            self._shared |= seen & set(ids)
            seen |= set(ids)
        self._held: dict[str, Person] = {}

    def take(self, person: Person) -> Iterator[Person]:
        """The person, unless other files may say more."""
        key = person.source_id
        if key not in self._shared:
            yield person
        else:
            self._held[key] = merged(self._held[key], person) if key in self._held else person

    def rest(self) -> Iterator[Person]:
        """Those who were held back, each once."""
        yield from self._held.values()


def note(row: Row, problems: Problems, header: str, what: str, end: str = _LEFT_OUT) -> None:
    """A remark about a person who is taken all the same."""
    problems.note(row.file, *row.place(header), f"{row.called(header)}{what}{end}")


def _lenient(read: Callable[[Row, str], str], row: Row, header: str, problems: Problems) -> str:
    try:
        return read(row, header)
    except BadRow as bad:
        if any(character.isalnum() for character in row[header]):
            note(row, problems, header, _ADVICE.sub("", bad.what))
        return ""


def _texts(row: Row, header: str) -> Iterable[str]:
    return row.many(header, "\n")


def _numbers(text: str) -> Iterator[str]:
    """The numbers in a text: French ones wherever they stand, else what separators leave."""
    is_abroad = "+" in text.replace("+33", "")
    french = () if is_abroad else [match.group() for match in _FRENCH.finditer(text)]
    for part in french or _PHONES.split(text):
        if number := _PHONE_NOISE.sub("", part).strip(" .-/()"):
            yield number


def _whole_number(number: str, digits: str) -> str:
    """Spreadsheets eat a leading zero, and a leading plus."""
    if number.startswith("+"):
        return number
    if len(digits) == _NATIONAL_DIGITS and digits[0] != "0":
        return f"0{digits}"
    if len(digits) == _NATIONAL_DIGITS + 2 and digits.startswith("33"):
        return f"+{digits}"
    return number


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *filter(None, second))))
