"""STS-web, the national base of secondary schools' services: ``sts_emp_<UAI>_<year>.xml``.

Read here: ``INDIVIDU`` (staff) and, from the main teacher's mandate and the services of
``DIVISION`` and ``GROUPE``, the classes that each teaches. Several schools' files may be read
at once: a teacher of two schools has the same ``epp`` id in both; ``local`` ids are a
school's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from proxy.directory.importers import civil
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems, note_others
from proxy.directory.importers.safe_xml import (
    Record,
    Shape,
    files_by_root,
    read_records,
)
from proxy.directory.importers.tables import BadRow, reported
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "sts"
_ROOTS = ("sts_edt", "edt_sts")
_CLASSES = Shape(frozenset({"division", "groupe", "uaj"}))
_STAFF = Shape(frozenset({"individu"}))
_TEACHER = "services/service/enseignants/enseignant"
_FAMILY = ("nom_patronymique", "nom_usage", "nom_de_famille", "nom")


@dataclass(slots=True)
class _School:
    uai: str = ""
    classes: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """By teacher."""


def detect(files: RosterFiles) -> bool:
    """Some file has STS-web's root, or that of what timetable software sends back to it."""
    return bool(files_by_root(files, _ROOTS.__contains__))


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Staff member after staff member; those of several schools at the end, once."""
    roots = files_by_root(files, _ROOTS.__contains__)
    if not roots:
        raise InputError("no STS-web file (sts_emp_….xml) among these; see docs/rosters.md")
    note_others(files, roots, "STS-web", problems)
    schools = {name: _read_school(files, name) for name in roots}
    pool = civil.Pool(_ids(files, name, school) for name, school in schools.items())
    for name, school in schools.items():
        for person in _staff(files, name, school, problems):
            yield from pool.take(person)
    yield from pool.rest()


def _read_school(files: RosterFiles, name: str) -> _School:
    school = _School(civil.uai_in(files.label(name)))
    for record in read_records(files, name, _CLASSES):
        if record.tag == "uaj":
            school.uai = record["@code"].upper() or school.uai
        else:
            for teacher in _teachers(record):
                school.classes[teacher][record["@code"]] = None
    return school


def _teachers(record: Record) -> Iterator[str]:
    ids, types = record.listed(f"{_TEACHER}/@id"), record.listed(f"{_TEACHER}/@type")
    for index, number in enumerate(ids):
        yield f"{types[index].lower() if len(types) == len(ids) else 'epp'}/{number}"


def _ids(files: RosterFiles, name: str, school: _School) -> set[str]:
    return {_source_id(record, school) for record in read_records(files, name, _STAFF)}


def _staff(files: RosterFiles, name: str, school: _School, problems: Problems) -> Iterator[Person]:
    seen: dict[str, int] = {}
    for record in read_records(files, name, _STAFF):
        with reported(record, problems):
            person = _person(record, school, problems)
            if first := seen.get(person.source_id):
                raise BadRow("@id", f"an id that stands at line {first} already")
            seen[person.source_id] = record.line
            yield civil.checked(record, problems, person, "nom_usage", "prenom")


def _source_id(record: Record, school: _School) -> str:
    kind = record["@type"].lower() or "epp"
    number = record["@id"]
    return f"{kind}/{school.uai}/{number}" if kind == "local" else f"{kind}/{number}"


def _person(record: Record, school: _School, problems: Problems) -> Person:
    if not record["@id"]:
        raise BadRow("@id", "no ID; export the file again")
    teacher = f"{record['@type'].lower() or 'epp'}/{record['@id']}"
    given, *other_given = civil.forenames(record, problems, "prenom") or ("",)
    family, *other_family = civil.names(record, problems, *_FAMILY) or ("",)
    main = record.every("profs_princ/prof_princ/code_structure")
    return Person(
        kind=SubjectKind.STAFF,
        source_id=_source_id(record, school),
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(record, problems, "mel", "email", "courriel"),
        phones=civil.phones(record, problems, "telephone", "tel_portable", "tel_personnel"),
        birth_date=civil.birth_date(record, problems, "date_naissance"),
        schools=(school.uai,) if school.uai else (),
        classes=tuple(dict.fromkeys((*main, *school.classes.get(teacher, ())))),
    )
