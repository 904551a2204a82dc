"""CSV tables of an ENT (digital workspace): pupils, parents, teachers, other staff, guests.

The templates of the free ENT platforms, in French (``Prénom*;Nom*;Date de naissance*;Classes*``)
or English, one file a profile, known by its name (``CSV_Eleves.csv``) and its headers. Guests
count as staff: they are adults of the school.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.directory.importers import school_csv, simple_csv
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems, note_others
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "ent-csv"
_NAMED = {
    SubjectKind.PUPIL: re.compile(r"[eé]l[eè]ve|student|pupil"),
    SubjectKind.GUARDIAN: re.compile(r"parent|responsable|relative|famille"),
    SubjectKind.STAFF: re.compile(r"enseignant|teacher|prof|personnel|staff|invit|guest"),
}


def detect(files: RosterFiles) -> bool:
    """Some table has an ENT's headers, and none is a simple CSV with ids and kinds."""
    return bool(_tables(files)) and not simple_csv.detect(files)


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Pupils, parents, staff."""
    tables = _tables(files)
    if not tables:
        raise InputError("no table of an ENT among these files; see docs/rosters.md")
    note_others(files, tables, "the ENT", problems)
    yield from school_csv.read_people(files, tables, problems)


def _tables(files: RosterFiles) -> dict[str, SubjectKind]:
    kinds = {name: _kind(files, name) for name in files.names() if name.endswith((".csv", ".txt"))}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(files: RosterFiles, name: str) -> SubjectKind | None:
    """Whose table a file is: by children's columns, then by its name, then by its headers."""
    guardians = school_csv.known_headers(files, name, SubjectKind.GUARDIAN)
    if {"family", "given"} <= guardians and guardians & {"child_given", "child_id"}:
        return SubjectKind.GUARDIAN
    headers = school_csv.known_headers(files, name, SubjectKind.PUPIL)
    staff = school_csv.known_headers(files, name, SubjectKind.STAFF)
    if not {"family", "given"} <= headers or ("id" in headers and len(headers) == len({"id"})):
        return None
    named = next((kind for kind, sign in _NAMED.items() if sign.search(name)), None)
    if named is not None:
        return named
    if "function" in staff or "work" in headers:
        return SubjectKind.STAFF
    return SubjectKind.PUPIL if {"birth", "class"} <= headers or "ine" in headers else None
