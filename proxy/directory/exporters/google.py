"""Google Workspace: the bulk upload file of the admin console.

The pseudonym domain must be one that the Google tenant has verified. An account is found by
its address, so pseudonyms keep accounts from one upload to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from proxy.directory.exporters.accounts import Account, Accounts, Options
from proxy.directory.exporters.output import new_password, write_csv
from proxy.kinds import SubjectKind

NAME = "google-csv"
SUFFIX = ".csv"
KINDS = frozenset({SubjectKind.PUPIL, SubjectKind.STAFF})

_HEADERS = (
    "First Name [Required]",
    "Last Name [Required]",
    "Email Address [Required]",
    "Password [Required]",
    "Password Hash Function [UPLOAD ONLY]",
    "Org Unit Path [Required]",
    "New Primary Email [UPLOAD ONLY]",
    "Recovery Email",
    "Home Secondary Email",
    "Work Secondary Email",
    "Recovery Phone [MUST BE IN THE E.164 FORMAT]",
    "Work Phone",
    "Home Phone",
    "Mobile Phone",
    "Work Address",
    "Home Address",
    "Employee ID",
    "Employee Type",
    "Employee Title",
    "Manager Email",
    "Department",
    "Cost Center",
    "Building ID",
    "Floor Name",
    "Floor Section",
    "Change Password at Next Sign-In",
    "New Status [UPLOAD ONLY]",
    "Advanced Protection Program enrollment",
)
_UNCHANGED = "****"
"""What Google takes for the password that the account has."""
_TYPES = {SubjectKind.PUPIL: "Student", SubjectKind.STAFF: "Staff"}


def write(accounts: Accounts, options: Options, out: BinaryIO) -> None:
    """One row an account."""
    write_csv(out, _HEADERS, _rows(accounts, options))


def _rows(accounts: Accounts, options: Options) -> Iterator[list[str]]:
    for account in accounts:
        cells = _cells(account, options)
        yield [cells.get(header, "") for header in _HEADERS]


def _cells(account: Account, options: Options) -> dict[str, str]:
    return {
        "First Name [Required]": account.given_name,
        "Last Name [Required]": account.family_name,
        "Email Address [Required]": account.email,
        "Password [Required]": new_password() if options.new_passwords else _UNCHANGED,
        "Org Unit Path [Required]": options.unit,
        "Employee ID": account.student_number,
        "Employee Type": _TYPES[account.kind],
        "Change Password at Next Sign-In": "True" if options.new_passwords else "",
    }
