"""Google Workspace users as CSV: the bulk upload template, the console's download, GAM's list.

Headers carry remarks in brackets (``First Name [Required]``), which tables leave out. Google
does not say who is a pupil: the organisational unit, the employee's type, title and department do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from proxy.directory.importers import cells
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import (
    BadRow,
    Row,
    folded_header,
    headers_of,
    read_table,
    reported,
)
from proxy.directory.patterns import looks_like_ine
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "google-csv"
_HEADERS = {
    "given": ("First Name", "name.givenName", "Prénom"),
    "family": ("Last Name", "name.familyName", "Nom", "Nom de famille"),
    "email": ("Email Address", "Email", "primaryEmail", "Adresse e-mail"),
    "unit": ("Org Unit Path", "orgUnitPath", "Chemin de l'unité organisationnelle"),
    "new_email": ("New Primary Email",),
    "recovery_email": ("Recovery Email", "recoveryEmail"),
    "home_email": ("Home Secondary Email",),
    "work_email": ("Work Secondary Email",),
    "alias": ("Aliases", "Email Aliases", "aliases"),
    "recovery_phone": ("Recovery Phone", "recoveryPhone"),
    "work_phone": ("Work Phone",),
    "home_phone": ("Home Phone",),
    "mobile_phone": ("Mobile Phone",),
    "number": ("Employee ID", "Employee Id", "externalIds.0.value"),
    "type": ("Employee Type",),
    "title": ("Employee Title",),
    "department": ("Department",),
    "status": ("Status",),
    "new_status": ("New Status",),
}
_ALIASES = {folded_header(one): name for name, known in _HEADERS.items() for one in known}
_EMAILS = ("email", "new_email", "recovery_email", "home_email", "work_email", "alias")
_GONE = {"archived", "deleted"}
_PHONES = ("recovery_phone", "work_phone", "home_phone", "mobile_phone")
_WORDS = {
    SubjectKind.GUARDIAN: "parents? guardians? responsables? familles?",
    SubjectKind.PUPIL: "students? pupils? eleves? learners? etudiants? apprenants? classes?",
    SubjectKind.STAFF: "staff teachers? faculty enseignants? professeurs? profs? personnels? "
    "administration administratifs? direction vie.scolaire agents? employees? admin",
}
_TELLING = {
    kind: re.compile(rf"\b(?:{'|'.join(words.split())})\b") for kind, words in _WORDS.items()
}
_UAI = re.compile(r"(?<![0-9A-Za-z])[0-9]{7}[A-Za-z](?![0-9A-Za-z])")


def detect(files: RosterFiles) -> bool:
    """Tables with an address, both names and an organisational unit."""
    names = _tables(files)
    wanted = {"given", "family", "email", "unit"}
    return bool(names) and all(
        wanted <= {_ALIASES.get(header) for header in headers_of(files, name)} for name in names
    )


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    names = _tables(files)
    if not names:
        raise InputError("no .csv file among those named; download the users from Google as CSV")
    seen: dict[str, str] = {}
    for name in names:
        for row in read_table(files, name, _ALIASES, ("given", "family", "email"), problems):
            with reported(row, problems):
                person = _person(row, problems)
                place = f"{row.file}:{row.line}"
                first = seen.setdefault(person.source_id, place)
                if first != place:
                    what = f"an address that stands at {first} already; remove one"
                    raise BadRow("email", what)
                yield person


def _tables(files: RosterFiles) -> list[str]:
    return [name for name in files.names() if name.endswith((".csv", ".tsv", ".txt"))]


def _person(row: Row, problems: Problems) -> Person:
    emails = tuple(chain.from_iterable(cells.emails(row, header, ",") for header in _EMAILS))
    if not row["email"]:
        raise BadRow("email", "no address; Google knows its users by it")
    number = row["number"]
    national = number.upper() if looks_like_ine(number) else ""
    phones = chain.from_iterable(cells.phones(row, header, ",") for header in _PHONES)
    return Person(
        kind=_kind(row, problems),
        source_id=row["email"].lower(),
        given_name=cells.name(row, "given"),
        family_name=cells.name(row, "family"),
        emails=tuple(dict.fromkeys(emails)),
        national_id=national,
        student_number="" if national or cells.is_uuid(number) else number,
        phones=tuple(dict.fromkeys(phones)),
        uuids=(number.lower(),) if cells.is_uuid(number) else (),
        schools=tuple(dict.fromkeys(uai.upper() for uai in _UAI.findall(row["unit"]))),
        active=_GONE.isdisjoint(folded_header(row[header]) for header in ("status", "new_status")),
    )


def _kind(row: Row, problems: Problems) -> SubjectKind:
    """From the most telling cell; who cannot be told is protected as a pupil, with a note."""
    for header in ("type", "title", "department", "unit"):
        kind = kind_of_words(row[header])
        if kind is not None:
            return kind
    what = "neither unit nor type tells pupil from staff: taken as a pupil; write Employee Type"
    problems.note(row.file, row.line, row.column("unit"), what)
    return SubjectKind.PUPIL


def kind_of_words(text: str) -> SubjectKind | None:
    """Who somebody is by a word of a free text, in French or English."""
    plain = _plain(text)
    return next((kind for kind, words in _TELLING.items() if words.search(plain)), None)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("_", " "))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
