"""Tables of pupils, guardians and staff with French headers: what ONDE and the ENT share.

Headers repeat (each child of a guardian has its columns), are spelt in several ways, and rows
end where their last filled cell does. Most of these tables give nobody an id, so one is made of
what changes least: the INE, else name and date of birth, else the name. Two rows of one name
are one person if they share a child, an address or a number, and two people otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from proxy.directory.importers import civil
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.spelling import Aliases
from proxy.directory.importers.tables import (
    BadRow,
    Row,
    folded_header,
    headers_of,
    read_table,
    reported,
)
from proxy.directory.subjects import Person
from proxy.kinds import SubjectKind

_NAMES: Final = ("family", "given")
_CHILD: Final = ("child_id", "child_family", "child_usual", "child_given", "child_class")
_REPEATED: Final = ("class", "group", *_CHILD)
_LISTED: Final = ","
_GIVEN_IDS: Final = ("@id", "@ine")

_COMMON: Final = {
    "id": "id externalid identifiantexterne idexterne",
    "family": "nom nomdefamille nomdenaissance nompatronymique lastname",
    "usual": "nomusage nomdusage nomusuel",
    "given": "prenom firstname",
    "given2": "deuxiemeprenom prenom2",
    "given3": "troisiemeprenom prenom3",
    "birth": "datedenaissance datenaissance datenaiss neele birthdate dateofbirth",
    "email": "email mail courriel mel adressemail adresseemail adresseelectronique",
    "login": "login identifiant identifiantdeconnexion nomdutilisateur",
    "phone": "telephone telephonedomicile telephonepersonnel teldomicile telpersonnel tel phone",
    "work": "telephonetravail telephoneprofessionnel telprofessionnel teltravail telpro",
    "mobile": "telephoneportable telephonemobile portable mobile telportable telmobile",
    "class": "classe classes libelleclasse libelledelaclasse division class",
    "group": "groupe groupes regroupement regroupements",
    "uai": "uai rne codeuai coderne",
}
_OWN: Final = {
    SubjectKind.PUPIL: {
        "family": "nomeleve nomdeleleve nomdefamilleeleve nomdefamilledeleleve",
        "usual": "nomdusageeleve nomusageeleve nomdusagedeleleve",
        "given": "prenomeleve prenomdeleleve",
        "birth": "datedenaissanceeleve datenaissanceeleve",
        "ine": "ine ineeleve numeroine identifiantnational identifiantnationaleleve",
        "number": "numeroeleve numerointerne matricule elenoet",
        "left": "datesortie datedesortie datederadiation",
    },
    SubjectKind.GUARDIAN: {
        "family": "nomresponsable nomdefamilleresponsable nomduresponsable",
        "usual": "nomusageresponsable nomdusageresponsable",
        "given": "prenomresponsable prenomduresponsable",
        "email": "courrielresponsable emailresponsable",
        "child_id": "idenfant identifiantenfant childid childexternalid",
        "child_family": "nomdefamilleenfant nomfamilleenfant nomenfant nomdeleleve nomeleve",
        "child_usual": "nomdusageenfant nomusageenfant nomdusageeleve",
        "child_given": "prenomenfant prenomdeleleve prenomeleve",
        "child_class": "classesenfants classeenfant classesenfant classesdeleleve classeeleve",
    },
    SubjectKind.STAFF: {"function": "fonction fonctions directeur discipline function"},
}
_PREFIX: Final = {
    SubjectKind.PUPIL: "eleve",
    SubjectKind.GUARDIAN: "responsable",
    SubjectKind.STAFF: "personnel",
}


def aliases_of(kind: SubjectKind) -> Aliases:
    """The headers of a table of one kind of person."""
    return _aliases((*_COMMON.items(), *_OWN[kind].items()))


def _aliases(spellings: Iterable[tuple[str, str]]) -> Aliases:
    return Aliases({spelling: name for name, words in spellings for spelling in words.split()})


def known_headers(
    files: RosterFiles, name: str, kind: SubjectKind, *, own: bool = False
) -> set[str]:
    """The canonical headers of a table seen as one of this kind; ``own``: no other kind's."""
    aliases = _aliases(_OWN[kind].items()) if own else aliases_of(kind)
    return {found for header in headers_of(files, name) if (found := aliases.get(header))}


def read_people(
    files: RosterFiles, tables: Mapping[str, SubjectKind], problems: Problems
) -> Iterator[Person]:
    """Pupils, then guardians, then staff, of the tables by their name."""
    for kind in _OWN:
        names = [name for name in tables if tables[name] is kind]
        several = _ids_in_several(_rows(files, names, kind, Problems()), kind)
        pool: dict[str, list[tuple[Row, Person]]] = defaultdict(list)
        for row in _rows(files, names, kind, problems):
            with reported(row, problems):
                person = _person(row, kind, problems)
                if person.source_id in several:
                    pool[person.source_id].append((row, person))
                else:
                    yield person
        for rows in pool.values():
            yield from _told_apart(rows, problems)


def _rows(
    files: RosterFiles, names: Iterable[str], kind: SubjectKind, problems: Problems
) -> Iterator[Row]:
    """The rows of tables; the headers of a second export that was put behind the first are none."""
    aliases = aliases_of(kind)
    for name in names:
        for row in read_table(
            files, name, aliases, _NAMES, problems, repeated=_REPEATED, ragged=True
        ):
            if any(aliases.exact.get(folded_header(row[header])) != header for header in _NAMES):
                yield row


def _person(row: Row, kind: SubjectKind, problems: Problems) -> Person:
    given, *other_given = civil.forenames(row, problems, "given", "given2", "given3") or ("",)
    family, *other_family = civil.names(row, problems, "family", "usual") or ("",)
    classes = (text for header in ("class", "group") for text in row.repeated(header))
    uai = row["uai"].upper() or civil.uai_in(row.file)
    person = Person(
        kind=kind,
        source_id=_source_id(row, kind),
        given_name=given,
        family_name=family,
        other_given=tuple(other_given),
        other_family=tuple(other_family),
        emails=civil.emails(row, problems, "email"),
        logins=row.many("login", _LISTED),
        national_id=civil.national_id(row, problems, "ine"),
        student_number=row["number"],
        phones=civil.phones(row, problems, "phone", "work", "mobile"),
        birth_date=civil.birth_date(row, problems, "birth"),
        schools=(uai,) if uai else (),
        classes=tuple(dict.fromkeys(part.strip() for text in classes for part in _parts(text))),
        active=not civil.has_left(row, problems, "left"),
    )
    return civil.checked(row, problems, person, "family", "given")


def _parts(text: str) -> list[str]:
    return [part for part in text.split(_LISTED) if part.strip()]


def _source_id(row: Row, kind: SubjectKind) -> str:
    quiet = Problems()
    if row["id"]:
        return f"{_PREFIX[kind]}/@id/{row['id']}"
    if national_id := civil.national_id(row, quiet, "ine"):
        return f"{_PREFIX[kind]}/@ine/{national_id}"
    name = _name_key(row)
    if name == "/":
        raise BadRow("family", "no name; fill in the family name and the given name")
    born = civil.birth_date(row, quiet, "birth") if kind is SubjectKind.PUPIL else ""
    return f"{_PREFIX[kind]}/{name}/{born}"


def _name_key(row: Row) -> str:
    return civil.folded(row["family"] or row["usual"], row["given"])


# --- people of one name ------------------------------------------------------------------


def _ids_in_several(rows: Iterable[Row], kind: SubjectKind) -> set[str]:
    seen, several = set[str](), set[str]()
    for row in rows:
        try:
            key = _source_id(row, kind)
        except BadRow:
            continue
        if key in seen:
            several.add(key)
        seen.add(key)
    return several


def _marks(row: Row, person: Person) -> set[str]:
    """What two rows about one person share; the first in order tells namesakes apart."""
    given = row.repeated("child_given")
    family = [
        last or usual
        for last, usual in zip(
            row.repeated("child_family") or [""] * len(given),
            row.repeated("child_usual") or [""] * len(given),
            strict=False,
        )
    ]
    children = {civil.folded(*names) for names in zip(family, given, strict=False)} - {"/"}
    children |= {number for number in row.repeated("child_id") if number}
    return {
        *(f"1/{child}" for child in children),
        *(f"2/{email.lower()}" for email in person.emails),
        *(f"3/{phone}" for phone in person.phones),
        *(f"4/{born}" for born in (person.birth_date,) if born),
    }


def _told_apart(rows: list[tuple[Row, Person]], problems: Problems) -> Iterator[Person]:
    """The people behind rows of one id."""
    found: list[tuple[Person, set[str]]] = []
    for row, person in rows:
        is_given = _is_given(person)
        marks = {_name_key(row)} if is_given else _marks(row, person)
        same = [one for one in found if not marks or not one[1] or one[1] & marks]
        if is_given and found and not same:
            header = "id" if row["id"] else "ine"
            civil.note(row, problems, header, "an id of another person; correct it", "")
        for known, more in same:
            person, marks = civil.merged(known, person), marks | more
        found = [one for one in found if not any(one is other for other in same)]
        found.append((person, marks))
    yield found[0][0] if len(found) == 1 or _is_given(found[0][0]) else _further(*found[0])
    yield from (_further(*one) for one in found[1:])


def _further(person: Person, marks: set[str]) -> Person:
    return replace(person, source_id=f"{person.source_id}/{min(marks)}")


def _is_given(person: Person) -> bool:
    """Whether the id stands in the file, or was made of a name."""
    return person.source_id.split("/")[1] in _GIVEN_IDS
