"""Microsoft School Data Sync V2.1 CSV: a folder or an archive of tables joined by ``sourcedId``.

Much like OneRoster, without a manifest: ``roles`` has no id of its own, ``relationships`` ties
guardians to pupils, ``username`` is an address. Every file holds the whole list.
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.sourced import USERS, is_users_table, known_headers, read_people
from proxy.directory.importers.tables import headers_of
from proxy.directory.subjects import Person
from proxy.errors import InputError

NAME = "sds-v2"
_ONLY_ONEROSTER = {"status", "enableduser", "datelastmodified", "role", "userids"}


def detect(files: RosterFiles) -> bool:
    """A ``users.csv`` without OneRoster's own columns, next to ``roles`` without ids."""
    if not is_users_table(files) or "manifest.csv" in files.names():
        return False
    roles = known_headers(files, "roles.csv")
    own = _ONLY_ONEROSTER.isdisjoint(headers_of(files, USERS))
    return own and "userSourcedId" in roles and "sourcedId" not in roles


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    for name in (USERS, "roles.csv"):
        if name not in files.names():
            raise InputError(f"no {name} among the files; SDS V2.1 requires it, export it too")
    return read_people(files, problems)
