"""Tables joined by ``sourcedId``: what OneRoster and Microsoft's SDS V2.1 have in common.

``users`` are the people; ``roles`` (or a column of ``users``), ``enrollments``, ``classes``,
``orgs``, ``demographics``, ``userProfiles`` and ``relationships`` say more about them, by id.
Any of these may be absent. They are held by id; ``users`` is read row by row.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
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
from proxy.kinds import SubjectKind

USERS = "users.csv"

_STAFF = (
    "teacher administrator aide proctor principal counselor districtadministrator "
    "siteadministrator systemadministrator staff faculty assistant librarian nurse coach "
    "specialist orgadministrator administrativestaff adjunct chair chiefofstaff director "
    "registrar researcher teachingassistant otheremployee"
)
_GUARDIANS = "guardian parent relative legalguardian contact"
_KIND_OF = {
    **dict.fromkeys("student learner pupil".split(), SubjectKind.PUPIL),
    **dict.fromkeys(_GUARDIANS.split(), SubjectKind.GUARDIAN),
    **dict.fromkeys(_STAFF.split(), SubjectKind.STAFF),
}
type _Many[T] = defaultdict[str, dict[T, None]]
"""Distinct values by id, in the order they were read."""

_RANK = (SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN)
"""A person of several roles is the first of these."""

_HEADERS = (
    "sourcedId status username userIds givenName familyName middleName identifier email sms phone "
    "userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName role "
    "orgSourcedIds primaryOrgSourcedId userSourcedId orgSourcedId classSourcedId schoolSourcedId "
    "title classCode name birthDate propertyName value agentSourcedIds profileType vendorId "
    "activeDirectoryMatchId relationshipUserSourcedId metadata.jp.kanaGivenName "
    "metadata.jp.kanaFamilyName"
)
_MISSPELT = {
    "prefferedGivenName": "preferredGivenName",
    "prefferedMiddleName": "preferredMiddleName",
    "prefferedFamilyName": "preferredFamilyName",
    "prefferredGivenName": "preferredGivenName",
    "prefferredFamilyName": "preferredFamilyName",
    "firstName": "givenName",
    "lastName": "familyName",
    "orgSourceIds": "orgSourcedIds",
    "sourceId": "sourcedId",
    "userSourceId": "userSourcedId",
    "orgSourceId": "orgSourcedId",
    "classSourceId": "classSourcedId",
    "schoolSourceId": "schoolSourcedId",
    "agentSourceIds": "agentSourcedIds",
    "agents": "agentSourcedIds",
    "userNumber": "identifier",
    "code": "classCode",
    "dateOfBirth": "birthDate",
}
ALIASES = {folded_header(name): name for name in _HEADERS.split()} | {
    folded_header(wrong): right for wrong, right in _MISSPELT.items()
}
_OTHER_FAMILY = ("preferredFamilyName", "metadata.jp.kanaFamilyName")
_USER_ID = re.compile(r"\{\s*([^:{}]*):\s*([^{}]+?)\s*\}")
_NUMBER_TYPE = re.compile(r"student|number|num[eé]ro|matricule|^sis", re.IGNORECASE)
_LISTED = ","


@dataclass(slots=True)
class _Tables:
    """What the small tables say, by user or by their own id."""

    roles: _Many[SubjectKind] = field(default_factory=lambda: defaultdict(dict))
    orgs_of: _Many[str] = field(default_factory=lambda: defaultdict(dict))
    classes_of: _Many[str] = field(default_factory=lambda: defaultdict(dict))
    related: _Many[str] = field(default_factory=lambda: defaultdict(dict))
    """Guardians by child and children by guardian: exports name either, or both."""
    gone: set[str] = field(default_factory=set)
    """Who is marked as gone, if anybody is related to somebody."""
    logins_of: _Many[str] = field(default_factory=lambda: defaultdict(dict))
    class_names: dict[str, str] = field(default_factory=dict)
    org_names: dict[str, str] = field(default_factory=dict)
    birth_dates: dict[str, str] = field(default_factory=dict)


def is_users_table(files: RosterFiles) -> bool:
    """Whether there is a ``users.csv`` with an id and names."""
    return {"sourcedId", "givenName", "familyName"} <= known_headers(files, USERS)


def known_headers(files: RosterFiles, name: str) -> set[str]:
    """The canonical headers of a table; none if it is not there."""
    if name not in files.names():
        return set()
    return {ALIASES[header] for header in headers_of(files, name) if header in ALIASES}


def rows(
    files: RosterFiles, name: str, required: tuple[str, ...], problems: Problems
) -> Iterator[Row]:
    """Rows of a table; none if it is not there."""
    if name in files.names():
        yield from read_table(files, name, ALIASES, required, problems)


def read_people(
    files: RosterFiles, problems: Problems, *, left_out: Collection[str] = (), delta: bool = False
) -> Iterator[Person]:
    """Person after person.

    ``left_out`` names files that lie there without belonging to the roster. ``delta``: the
    files hold changes only, so a person's role and classes may be in none of them.
    """
    tables = _Reader(files, problems, left_out).tables()
    seen: dict[str, int] = {}
    for row in rows(files, USERS, ("sourcedId", "givenName", "familyName"), problems):
        with reported(row, problems):
            first = seen.setdefault(row["sourcedId"], row.line)
            if first != row.line:
                raise BadRow("sourcedId", f"an id that stands at line {first} already; remove one")
            yield _person(row, tables, problems, delta)


def _is_deleted(row: Row) -> bool:
    status = row["status"]
    if not status or status == "active":  # nearly always
        return False
    return folded_header(status) in ("tobedeleted", "inactive", "deleted")


class _Reader:
    """Reads the small tables."""

    def __init__(self, files: RosterFiles, problems: Problems, left_out: Collection[str]) -> None:
        self._files, self._problems, self._left_out = files, problems, left_out

    def tables(self) -> _Tables:
        tables = _Tables()
        self._names(tables)
        for row in self._live("userprofiles.csv", "userSourcedId"):
            if row["username"]:
                tables.logins_of[row["userSourcedId"]][row["username"]] = None
        for row in self._live("relationships.csv", "userSourcedId", "relationshipUserSourcedId"):
            _relate(tables, row["relationshipUserSourcedId"], row["userSourcedId"])
        self._agents(tables)
        self._gone(tables)
        self._places(tables)
        self._birth_dates(tables)
        return tables

    def _live(self, name: str, *required: str, first: bool = False) -> Iterator[Row]:
        """Rows of a table that belongs to the roster, without those that are marked as gone.

        ``first``: the table is read again later, and its problems told then.
        """
        if name not in self._left_out:
            problems = Problems() if first else self._problems
            for row in rows(self._files, name, required, problems):
                if not _is_deleted(row):
                    yield row

    def _names(self, tables: _Tables) -> None:
        for row in self._live("orgs.csv", "sourcedId"):
            tables.org_names[row["sourcedId"]] = row["identifier"] or row["name"]
        for row in self._live("classes.csv", "sourcedId"):
            tables.class_names[row["sourcedId"]] = row["title"] or row["classCode"]

    def _places(self, tables: _Tables) -> None:
        for row in self._live("roles.csv", "userSourcedId", "role"):
            user = row["userSourcedId"]
            tables.roles[user][_kind_of(row, user, tables, self._problems)] = None
            if row["orgSourcedId"]:
                tables.orgs_of[user][intern(row["orgSourcedId"])] = None
        for row in self._live("enrollments.csv", "userSourcedId", "classSourcedId"):
            user = row["userSourcedId"]
            tables.classes_of[user][intern(row["classSourcedId"])] = None
            if row["schoolSourcedId"]:
                tables.orgs_of[user][intern(row["schoolSourcedId"])] = None

    def _agents(self, tables: _Tables) -> None:
        """Who belongs to whom stands among the users themselves: one more reading, if at all."""
        headers = known_headers(self._files, USERS)
        if "agentSourcedIds" not in headers:
            return
        with_schools = not headers.isdisjoint(("orgSourcedIds", "primaryOrgSourcedId"))
        # A child who is gone as well: the guardian leaves with the last of them.
        for row in rows(self._files, USERS, ("sourcedId",), Problems()):
            user, agents = row["sourcedId"], row.many("agentSourcedIds", _LISTED)
            for agent in agents:
                _relate(tables, user, agent)
            for org in _orgs(row) if with_schools and not _is_deleted(row) else ():
                tables.orgs_of[user][intern(org)] = None

    def _gone(self, tables: _Tables) -> None:
        """Guardians leave with the last of their children."""
        if tables.related and "status" in known_headers(self._files, USERS):
            for row in rows(self._files, USERS, ("sourcedId",), Problems()):
                if _is_deleted(row):
                    tables.gone.add(row["sourcedId"])

    def _birth_dates(self, tables: _Tables) -> None:
        name = "demographics.csv"
        by_user = "userSourcedId" in known_headers(self._files, name)  # SDS
        key = "userSourcedId" if by_user else "sourcedId"
        seen = (row["birthDate"] for row in self._live(name, key, first=True))
        month_first = cells.is_month_first(seen)
        for row in self._live(name, key):
            with reported(row, self._problems):
                born = cells.birth_date(row, "birthDate", month_first=month_first)
                tables.birth_dates[row[key]] = born


def _relate(tables: _Tables, one: str, other: str) -> None:
    tables.related[one][other] = None
    tables.related[other][one] = None


def _kind_of(row: Row, user: str, tables: _Tables, problems: Problems) -> SubjectKind:
    """An unknown role must not leave a person unprotected: it counts as staff, with a note.

    Of somebody that a pupil names it is a guardian's: SDS writes ``other``.
    """
    role = folded_header(row["role"])
    kind = _KIND_OF.get(role)
    if role in ("", "other") and user in tables.related:
        return SubjectKind.GUARDIAN
    if kind is None:
        what = "a role that the format does not define: taken as staff; correct it if it is not"
        problems.note(row.file, row.line, row.column("role"), what)
    return kind or SubjectKind.STAFF


def _orgs(row: Row) -> tuple[str, ...]:
    return (*row.many("orgSourcedIds", _LISTED), *row.many("primaryOrgSourcedId", _LISTED))


def _person(row: Row, tables: _Tables, problems: Problems, delta: bool) -> Person:
    user = row["sourcedId"]
    if not user:
        raise BadRow("sourcedId", "no id; each user must have one")
    typed = _user_ids(row["userIds"])
    ids = [*(i for _, i in typed), row["userMasterIdentifier"], user, row["identifier"]]
    national = next((i for i in ids if looks_like_ine(i)), "")
    number, others = _number_and_logins(row["identifier"], typed)
    addresses, logins = _addresses_and_logins(
        (row["username"], row["activeDirectoryMatchId"], *tables.logins_of.get(user, ()), *others)
    )
    phones = (*cells.phones(row, "sms", _LISTED), *cells.phones(row, "phone", _LISTED))
    kind = _kind(row, tables, problems, delta)
    person = Person(
        kind=kind,
        source_id=user,
        given_name=cells.name(row, "givenName"),
        family_name=cells.name(row, "familyName"),
        other_given=tuple(_other_given(row)),
        other_family=tuple(filter(None, (cells.name(row, header) for header in _OTHER_FAMILY))),
        emails=tuple(dict.fromkeys((*cells.emails(row, "email", _LISTED), *addresses))),
        logins=logins,
        national_id=national.upper(),
        student_number=number,
        phones=tuple(dict.fromkeys(phones)),
        birth_date=tables.birth_dates.get(user, ""),
        uuids=tuple(dict.fromkeys(i.lower() for i in ids if cells.is_uuid(i))),
        schools=_schools(row, tables, delta),
        classes=_classes(user, tables, delta),
        active=not _is_deleted(row) and not _has_no_child_left(user, kind, tables),
        partial=delta,
    )
    if person.active and next(person.values(), None) is None:
        raise BadRow("familyName", "a person without any identifier; fill in the name at least")
    return person


def _kind(row: Row, tables: _Tables, problems: Problems, delta: bool) -> SubjectKind:
    """The first of a person's roles by rank."""
    user = row["sourcedId"]
    kinds = dict(tables.roles.get(user, {}))
    if row["role"] or not (kinds or delta):
        kinds[_kind_of(row, user, tables, problems)] = None
    # Without a role in a file of changes: who is known keeps the kind that the directory has.
    return min(kinds or (SubjectKind.PUPIL,), key=_RANK.index)


def _schools(row: Row, tables: _Tables, delta: bool) -> tuple[str, ...]:
    """A person's own schools; a guardian without any has those of the children."""
    user = row["sourcedId"]
    orgs = dict.fromkeys((*_orgs(row), *tables.orgs_of.get(user, ())))
    if not orgs:
        wards = tables.related.get(user, ())
        orgs = {org: None for ward in wards for org in tables.orgs_of.get(ward, ())}
    return _named(orgs, tables.org_names, delta)


def _classes(user: str, tables: _Tables, delta: bool) -> tuple[str, ...]:
    """A person's own classes; a guardian has those of the children."""
    ids = tables.classes_of.get(user, {})
    if not ids:
        wards = tables.related.get(user, ())
        ids = {one: None for ward in wards for one in tables.classes_of.get(ward, ())}
    return _named(ids, tables.class_names, delta)


def _has_no_child_left(user: str, kind: SubjectKind, tables: _Tables) -> bool:
    """Whether this is a guardian all of whose children have left."""
    wards = tables.related.get(user, {})
    return kind is SubjectKind.GUARDIAN and bool(wards) and wards.keys() <= tables.gone


def _named(ids: Iterable[str], names: dict[str, str], delta: bool) -> tuple[str, ...]:
    """Names by id. A file of changes need not name what has not changed: that stays as it was."""
    known = (names.get(one) or ("" if delta else one) for one in ids)
    return tuple(dict.fromkeys(filter(None, known)))


def _other_given(row: Row) -> Iterator[str]:
    """The preferred given name, and given names as they are written with the middle ones."""
    given, middle = row["givenName"], cells.name(row, "middleName")
    preferred = cells.name(row, "preferredGivenName")
    if preferred:
        yield preferred
    if given and middle:
        yield f"{given} {middle}"
    if kana := cells.name(row, "metadata.jp.kanaGivenName"):
        yield kana


def _user_ids(cell: str) -> list[tuple[str, str]]:
    """Type and id: as the standard writes them (``{LDAP:zoe}``), as JSON, or ids alone."""
    if typed := _USER_ID.findall(cell):
        if '"' not in cell:
            return typed
        try:
            found = json.loads(cell)
            return [(str(one["type"]), str(one["identifier"])) for one in found]
        except (ValueError, TypeError, KeyError, RecursionError):
            return typed
    return [("", part) for part in map(str.strip, cell.split(_LISTED)) if part]


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


def _addresses_and_logins(
    given: tuple[str, ...],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A login that is an address is found as one."""
    distinct = [login for login in dict.fromkeys(given) if login]
    addresses = tuple(login for login in distinct if cells.is_email(login))
    return addresses, tuple(login for login in distinct if not cells.is_email(login))
