"""Microsoft School Data Sync V1 CSV: ``Student``, ``Teacher`` and the tables around them.

``Section``, ``StudentEnrollment`` and ``TeacherRoster`` give the classes, ``School`` the
schools, ``User`` and ``GuardianRelationship`` the guardians. Only ``Student`` or ``Teacher``
must be there. A guardian is known by address alone, or by an id of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern

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

NAME = "sds"
_PEOPLE = {
    "student": SubjectKind.PUPIL,
    "teacher": SubjectKind.STAFF,
    "user": SubjectKind.GUARDIAN,
}
_HEADERS = {
    "id": ("SIS ID",),
    "school": ("School SIS ID",),
    "section": ("Section SIS ID",),
    "username": ("Username", "User Name"),
    "first": ("First Name", "Given Name"),
    "middle": ("Middle Name",),
    "last": ("Last Name", "Surname", "Family Name"),
    "number": ("Student Number", "Teacher Number"),
    "state_id": ("State ID", "Unique Pupil Number"),
    "email": ("Email",),
    "second_email": ("Secondary Email",),
    "phone": ("Phone",),
    "born": ("Birthdate", "Birth Date", "Date of Birth"),
    "status": ("Status",),
    "name": ("Name", "School Name"),
    "title": ("Section Name",),
}
_ALIASES = {folded_header(one): name for name, known in _HEADERS.items() for one in known}
_LISTED = ","


@dataclass(slots=True)
class _Around:
    """What the other tables say."""

    schools: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    sections_of: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By kind of person and id: pupils and teachers have ids of their own."""
    wards: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """Pupils by a guardian's address."""
    schools_of: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By table and id: who is in several schools has a row for each."""
    month_first: bool = False


def detect(files: RosterFiles) -> bool:
    """A ``Student`` or ``Teacher`` table with the SIS ids of a person and of a school."""
    return any(_is_ours(files, f"{table}.csv") for table in ("student", "teacher"))


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person: pupils, teachers, guardians."""
    if not any(f"{table}.csv" in files.names() for table in ("student", "teacher")):
        raise InputError("no Student.csv or Teacher.csv among the files; export them too")
    around = _read_around(files, problems)
    for table, kind in _PEOPLE.items():
        seen: dict[tuple[str, str], int] = {}
        told: set[str] = set()
        required = ("email",) if kind is SubjectKind.GUARDIAN else ("id",)
        for row in _rows(files, table, required, problems):
            with reported(row, problems):
                person = _person(table, kind, row, around)
                again = person.source_id in told
                told.add(person.source_id)
                first = seen.setdefault((person.source_id, row["school"]), row.line)
                if first != row.line and kind is not SubjectKind.GUARDIAN:
                    raise BadRow("id", f"an id that stands at line {first} already; remove one")
                if not again:
                    yield person


def _is_ours(files: RosterFiles, name: str) -> bool:
    if name not in files.names():
        return False
    return {"id", "school"} <= {_ALIASES.get(header) for header in headers_of(files, name)}


def _rows(
    files: RosterFiles, table: str, required: tuple[str, ...], problems: Problems
) -> Iterator[Row]:
    name = f"{table}.csv"
    if name in files.names():
        yield from read_table(files, name, _ALIASES, required, problems)


def _read_around(files: RosterFiles, problems: Problems) -> _Around:
    around = _Around()
    for row in _rows(files, "school", ("id",), problems):
        around.schools[row["id"]] = row["state_id"] or row["name"]
    for row in _rows(files, "section", ("id",), problems):
        around.sections[row["id"]] = row["title"]
    for table, person in (("studentenrollment", "student"), ("teacherroster", "teacher")):
        for row in _rows(files, table, ("section", "id"), problems):
            around.sections_of[person, row["id"]][row["section"]] = None
    for row in _rows(files, "guardianrelationship", ("id", "email"), problems):
        around.wards[row["email"].lower()][row["id"]] = None
    dates = []
    # The first of two readings: what is wrong with a row is told in the second.
    for table in ("student", "teacher"):
        for row in _rows(files, table, ("id",), Problems()):
            dates.append(row["born"])
            around.schools_of[table, row["id"]][intern(row["school"])] = None
    around.month_first = cells.is_month_first(dates)
    return around


def _person(table: str, kind: SubjectKind, row: Row, around: _Around) -> Person:
    emails = (*cells.emails(row, "email", _LISTED), *cells.emails(row, "second_email", _LISTED))
    key = row["id"] or (emails[0].lower() if emails else "")
    if not key:
        raise BadRow("id", "no id; SDS requires one for each person")
    username, given, middle = row["username"], cells.name(row, "first"), cells.name(row, "middle")
    addresses = (username, *emails) if cells.is_email(username) else emails
    national = row["state_id"] if looks_like_ine(row["state_id"]) else ""
    ids = (row["id"], row["number"], row["state_id"])
    person = Person(
        kind=kind,
        # Two tables may number their people alike.
        source_id=f"{table}:{key}",
        given_name=given,
        family_name=cells.name(row, "last"),
        other_given=(f"{given} {middle}",) if given and middle else (),
        emails=tuple(dict.fromkeys(addresses)),
        logins=(username,) if username and not cells.is_email(username) else (),
        national_id=national.upper(),
        student_number=row["number"] or ("" if national else row["state_id"]),
        phones=cells.phones(row, "phone", _LISTED),
        birth_date=cells.birth_date(row, "born", month_first=around.month_first),
        uuids=tuple(dict.fromkeys(one.lower() for one in ids if cells.is_uuid(one))),
        schools=_schools(table, row["id"], emails, around),
        classes=_classes(table, key, emails, around),
        active=folded_header(row["status"]) not in ("inactive", "deleted", "tobedeleted"),
    )
    if next(person.values(), None) is None:
        raise BadRow("last", "a person without any identifier; fill in the name at least")
    return person


def _people_of(
    table: str, own_id: str, emails: tuple[str, ...], around: _Around
) -> list[tuple[str, str]]:
    """Whose schools and classes a person has: of a guardian, the children's."""
    if table != "user":
        return [(table, own_id)]
    wards = (ward for address in emails[:1] for ward in around.wards.get(address.lower(), ()))
    return [("student", ward) for ward in wards]


def _classes(table: str, key: str, emails: tuple[str, ...], around: _Around) -> tuple[str, ...]:
    people = _people_of(table, key, emails, around)
    ids = dict.fromkeys(one for who in people for one in around.sections_of.get(who, ()))
    return tuple(dict.fromkeys(around.sections.get(one) or one for one in ids))


def _schools(table: str, own_id: str, emails: tuple[str, ...], around: _Around) -> tuple[str, ...]:
    """The schools of all rows of this id."""
    people = _people_of(table, own_id, emails, around)
    ids = (one for person in people for one in around.schools_of.get(person, ()))
    return tuple(dict.fromkeys(around.schools.get(one) or one for one in ids if one))
