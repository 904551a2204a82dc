"""The simple CSV that any software or spreadsheet can write; ``docs/rosters.md`` documents it."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "csv"
_SEPARATOR = "|"

_HEADERS = {
    "id": ("id", "identifiant", "sourceid", "code"),
    "kind": ("kind", "type", "role", "profil", "categorie"),
    "given_name": ("given_name", "first_name", "givenname", "prénom"),
    "family_name": ("family_name", "last_name", "surname", "nom", "nom de famille"),
    "usual_given_name": ("usual_given_name", "preferred_given_name", "prénom usuel"),
    "usual_name": ("usual_name", "preferred_family_name", "nom d'usage", "nom usuel"),
    "email": ("email", "e-mail", "mail", "courriel", "adresse électronique"),
    "login": ("login", "username", "identifiant de connexion", "nom d'utilisateur"),
    "national_id": ("national_id", "ine", "identifiant national"),
    "student_number": ("student_number", "numéro", "numéro élève", "numéro interne", "matricule"),
    "phone": ("phone", "téléphone", "tel", "mobile"),
    "birth_date": ("birth_date", "date of birth", "date de naissance", "né le", "naissance"),
    "uuid": ("uuid",),
    "school": ("school", "uai", "rne", "établissement", "école"),
    "class": ("class", "classe", "division"),
}
_ALIASES = {folded_header(alias): name for name, known in _HEADERS.items() for alias in known}
_REQUIRED = ("id", "kind")
_LOGIN = re.compile(r"[A-Za-z]+(?:[.-][A-Za-z]+)+[0-9]*")
"""What an ``Identifiant`` is in lists of accounts: people log in with it."""

_KINDS = {
    SubjectKind.PUPIL: ("pupil", "student", "eleve", "etudiant"),
    SubjectKind.STAFF: ("staff", "teacher", "personnel", "enseignant", "professeur", "agent"),
    SubjectKind.GUARDIAN: ("guardian", "parent", "relative", "responsable", "tuteur"),
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}


def detect(files: RosterFiles) -> bool:
    """Every file is a table with at least an id and a kind."""
    names = _tables(files)
    return bool(names) and all(
        {"id", "kind"} <= {_ALIASES.get(header) for header in headers_of(files, name)}
        for name in names
    )


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    names = _tables(files)
    if not names:
        raise InputError("no .csv file among those named; give one, see docs/rosters.md")
    seen: dict[str, str] = {}
    for name in names:
        for row in read_table(files, name, _ALIASES, _REQUIRED, problems):
            with reported(row, problems):
                person = _person(row)
                first = seen.setdefault(person.source_id, f"{row.file}:{row.line}")
                if first != f"{row.file}:{row.line}":
                    raise BadRow("id", f"an id that stands at {first} already; give each its own")
                yield person


def _tables(files: RosterFiles) -> list[str]:
    return [name for name in files.names() if name.endswith((".csv", ".txt", ".tsv"))]


def _person(row: Row) -> Person:
    if not row["id"]:
        raise BadRow("id", "no id; give each person one that never changes")
    kind = _KIND_OF.get(folded_header(row["kind"]))
    if kind is None:
        expected = "pupil, staff or guardian (élève, personnel, responsable)"
        raise BadRow("kind", f"not a kind of person; expected {expected}")
    person = Person(
        kind=kind,
        source_id=row["id"],
        given_name=cells.name(row, "given_name"),
        family_name=cells.name(row, "family_name"),
        other_given=_other(cells.name(row, "usual_given_name")),
        other_family=_other(cells.name(row, "usual_name")),
        emails=cells.emails(row, "email", _SEPARATOR),
        logins=row.many("login", _SEPARATOR) or tuple(filter(_LOGIN.fullmatch, (row["id"],))),
        national_id=cells.national_id(row, "national_id"),
        student_number=row["student_number"],
        phones=cells.phones(row, "phone", _SEPARATOR),
        birth_date=cells.birth_date(row, "birth_date"),
        uuids=tuple(filter(cells.is_uuid, (*row.many("uuid", _SEPARATOR), row["id"]))),
        schools=row.many("school", _SEPARATOR),
        classes=row.many("class", _SEPARATOR),
    )
    if next(person.values(), None) is None:
        raise BadRow("family_name", "a person without any identifier; fill in the name at least")
    return person


def _other(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
