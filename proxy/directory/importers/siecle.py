"""SIECLE (formerly Sconet), the national base of secondary pupils: its BEE export in XML.

Read here: ``ElevesSansAdresses`` or ``ElevesAvecAdresses`` (pupils, classes and groups) and
``ResponsablesAvecAdresses`` (guardians, linked to pupils). ``Structures``, ``Nomenclature``,
``Communs`` and the like hold no people. Files are known by their root, not by their name.

Older exports say ``NOM`` where newer ones say ``NOM_DE_FAMILLE``, and ``INE_BEA`` for
``ID_NATIONAL``. A pupil with a ``DATE_SORTIE`` that is over has left; a guardian has left when
all the children the file links them to have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

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

NAME = "siecle"
_PUPILS, _GUARDIANS = "eleves", "responsables"
_PEOPLE = Shape(frozenset({"eleve", "personne"}))
_LINKS = Shape(_PEOPLE.tags | {"structures_eleve", "responsable_eleve", "parametres"})
_FAMILY = ("nom_de_famille", "nom", "nom_usage")
_INE = ("id_national", "ine_bea", "ine")
_FORENAMES = ("prenom", "prenom2", "prenom3")
_STRUCTURE = "structure/code_structure"
_PHONES = ("tel_personnel", "tel_portable", "tel_professionnel", "telephone")


@dataclass(slots=True)
class _Links:
    """What stands elsewhere than in a person's own element."""

    uai_of: dict[str, str] = field(default_factory=dict)
    """By file."""
    ids_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By file."""
    classes: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By school and pupil: who moved is in the classes of two."""
    present: set[str] = field(default_factory=set)
    """Pupils who have not left every school."""
    left: set[str] = field(default_factory=set)
    children: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By guardian."""


def detect(files: RosterFiles) -> bool:
    """Some file has SIECLE's root."""
    return bool(files_by_root(files, _is_root))


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Pupils, then guardians."""
    roots = files_by_root(files, _is_root)
    people = [name for part in (_PUPILS, _GUARDIANS) for name in roots if part in roots[name]]
    if not people:
        raise InputError(
            "no pupils or guardians of SIECLE among these files; export ElevesSansAdresses and "
            "ResponsablesAvecAdresses, see docs/rosters.md"
        )
    note_others(files, roots, "SIECLE", problems)
    links = _read_links(files, people)
    pool = civil.Pool(links.ids_of.values())
    for name in people:
        seen: dict[str, int] = {}
        for record in read_records(files, name, _PEOPLE):
            with reported(record, problems):
                person = _person(record, links, links.uai_of[name], problems)
                if first := seen.get(person.source_id):
                    raise BadRow(_id_field(record), f"an id that stands at line {first} already")
                seen[person.source_id] = record.line
                yield from pool.take(person)
    yield from pool.rest()


def _is_root(root: str) -> bool:
    return root.startswith("bee_")


def _read_links(files: RosterFiles, names: list[str]) -> _Links:
    links = _Links()
    for name in names:
        uai, ids = civil.uai_in(files.label(name)), dict[str, str]()
        for record in read_records(files, name, _LINKS):
            match record.tag:
                case "parametres":
                    uai = (record["uaj"] or record["uaj/@code"] or uai).upper()
                case "eleve" | "personne":
                    links.ids_of[name].add(_source_id(record))
                    if record.tag == "eleve":
                        _remember_pupil(record, links, ids)
                case "structures_eleve":
                    pupil = record["@eleve_id"] or ids.get(record["@elenoet"], "")
                    links.classes[uai, pupil].update(dict.fromkeys(record.listed(_STRUCTURE)))
                case _:
                    child = record["eleve_id"] or record["@eleve_id"]
                    guardian = record["personne_id"] or record["@personne_id"]
                    links.children[guardian].add(child)
        links.uai_of[name] = uai
    links.left -= links.present
    return links


def _remember_pupil(record: Record, links: _Links, ids: dict[str, str]) -> None:
    pupil = record["@eleve_id"] or record["eleve_id"]
    ids[record["@elenoet"] or record["elenoet"]] = pupil
    has_left = civil.has_left(record, Problems(), "date_sortie")
    (links.left if has_left else links.present).add(pupil)


def _source_id(record: Record) -> str:
    """The id that stays from year to year; empty if there is none."""
    if record.tag == "personne":
        number = record["@personne_id"] or record["personne_id"]
        return f"personne/{number}" if number else ""
    number = record["@eleve_id"] or record["eleve_id"]
    number = number or civil.national_id(record, Problems(), *_INE)
    number = number or record["elenoet"] or record["@elenoet"]
    return f"eleve/{number}" if number else ""


def _person(record: Record, links: _Links, uai: str, problems: Problems) -> Person:
    source_id = _source_id(record)
    if not source_id:
        raise BadRow(_id_field(record), "no ELEVE_ID, INE, ELENOET or PERSONNE_ID; export again")
    given, *other_given = civil.forenames(record, problems, *_FORENAMES) or ("",)
    family, *other_family = civil.names(record, problems, *_FAMILY) or ("",)
    person = Person(
        kind=SubjectKind.GUARDIAN,
        source_id=source_id,
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(record, problems, "mel"),
        phones=civil.phones(record, problems, *_PHONES),
        schools=(uai,) if uai else (),
    )
    more = _pupil if record.tag == "eleve" else _guardian
    return civil.checked(
        record, problems, more(record, links, person, problems), "nom_de_famille", "prenom"
    )


def _pupil(record: Record, links: _Links, person: Person, problems: Problems) -> Person:
    number, inner = record["elenoet"] or record["@elenoet"], record["id_eleve_etab"]
    pupil, uai = record["@eleve_id"] or record["eleve_id"], "".join(person.schools)
    return replace(
        person,
        kind=SubjectKind.PUPIL,
        logins=(inner,) if inner and inner != number else (),
        national_id=civil.national_id(record, problems, *_INE),
        student_number=number or inner,
        birth_date=civil.birth_date(record, problems, "date_naiss"),
        classes=tuple(links.classes.get((uai, pupil), ())),
        active=not civil.has_left(record, problems, "date_sortie"),
    )


def _guardian(record: Record, links: _Links, person: Person, _: Problems) -> Person:
    children = links.children.get(person.source_id.removeprefix("personne/"), set())
    uai = "".join(person.schools)
    here = sorted(children - links.left) or sorted(children)
    classes = (code for child in here for code in links.classes.get((uai, child), ()))
    active = not children or not children <= links.left
    return replace(person, classes=tuple(dict.fromkeys(classes)), active=active)


def _id_field(record: Record) -> str:
    return "@eleve_id" if record.tag == "eleve" else "@personne_id"
