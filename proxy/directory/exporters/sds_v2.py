"""Microsoft School Data Sync V2.1: five tables in one archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from proxy.directory.exporters.accounts import Accounts, Options
from proxy.directory.exporters.output import Table, new_password, write_archive
from proxy.kinds import SubjectKind

NAME = "sds-v2"
SUFFIX = ".zip"
KINDS = frozenset({SubjectKind.PUPIL, SubjectKind.STAFF})

_ORGS = ("sourcedId", "name", "type", "parentSourcedId")
_USERS = (
    "sourcedId",
    "username",
    "givenName",
    "familyName",
    "password",
    "activeDirectoryMatchId",
    "email",
    "phone",
    "sms",
    "userNumber",
)
_ROLES = ("userSourcedId", "orgSourcedId", "role", "isPrimary")
_CLASSES = ("sourcedId", "orgSourcedId", "title", "sessionSourcedIds", "courseSourcedId", "code")
_ENROLMENTS = ("classSourcedId", "userSourcedId", "role")
_ROLE_OF = {SubjectKind.PUPIL: "student", SubjectKind.STAFF: "staff"}
_CLASS_ROLE_OF = {SubjectKind.PUPIL: "student", SubjectKind.STAFF: "teacher"}


def write(accounts: Accounts, options: Options, out: BinaryIO) -> None:
    """The tables, each in one pass."""
    write_archive(out, _tables(accounts, options))


def _tables(accounts: Accounts, options: Options) -> Iterator[Table]:
    yield "orgs.csv", _ORGS, ((s.id, s.title, "school", "") for s in accounts.schools)
    yield "users.csv", _USERS, _users(accounts, options)
    yield "roles.csv", _ROLES, _roles(accounts)
    classes = ((c.id, c.school, c.title, "", "", "") for c in accounts.classes)
    yield "classes.csv", _CLASSES, classes
    yield "enrollments.csv", _ENROLMENTS, _enrolments(accounts)


def _users(accounts: Accounts, options: Options) -> Iterator[Sequence[str]]:
    for account in accounts:
        yield (
            account.id,
            account.email,
            account.given_name,
            account.family_name,
            new_password() if options.new_passwords else "",
            account.email,
            account.email,
            "",
            "",
            account.student_number,
        )


def _roles(accounts: Accounts) -> Iterator[Sequence[str]]:
    for account in accounts.members():
        for index, school in enumerate(account.schools):
            primary = "true" if index == 0 else "false"
            yield account.id, school.id, _ROLE_OF[account.kind], primary


def _enrolments(accounts: Accounts) -> Iterator[Sequence[str]]:
    for account in accounts.members():
        for one in account.classes:
            yield one.id, account.id, _CLASS_ROLE_OF[account.kind]
