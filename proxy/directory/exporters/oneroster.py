"""OneRoster 1.2 CSV (1EdTech): ten tables in one archive, all of them whole.

Classes belong to courses and terms there, which no directory of ours knows: each class gets a
course of its title, and all get the school year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

from proxy.directory.exporters.accounts import Accounts, Options
from proxy.directory.exporters.output import Table, new_password, write_archive
from proxy.kinds import SubjectKind

NAME = "oneroster"
SUFFIX = ".zip"
KINDS = frozenset(SubjectKind)

_BASE = ("sourcedId", "status", "dateLastModified")
_ORGS = (*_BASE, "name", "type", "identifier", "parentSourcedId")
_SESSIONS = (*_BASE, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear")
_COURSES = (
    *_BASE,
    *"schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes".split(),
)
_CLASSES = (
    *_BASE,
    *"title grades courseSourcedId classCode classType location schoolSourcedId".split(),
    *"termSourcedIds subjects subjectCodes periods".split(),
)
_USERS = (
    *_BASE,
    *"enabledUser username userIds givenName familyName middleName identifier email sms".split(),
    *"phone agentSourcedIds grades password userMasterIdentifier preferredGivenName".split(),
    *"preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns".split(),
)
_ROLES = (
    *_BASE,
    *"userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId".split(),
)
_ENROLMENTS = (
    *_BASE,
    *"classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate".split(),
)
_DEMOGRAPHICS = (*_BASE, "birthDate", "sex")
_WRITTEN = "academicSessions classes courses demographics enrollments orgs roles users".split()
_ABSENT = (
    "categories classResources courseResources lineItemLearningObjectiveIds lineItems "
    "lineItemScoreScales resources resultLearningObjectiveIds results resultScoreScales "
    "scoreScales userProfiles userResources"
).split()
_ROLE_OF = {
    SubjectKind.PUPIL: "student",
    SubjectKind.STAFF: "teacher",
    SubjectKind.GUARDIAN: "guardian",
}


def write(accounts: Accounts, options: Options, out: BinaryIO) -> None:
    """The tables, each in one pass."""
    write_archive(out, _tables(accounts, options))


def _tables(accounts: Accounts, options: Options) -> Iterator[Table]:
    first = options.today.year - (options.today.month < 8)
    term = f"year-{first}"
    yield "manifest.csv", ("propertyName", "value"), _manifest()
    yield "orgs.csv", _ORGS, _padded(
        _ORGS, ({"sourcedId": s.id, "name": s.title, "type": "school", "identifier": s.title}
                for s in accounts.schools)
    )  # fmt: skip
    yield "academicSessions.csv", _SESSIONS, _padded(_SESSIONS, iter([_year(term, first)]))
    yield "courses.csv", _COURSES, _padded(
        _COURSES, ({"sourcedId": f"course-{c.id}", "schoolYearSourcedId": term, "title": c.title,
                    "orgSourcedId": c.school} for c in accounts.classes)
    )  # fmt: skip
    yield "classes.csv", _CLASSES, _padded(
        _CLASSES, ({"sourcedId": c.id, "title": c.title, "courseSourcedId": f"course-{c.id}",
                    "classType": "homeroom", "schoolSourcedId": c.school, "termSourcedIds": term}
                   for c in accounts.classes)
    )  # fmt: skip
    yield "users.csv", _USERS, _padded(_USERS, _users(accounts, options))
    yield "roles.csv", _ROLES, _padded(_ROLES, _roles(accounts))
    yield "enrollments.csv", _ENROLMENTS, _padded(_ENROLMENTS, _enrolments(accounts))
    dated = iter(accounts) if accounts.have_birth_dates else iter(())
    births = ({"sourcedId": a.id, "birthDate": a.birth_date} for a in dated if a.birth_date)
    yield "demographics.csv", _DEMOGRAPHICS, _padded(_DEMOGRAPHICS, births)


def _padded(headers: Sequence[str], rows: Iterator[dict[str, str]]) -> Iterator[Sequence[str]]:
    return ([row.get(header, "") for header in headers] for row in rows)


def _manifest() -> Iterator[Sequence[str]]:
    yield "manifest.version", "1.0"
    yield "oneroster.version", "1.2"
    yield from ((f"file.{table}", "bulk") for table in _WRITTEN)
    yield from ((f"file.{table}", "absent") for table in _ABSENT)
    yield "source.systemName", "Preau"
    yield "source.systemCode", "preau"


def _year(term: str, first: int) -> dict[str, str]:
    return {
        "sourcedId": term,
        "title": f"{first}-{first + 1}",
        "type": "schoolYear",
        "startDate": date(first, 9, 1).isoformat(),
        "endDate": date(first + 1, 8, 31).isoformat(),
        "schoolYear": str(first + 1),
    }


def _users(accounts: Accounts, options: Options) -> Iterator[dict[str, str]]:
    for account in accounts:
        yield {
            "sourcedId": account.id,
            "enabledUser": "true",
            "username": account.login or account.email,
            "givenName": account.given_name,
            "familyName": account.family_name,
            "identifier": account.student_number,
            "email": account.email,
            "phone": account.phone,
            "password": new_password() if options.new_passwords else "",
            "primaryOrgSourcedId": account.schools[0].id,
        }


def _roles(accounts: Accounts) -> Iterator[dict[str, str]]:
    for account in accounts.members():
        for index, school in enumerate(account.schools):
            yield {
                "sourcedId": f"role-{account.id}-{index}",
                "userSourcedId": account.id,
                "roleType": "secondary" if index else "primary",
                "role": _ROLE_OF[account.kind],
                "orgSourcedId": school.id,
            }


def _enrolments(accounts: Accounts) -> Iterator[dict[str, str]]:
    for account in accounts.members():
        for one in account.classes:
            yield {
                "sourcedId": f"enrollment-{one.id}-{account.id}",
                "classSourcedId": one.id,
                "schoolSourcedId": one.school,
                "userSourcedId": account.id,
                "role": _ROLE_OF[account.kind],
            }
