"""AAF, the academies' federated directory: what feeds every ENT of secondary and primary schools.

Read here: the numbered files ``…_Eleve_…``, ``…_PersEducNat_…``, ``…_PersRelEleve_…`` and
``…_EtabEducNat_…`` (school numbers) of a complete export or a delta, in the spelling of the
second degree (``sn``) or the first (``ENTPersonNom``). An academy's complete export has
gigabytes: every file is read once, one record in memory at a time; only schools, ids and the
links from guardians to schools and classes are remembered.

A delta changes: ``modifyRequest`` gives some attributes of a person and ``deleteRequest`` says
who left. Several deltas are read in the order of their names, which hold their dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from proxy.directory.importers import civil
from proxy.directory.importers.compact import Marks, SeenIds
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

NAME = "aaf"
_ROOT: Final = "ficalimmenesr"
_ADD, _MODIFY, _DELETE = "addrequest", "modifyrequest", "deleterequest"
_REQUESTS = Shape(
    tags=frozenset({_ADD, _MODIFY, _DELETE}),
    transparent=frozenset(
        "operationalattributes identifier attributes modifications value".split()
    ),
    named_by="name",
)
_QUALITIES = re.compile(r"(?:\$[0-9A-Za-z]?)+$")
"""``1986923$1$1$1$1$0`` is relative 1986923 with authority, payer, contact …"""
_LISTED = re.compile(r"\s*[,;]\s*")
_SNIFFED: Final = 1 << 18

_KIND_OF = {
    "eleve": SubjectKind.PUPIL,
    "perseducnat": SubjectKind.STAFF,
    "persreleleve": SubjectKind.GUARDIAN,
}
_ORDER = ("etabeducnat", "eleve", "perseducnat", "persreleleve")
_CATEGORY = re.compile(rb"""categorie(?:personne|structure)["'][^<]{0,9}<value>\s*([a-z]{1,20})""")
_AS_STAFF = ": taken as staff"
_NO_PEOPLE = re.compile(r"matiereeducnat|mateducnat|mefeducnat")

_FAMILY = ("entpersonnompatro", "sn", "entpersonnom")
_GIVEN = ("givenname", "entpersonprenom")
"""The second degree's and the first's; a record has one of them."""
_FURTHER = "entpersonautresprenoms"
_EMAILS = ("mail", "entpersonmail", "entpersonmailacademique", "mailacademique")
_PHONES = (
    "homephone telephonenumber mobile entpersonmobilesms entpersontelperso "
    "entpersrelelevetelpro entpersrelelevetelmobile"
).split()
_LOGINS = ("entpersonlogin", "uid")
_INE = "enteleveine"
_SCHOOLS = ("entpersonstructrattach", "entpersonfonctions", "entensfonctiondir")
_CLASSES = (
    "enteleveclasses entpersonclasses entauxensclasses entauxensclassesmatieres "
    "entauxensclassesprincipal entelevegroupes entpersongroupes entauxensgroupes "
    "entauxensgroupesmatieres"
).split()
_GUARDIANS = (
    "entelevepersreleleve enteleveautoriteparentale entelevepersreleleve1 entelevepersreleleve2 "
    "enteleveparents entelevepere entelevemere"
).split()


@dataclass(slots=True)
class _Memory:
    """What is remembered from one record to another."""

    is_delta: bool
    uai_of: dict[str, str] = field(default_factory=dict)
    seen: dict[str, SeenIds] = field(default_factory=dict)
    schools_of_guardians: Marks = field(default_factory=Marks)
    classes_of_guardians: Marks = field(default_factory=Marks)
    unknown_schools: set[str] = field(default_factory=set)


def detect(files: RosterFiles) -> bool:
    """Some file has AAF's root."""
    return bool(files_by_root(files, _ROOT.__eq__))


def is_complete(files: RosterFiles) -> bool:
    """False for a delta, by its files' names or by what they ask for."""
    return not any(_is_delta(files, name) for name in _files(files))


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Pupils, staff, relatives, file by file."""
    names = _files(files)
    if not names:
        raise InputError("no AAF file with people among these; see docs/rosters.md")
    deltas = [name for name in names if _is_delta(files, name)]
    if deltas and any("complet" in _words(name) for name in names):
        raise InputError(
            f"{files.label(deltas[0])}: a delta beside a complete export; import the complete "
            f"export first, then the deltas"
        )
    note_others(files, files_by_root(files, _ROOT.__eq__), "AAF", problems)
    repeated = _repeated(files, names) if deltas else frozenset()
    memory, held = _Memory(bool(deltas)), dict[str, Person]()
    for name in names:
        for record in read_records(files, name, _REQUESTS):
            with reported(record, problems):
                for person in _people(record, memory, problems):
                    key = person.source_id
                    if key not in repeated:
                        yield person
                    else:
                        held[key] = _followed(held[key], person) if key in held else person
    yield from held.values()


def _repeated(files: RosterFiles, names: list[str]) -> frozenset[str]:
    """Whom a delta, or several, change more than once: few, so they can be held in memory."""
    seen, repeated = dict[str, SeenIds](), set[str]()
    for name in names:
        for record in read_records(files, name, _REQUESTS):
            category, number = _identity(record)
            if category and number and not seen.setdefault(category, SeenIds()).add(number):
                repeated.add(f"{category}/{number}")
    return frozenset(repeated)


def _followed(before: Person, after: Person) -> Person:
    """A change after a change: the later one counts, and nothing that was known is lost."""
    if not (after.active and after.partial):
        return after
    return replace(
        civil.merged(after, before),
        given_name=after.given_name or before.given_name,
        family_name=after.family_name or before.family_name,
        schools=after.schools or before.schools,
        classes=after.classes or before.classes,
        partial=before.partial,
    )


def _files(files: RosterFiles) -> list[str]:
    """Schools first, then pupils (who link relatives to schools), staff, relatives."""
    names = files_by_root(files, _ROOT.__eq__)
    people = (name for name in names if not _NO_PEOPLE.search(name))
    return sorted(people, key=lambda name: (_rank(files, name), name))


def _rank(files: RosterFiles, name: str) -> int:
    """The place of a file among the others, by its name, else by its first request."""
    category = _CATEGORY.search(_head(files, name))
    words = _words(name) | {category[1].decode() if category else ""}
    ranks = (rank for rank, word in enumerate(_ORDER) if word in words)
    return next(ranks, len(_ORDER))


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name))


def _head(files: RosterFiles, name: str) -> bytes:
    with files.open(name) as stream:
        return stream.read(_SNIFFED).lower()


def _is_delta(files: RosterFiles, name: str) -> bool:
    if named := _words(name) & {"delta", "complet"}:
        return "complet" not in named
    head = _head(files, name)
    return b"<modifyrequest" in head or b"<deleterequest" in head


def _identity(record: Record) -> tuple[str, str]:
    """Category (none for a school) and identifier."""
    return record["categoriepersonne"].lower(), record["id"] or record["entpersonjointure"]


def _people(record: Record, memory: _Memory, problems: Problems) -> Iterator[Person]:
    """The person of a request; none for a school."""
    category, number = _identity(record)
    if not category:
        _remember_school(record, memory)
        return
    if record.tag != _ADD and not memory.is_delta:
        raise InputError(
            f"{record.file}:{record.line}:1: a change in what should be a complete export; if "
            f"this is a delta, let its files' names say so (…_Delta_…) and import it again"
        )
    kind = _KIND_OF.get(category)
    if kind is None:
        civil.note(record, problems, "categoriepersonne", "an unknown category", _AS_STAFF)
    if not number:
        raise BadRow("id", "no identifier; export the file again")
    source_id = f"{category}/{number}"
    if not memory.is_delta:
        source_id += _count(record, memory, problems, category, number)
    yield _person(record, memory, problems, kind or SubjectKind.STAFF, source_id)


def _count(record: Record, memory: _Memory, problems: Problems, category: str, number: str) -> str:
    """Nothing, or what tells a record from those before it that have its id.

    They are kept apart as they may say different things, and the first is no longer at hand.
    """
    seen = memory.seen.setdefault(category, SeenIds())
    if seen.add(number):
        return ""
    civil.note(record, problems, "id", "an id that stood before", ": taken as another person")
    return next(mark for mark in map("/{}".format, count(2)) if seen.add(number + mark))


def _remember_school(record: Record, memory: _Memory) -> None:
    uai = record["entstructureuai"] or record["entetablissementuai"]
    for number in (record["id"], record["entstructurejointure"]):
        if number and uai:
            memory.uai_of[number] = uai.upper()


def _person(
    record: Record, memory: _Memory, problems: Problems, kind: SubjectKind, source_id: str
) -> Person:
    if record.tag == _DELETE:
        return Person(kind=kind, source_id=source_id, active=False)
    given, *other_given = _forenames(record, problems) or ("",)
    family, *other_family = civil.names(record, problems, *_FAMILY) or ("",)
    schools = _schools(record, memory, problems, kind)
    person = Person(
        kind=kind,
        source_id=source_id,
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(record, problems, *_EMAILS),
        logins=record.every(*_LOGINS),
        national_id=civil.national_id(record, problems, _INE),
        phones=civil.phones(record, problems, *_PHONES),
        birth_date=civil.birth_date(record, problems, "entpersondatenaissance"),
        schools=schools,
        classes=_classes(record, memory, kind),
        active=not civil.has_left(record, problems, "entelevedatesortiestructrattach"),
        partial=record.tag == _MODIFY,
        stable_keys=(record["id"] or record["entpersonjointure"],),
    )
    if person.partial:
        return person
    return civil.checked(record, problems, person, "sn", "givenname")


def _forenames(record: Record, problems: Problems) -> tuple[str, ...]:
    """The given name, then with the further ones; AAF repeats the first among these."""
    given = civil.forenames(record, problems, *_GIVEN)
    further = [
        part
        for text in record.every(_FURTHER)
        for part in _LISTED.split(text)
        if part not in given and any(map(str.isalpha, part))
    ]
    if not given or not further:
        return given
    first = civil.folded(given[0])
    further = [part for part in further if civil.folded(part) != first]
    return tuple(dict.fromkeys((*given, *civil.with_further([given[0], *further]))))


def _schools(
    record: Record, memory: _Memory, problems: Problems, kind: SubjectKind
) -> tuple[str, ...]:
    """School numbers (UAI). A relative has those of the children."""
    if kind is SubjectKind.GUARDIAN:
        return memory.schools_of_guardians.of(record["id"] or record["entpersonjointure"])
    named = record.every(*_SCHOOLS) or (text for text in record.every(*_CLASSES) if "$" in text)
    structures = dict.fromkeys(_split(text, memory)[0] for text in named)
    known = {memory.uai_of.get(number, number): number for number in structures if number}
    for uai, number in known.items():
        if uai == number and not civil.uai_in(number):
            _note_unknown_school(record, memory, problems, number)
    if record.tag == _MODIFY:
        known = {uai: number for uai, number in known.items() if number in memory.uai_of}
    for guardian in record.every(*_GUARDIANS):
        for uai in known:
            memory.schools_of_guardians.add(_QUALITIES.sub("", guardian), uai)
    return tuple(known)


def _split(text: str, memory: _Memory) -> tuple[str, list[str]]:
    """``52009$1S2$006600``: a structure and what follows; a structure may hold a ``$`` itself."""
    parts = text.split("$")
    for end in range(len(parts), 1, -1):
        if (number := "$".join(parts[:end])) in memory.uai_of:
            return number, parts[end:]
    return parts[0], parts[1:]


def _classes(record: Record, memory: _Memory, kind: SubjectKind) -> tuple[str, ...]:
    """Classes and groups. A relative has those of the children."""
    if kind is SubjectKind.GUARDIAN:
        return memory.classes_of_guardians.of(record["id"] or record["entpersonjointure"])
    found: dict[str, None] = {}
    for text in record.every(*_CLASSES):
        structure, rest = _split(text, memory)
        found[rest[0].strip() if rest else structure] = None
    codes = tuple(filter(None, found))
    for guardian in record.every(*_GUARDIANS):
        for code in codes[:1]:  # the class; groups would cost a hundred megabytes an academy
            memory.classes_of_guardians.add(_QUALITIES.sub("", guardian), code)
    return codes


def _note_unknown_school(record: Record, memory: _Memory, problems: Problems, number: str) -> None:
    if number not in memory.unknown_schools:
        memory.unknown_schools.add(number)
        what = "a school without its UAI; add the …_EtabEducNat_… files of the same export"
        civil.note(record, problems, "entpersonstructrattach", what, "")
