"""ONDE (formerly BE1D), the national base of primary pupils: ``CSVExtraction`` tables.

Up to three files a school: pupils, guardians (with their children in repeated columns) and
teachers. Two dialects are out there: quoted cells, ISO dates and no INE (until about 2017);
plain cells, day/month/year and the INE (since). The files do not name their school: its UAI is
taken from the name of the file, the archive or the folder.
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.directory.importers import school_csv
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems, note_others
from proxy.directory.importers.tables import headers_of
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "onde"


def detect(files: RosterFiles) -> bool:
    """Some table has ONDE's headers."""
    return bool(_tables(files))


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Pupils, guardians, teachers."""
    tables = _tables(files)
    if not tables:
        raise InputError("no table of ONDE among these files; see docs/rosters.md")
    note_others(files, tables, "ONDE", problems)
    yield from school_csv.read_people(files, tables, problems)


def _tables(files: RosterFiles) -> dict[str, SubjectKind]:
    kinds = {name: _kind(files, name) for name in files.names() if name.endswith((".csv", ".txt"))}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(files: RosterFiles, name: str) -> SubjectKind | None:
    """Whose table a file is: ONDE says ``Nom responsable``, ``Nom élève``, but ``Nom`` of staff."""
    plain = set(headers_of(files, name))
    if {"nom", "prenom"} <= plain:
        return SubjectKind.STAFF if "directeur" in plain else None
    kinds = (SubjectKind.GUARDIAN, SubjectKind.PUPIL)
    own = {kind: school_csv.known_headers(files, name, kind, own=True) for kind in kinds}
    return next((kind for kind in kinds if {"family", "given"} <= own[kind]), None)
