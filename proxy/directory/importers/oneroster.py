"""OneRoster 1.1 and 1.2 CSV (1EdTech): a folder or an archive of tables joined by id.

``manifest`` says which tables are there and whether they hold everything or changes only.
What is read of the tables stands in ``sourced``. Where ``roles`` (1.2) is absent, the ``role``
column of ``users`` (1.1) says who is who.
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.sourced import USERS, is_users_table, read_people, rows
from proxy.directory.subjects import Person
from proxy.errors import InputError

NAME = "oneroster"
_MANIFEST = "manifest.csv"
_READ = "classes demographics enrollments orgs roles userprofiles users".split()


def detect(files: RosterFiles) -> bool:
    """A ``users.csv`` with OneRoster's id and names, or a manifest that announces one."""
    return is_users_table(files) or "users" in _announced(files)


def is_complete(files: RosterFiles) -> bool:
    """False when the manifest says that ``users`` holds changes only."""
    return _announced(files).get("users") != "delta"


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    announced = _announced(files)
    for table, mode in announced.items():
        if table in _READ and mode == "bulk" and f"{table}.csv" not in files.names():
            raise InputError(
                f"{files.label(_MANIFEST)}: announces {table}.csv, which is not there; "
                f"the export is cut short, make it again"
            )
    if USERS not in files.names():
        raise InputError("no users.csv among the files; export it too")
    absent = {f"{table}.csv" for table, mode in announced.items() if mode == "absent"}
    delta = "delta" in announced.values()
    return read_people(files, problems, left_out=absent - {USERS}, delta=delta)


def _announced(files: RosterFiles) -> dict[str, str]:
    """``bulk``, ``delta`` or ``absent`` by table, in lower case; empty without a manifest."""
    properties = (
        (row["propertyName"].lower(), row["value"].lower())
        for row in rows(files, _MANIFEST, ("propertyName", "value"), Problems())
    )
    return {
        name.removeprefix("file."): value for name, value in properties if name.startswith("file.")
    }
