"""Microsoft School Data Sync V1: six tables in one archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from proxy.directory.exporters.accounts import Account, Accounts, Member, Options
from proxy.directory.exporters.output import Table, new_password, write_archive
from proxy.kinds import SubjectKind

NAME = "sds"
SUFFIX = ".zip"
KINDS = frozenset({SubjectKind.PUPIL, SubjectKind.STAFF})

_SCHOOL = ("SIS ID", "Name")
_SECTION = ("SIS ID", "School SIS ID", "Section Name")
_PERSON = ("SIS ID", "School SIS ID", "Username", "First Name", "Last Name")
_ENROLMENT = ("Section SIS ID", "SIS ID")


def write(accounts: Accounts, options: Options, out: BinaryIO) -> None:
    """The tables, each in one pass."""
    write_archive(out, _tables(accounts, options))


def _tables(accounts: Accounts, options: Options) -> Iterator[Table]:
    yield "School.csv", _SCHOOL, ((school.id, school.title) for school in accounts.schools)
    yield "Section.csv", _SECTION, ((c.id, c.school, c.title) for c in accounts.classes)
    password = ("Password",) if options.new_passwords else ()
    for kind, name, enrolment in (
        (SubjectKind.PUPIL, "Student", "StudentEnrollment"),
        (SubjectKind.STAFF, "Teacher", "TeacherRoster"),
    ):
        headers = (*_PERSON, f"{name} Number", *password)
        yield f"{name}.csv", headers, _people(_only(accounts, kind), options)
        yield (
            f"{enrolment}.csv",
            _ENROLMENT,
            _enrolments(m for m in accounts.members() if m.kind is kind),
        )


def _only(accounts: Accounts, kind: SubjectKind) -> Iterator[Account]:
    return (account for account in accounts if account.kind is kind)


def _people(accounts: Iterable[Account], options: Options) -> Iterator[Sequence[str]]:
    """One row a person and school, as SDS wants who is in several."""
    for account in accounts:
        password = (new_password(),) if options.new_passwords else ()
        names = (account.email, account.given_name, account.family_name, account.student_number)
        for school in account.schools:
            yield account.id, school.id, *names, *password


def _enrolments(members: Iterable[Member]) -> Iterator[Sequence[str]]:
    return ((one.id, member.id) for member in members for one in member.classes)
