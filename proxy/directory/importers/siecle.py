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
from dataclasses import dataclass, field

from proxy.directory.importers import civil
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.safe_xml import (
    Record,
    Shape,
    files_by_root,
    note_others,
    read_records,
)
from proxy.directory.importers.tables import BadRow, reported
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "siecle"
_PUPILS, _GUARDIANS = "eleves", "responsables"
_LINKS = Shape(frozenset({"eleve", "structures_eleve", "responsable_eleve", "parametres"}))
_PEOPLE = Shape(frozenset({"eleve", "personne"}))
_FAMILY = ("nom_de_famille", "nom", "nom_usage")
_FORENAMES = ("prenom", "prenom2", "prenom3")
_STRUCTURE = "structure/code_structure"
_PHONES = ("tel_personnel", "tel_portable", "tel_professionnel", "telephone")


@dataclass(slots=True)
class _Links:
    """What stands elsewhere than in a person's own element."""

    uai: str = ""
    classes: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
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
    seen: dict[str, str] = {}
    for name in people:
        for record in read_records(files, name, _PEOPLE):
            with reported(record, problems):
                person = _person(record, links, problems)
                if first := seen.get(person.source_id):
                    raise BadRow(_id_of(record), f"an id that stands at {first} already")
                seen[person.source_id] = f"{record.file}:{record.line}"
                yield person


def _is_root(root: str) -> bool:
    return root.startswith("bee_")


def _read_links(files: RosterFiles, names: list[str]) -> _Links:
    links, ids = _Links(), dict[str, str]()
    for name in names:
        for record in read_records(files, name, _LINKS):
            match record.tag:
                case "parametres":
                    links.uai = links.uai or (record["uaj"] or record["uaj/@code"]).upper()
                case "eleve":
                    _note_pupil(record, links, ids)
                case "structures_eleve":
                    pupil = record["@eleve_id"] or ids.get(record["@elenoet"], "")
                    links.classes[pupil].update(dict.fromkeys(record.listed(_STRUCTURE)))
                case _:
                    child = record["eleve_id"] or record["@eleve_id"]
                    guardian = record["personne_id"] or record["@personne_id"]
                    links.children[guardian].add(child)
    links.uai = links.uai or next(filter(None, (civil.uai_in(files.label(n)) for n in names)), "")
    return links


def _note_pupil(record: Record, links: _Links, ids: dict[str, str]) -> None:
    pupil = record["@eleve_id"] or record["eleve_id"]
    ids[record["@elenoet"] or record["elenoet"]] = pupil
    if civil.has_left(record, Problems(), "date_sortie"):
        links.left.add(pupil)


def _person(record: Record, links: _Links, problems: Problems) -> Person:
    person = _pupil if record.tag == "eleve" else _guardian
    return civil.checked(
        record, problems, person(record, links, problems), "nom_de_famille", "prenom"
    )


def _pupil(record: Record, links: _Links, problems: Problems) -> Person:
    pupil = record["@eleve_id"] or record["eleve_id"]
    given, *other_given = civil.forenames(record, problems, *_FORENAMES) or ("",)
    family, *other_family = civil.names(record, problems, *_FAMILY) or ("",)
    number, inner = record["elenoet"] or record["@elenoet"], record["id_eleve_etab"]
    national_id = civil.national_id(record, problems, "id_national", "ine_bea", "ine")
    if not (pupil or national_id or number):
        raise BadRow("@eleve_id", "no ELEVE_ID, INE or ELENOET; export the file again")
    return Person(
        kind=SubjectKind.PUPIL,
        source_id=f"eleve/{pupil or national_id or number}",
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(record, problems, "mel"),
        logins=(inner,) if inner and inner != number else (),
        national_id=national_id,
        student_number=number or inner,
        phones=civil.phones(record, problems, *_PHONES),
        birth_date=civil.birth_date(record, problems, "date_naiss"),
        schools=(links.uai,) if links.uai else (),
        classes=tuple(links.classes.get(pupil, ())),
        active=not civil.has_left(record, problems, "date_sortie"),
    )


def _guardian(record: Record, links: _Links, problems: Problems) -> Person:
    guardian = record["@personne_id"] or record["personne_id"]
    if not guardian:
        raise BadRow("@personne_id", "no PERSONNE_ID; export the file again")
    given, *other_given = civil.forenames(record, problems, *_FORENAMES) or ("",)
    family, *other_family = civil.names(record, problems, *_FAMILY) or ("",)
    children = links.children.get(guardian, set())
    return Person(
        kind=SubjectKind.GUARDIAN,
        source_id=f"personne/{guardian}",
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(record, problems, "mel"),
        phones=civil.phones(record, problems, *_PHONES),
        schools=(links.uai,) if links.uai else (),
        active=not children or not children <= links.left,
    )


def _id_of(record: Record) -> str:
    return "@eleve_id" if record.tag == "eleve" else "@personne_id"
