"""OneRoster 1.1 and 1.2 CSV (1EdTech): a folder or an archive of tables joined by id.

Read here: ``users`` (people), ``roles`` (1.2) or the ``role`` column (1.1), ``enrollments`` and
``classes`` (class names), ``orgs`` (schools), ``demographics`` (birth date), ``manifest``
(whether this is the whole list or changes only). Everything else is left alone.

The small tables are held by id; ``users`` is read row by row.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

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
from proxy.kinds import SubjectKind

NAME = "oneroster"
_USERS, _ROLES, _ENROLLMENTS = "users.csv", "roles.csv", "enrollments.csv"
_CLASSES, _ORGS, _DEMOGRAPHICS, _MANIFEST = (
    "classes.csv",
    "orgs.csv",
    "demographics.csv",
    "manifest.csv",
)

_STAFF = (
    "teacher administrator aide proctor principal counselor districtadministrator "
    "siteadministrator systemadministrator"
)
_KIND_OF = {
    "student": SubjectKind.PUPIL,
    **dict.fromkeys(("guardian", "parent", "relative"), SubjectKind.GUARDIAN),
    **dict.fromkeys(_STAFF.split(), SubjectKind.STAFF),
}
_RANK = (SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN)
"""A person of several roles is the first of these."""

_HEADERS = (
    "sourcedId status username userIds givenName familyName middleName identifier email sms phone "
    "userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName role "
    "orgSourcedIds primaryOrgSourcedId userSourcedId orgSourcedId classSourcedId schoolSourcedId "
    "title classCode name birthDate propertyName value"
)
_MISSPELT = {
    "prefferedGivenName": "preferredGivenName",
    "prefferedMiddleName": "preferredMiddleName",
    "prefferedFamilyName": "preferredFamilyName",
    "firstName": "givenName",
    "lastName": "familyName",
    "orgSourceIds": "orgSourcedIds",
    "sourceId": "sourcedId",
    "userSourceId": "userSourcedId",
    "dateOfBirth": "birthDate",
}
_ALIASES = {folded_header(name): name for name in _HEADERS.split()} | {
    folded_header(wrong): right for wrong, right in _MISSPELT.items()
}
_USER_ID = re.compile(r"\{\s*([^:{}]*):\s*([^{}]+?)\s*\}")
_NUMBER_TYPE = re.compile(r"student|number|num[eé]ro|matricule", re.IGNORECASE)
_LISTED = ","


@dataclass(slots=True)
class _Tables:
    """What the small tables say, by user or by their own id."""

    roles: dict[str, set[SubjectKind]] = field(default_factory=lambda: defaultdict(set))
    orgs_of: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    classes_of: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    class_names: dict[str, str] = field(default_factory=dict)
    org_names: dict[str, str] = field(default_factory=dict)
    birth_dates: dict[str, str] = field(default_factory=dict)


def detect(files: RosterFiles) -> bool:
    """A ``users.csv`` with OneRoster's id and names."""
    if _USERS not in files.names():
        return False
    headers = {_ALIASES.get(header) for header in headers_of(files, _USERS)}
    return {"sourcedId", "givenName", "familyName"} <= headers


def is_complete(files: RosterFiles) -> bool:
    """False when the manifest says that ``users`` holds changes only."""
    return all(
        row["value"].lower() != "delta"
        for row in _rows(files, _MANIFEST, ("propertyName", "value"), Problems())
        if row["propertyName"].lower() == "file.users"
    )


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    tables = _read_tables(files, problems)
    seen: dict[str, int] = {}
    for row in _rows(files, _USERS, ("sourcedId", "givenName", "familyName"), problems):
        with reported(row, problems):
            first = seen.setdefault(row["sourcedId"], row.line)
            if first != row.line:
                raise BadRow("sourcedId", f"an id that stands at line {first} already; remove one")
            yield _person(row, tables, problems)


def _rows(
    files: RosterFiles, name: str, required: tuple[str, ...], problems: Problems
) -> Iterator[Row]:
    if name in files.names():
        yield from read_table(files, name, _ALIASES, required, problems)


def _live(
    files: RosterFiles, name: str, required: tuple[str, ...], problems: Problems
) -> Iterator[Row]:
    for row in _rows(files, name, required, problems):
        if not _is_deleted(row):
            yield row


def _is_deleted(row: Row) -> bool:
    return row["status"].lower() == "tobedeleted"


def _read_tables(files: RosterFiles, problems: Problems) -> _Tables:
    tables = _Tables()
    for row in _live(files, _ORGS, ("sourcedId",), problems):
        tables.org_names[row["sourcedId"]] = row["identifier"] or row["name"]
    for row in _live(files, _CLASSES, ("sourcedId",), problems):
        tables.class_names[row["sourcedId"]] = row["title"] or row["classCode"]
    for row in _live(files, _ROLES, ("userSourcedId", "role"), problems):
        user = row["userSourcedId"]
        tables.roles[user].add(_kind(row, row["role"], problems))
        if row["orgSourcedId"]:
            tables.orgs_of[user][row["orgSourcedId"]] = None
    for row in _live(files, _ENROLLMENTS, ("userSourcedId", "classSourcedId"), problems):
        user = row["userSourcedId"]
        tables.classes_of[user][row["classSourcedId"]] = None
        if row["schoolSourcedId"]:
            tables.orgs_of[user][row["schoolSourcedId"]] = None
    for row in _live(files, _DEMOGRAPHICS, ("sourcedId",), problems):
        with reported(row, problems):
            tables.birth_dates[row["sourcedId"]] = cells.birth_date(row, "birthDate")
    return tables


def _kind(row: Row, role: str, problems: Problems) -> SubjectKind:
    """An unknown role must not leave a person unprotected: it counts as staff, with a note."""
    kind = _KIND_OF.get(folded_header(role))
    if kind is None:
        what = "a role that OneRoster does not define: taken as staff; correct it if it is not"
        problems.note(row.file, row.line, row.column("role"), what)
    return kind or SubjectKind.STAFF


def _person(row: Row, tables: _Tables, problems: Problems) -> Person:
    user = row["sourcedId"]
    if not user:
        raise BadRow("sourcedId", "no id; OneRoster requires one for each user")
    kinds = tables.roles.get(user) or {_kind(row, row["role"], problems)}
    typed = _USER_ID.findall(row["userIds"])
    ids = [*(i for _, i in typed), row["userMasterIdentifier"], user, row["identifier"]]
    national = next((i for i in ids if looks_like_ine(i)), "")
    number, logins = _number_and_logins(row["identifier"], typed)
    phones = (*cells.phones(row, "sms", _LISTED), *cells.phones(row, "phone", _LISTED))
    orgs = (*row.many("orgSourcedIds", _LISTED), *row.many("primaryOrgSourcedId", _LISTED))
    schools = dict.fromkeys((*orgs, *tables.orgs_of.get(user, ())))
    person = Person(
        kind=min(kinds, key=_RANK.index),
        source_id=user,
        given_name=cells.name(row, "givenName"),
        family_name=cells.name(row, "familyName"),
        other_given=tuple(_other_given(row)),
        other_family=tuple(filter(None, (cells.name(row, "preferredFamilyName"),))),
        emails=cells.emails(row, "email", _LISTED),
        logins=tuple(dict.fromkeys(filter(None, (row["username"], *logins)))),
        national_id=national.upper(),
        student_number=number,
        phones=tuple(dict.fromkeys(phones)),
        birth_date=tables.birth_dates.get(user, ""),
        uuids=tuple(dict.fromkeys(i.lower() for i in ids if cells.is_uuid(i))),
        schools=tuple(tables.org_names.get(org) or org for org in schools),
        classes=_classes(tables, user),
        active=not _is_deleted(row),
    )
    if person.active and next(person.values(), None) is None:
        raise BadRow("familyName", "a person without any identifier; fill in the name at least")
    return person


def _other_given(row: Row) -> Iterator[str]:
    """The preferred given name, and given names as they are written with the middle ones."""
    given, middle = row["givenName"], cells.name(row, "middleName")
    preferred = cells.name(row, "preferredGivenName")
    if preferred:
        yield preferred
    if given and middle:
        yield f"{given} {middle}"


def _number_and_logins(
    identifier: str, typed: list[tuple[str, str]]
) -> tuple[str, tuple[str, ...]]:
    """The student number, and ids in other systems; INE and UUID have fields of their own."""
    rest = [(t, i) for t, i in typed if not looks_like_ine(i) and not cells.is_uuid(i)]
    numbers = [i for t, i in rest if _NUMBER_TYPE.search(t)]
    if identifier and not looks_like_ine(identifier):
        numbers.insert(0, identifier)
    number = numbers[0] if numbers else ""
    return number, tuple(i for _, i in rest if i != number)


def _classes(tables: _Tables, user: str) -> tuple[str, ...]:
    known = tables.classes_of.get(user, ())
    return tuple(dict.fromkeys(tables.class_names.get(c) or c for c in known))
