"""A directory entry as a person: which attribute is what, by schema, and who is a pupil.

======================  =====================================================================
schema                  attributes of
======================  =====================================================================
``sdet``                the ministry's SDET for ENT (``ENTEleve``, ``ENTPersonLogin`` …)
``scribe``              EOLE Scribe: SDET and its own (``Divcod``, ``Ine``, ``Elenoet``)
``inetorgperson``       RFC 2798, SupAnn
``active-directory``    Microsoft's
======================  =====================================================================

Kinds come from object classes, from ``ENTPersonProfils``, from the branch (``ou=eleves``) and
from ``title`` or ``employeeType``, in this order. Messages name attributes, never a DN: it
holds the login.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from proxy.directory.importers import cells
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import BadRow, Row
from proxy.directory.patterns import looks_like_ine
from proxy.directory.subjects import Person
from proxy.kinds import SubjectKind


class Schema(StrEnum):
    """Which attributes mean what."""

    SDET = "sdet"
    SCRIBE = "scribe"
    INETORGPERSON = "inetorgperson"
    ACTIVE_DIRECTORY = "active-directory"


class Part(StrEnum):
    """What an attribute may be mapped to."""

    ID = "id"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    OTHER_FAMILY = "other_family"
    MIDDLE_NAMES = "middle_names"
    EMAIL = "email"
    LOGIN = "login"
    NATIONAL_ID = "national_id"
    STUDENT_NUMBER = "student_number"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    UUID = "uuid"
    SCHOOL = "school"
    CLASS = "class"


_COMMON: dict[str, Sequence[str]] = {
    "id": ("uid",),
    "given_name": ("givenName",),
    "family_name": ("sn",),
    "email": ("mail", "mailAlternateAddress", "mailLocalAddress", "mailForwardingAddress"),
    "login": ("uid",),
    "phone": ("telephoneNumber", "homePhone", "mobile"),
    "student_number": ("employeeNumber",),
}
_SDET = _COMMON | {
    "id": ("ENTPersonJointure", "ENTPersonUid", "uid"),
    "other_family": ("ENTPersonNomPatro",),
    "middle_names": ("ENTPersonAutresPrenoms",),
    "login": ("uid", "ENTPersonLogin", "ENTPersonAlias"),
    "national_id": ("ENTEleveINE",),
    "student_number": ("ENTEleveNumero", "employeeNumber"),
    "birth_date": ("ENTPersonDateNaissance",),
    "school": ("ESCOUAICourant", "ESCOUAI", "ENTPersonStructRattach"),
    "class": ("ENTEleveClasses", "ENTAuxEnsClasses"),
}
_SCHEMAS: dict[str, Mapping[str, Sequence[str]]] = {
    "sdet": _SDET,
    "scribe": _SDET
    | {
        "id": ("uid",),
        "national_id": ("Ine", "ENTEleveINE"),
        "student_number": ("Elenoet", "Numero", "employeeNumber"),
        "birth_date": ("dateNaissance", "ENTPersonDateNaissance"),
        "school": ("Rne", "ESCOUAI"),
        "class": ("Divcod", "ENTEleveClasses"),
    },
    "inetorgperson": _COMMON
    | {
        "login": ("uid", "supannAliasLogin", "eduPersonPrincipalName"),
        "email": (*_COMMON["email"], "supannAutreMail", "supannMailPerso"),
        "national_id": ("supannCodeINE",),
        "student_number": ("supannEtuId", "supannEmpId", "employeeNumber"),
        "birth_date": ("schacDateOfBirth",),
        "school": ("o",),
    },
    "active-directory": _COMMON
    | {
        "id": ("objectGUID",),
        "email": ("mail", "userPrincipalName"),
        "login": ("sAMAccountName", "userPrincipalName"),
        "phone": ("telephoneNumber", "homePhone", "mobile"),
        "student_number": ("employeeID", "employeeNumber"),
        "uuid": ("objectGUID",),
        "school": ("physicalDeliveryOfficeName",),
        "class": ("department",),
    },
}
FILTERS = {
    "sdet": "(objectClass=ENTPerson)",
    "scribe": "(&(objectClass=inetOrgPerson)(uid=*))",
    "inetorgperson": "(objectClass=inetOrgPerson)",
    "active-directory": "(&(objectCategory=person)(objectClass=user)(sAMAccountName=*))",
}
TELLING = ("objectClass", "ENTPersonProfils", "title", "employeeType")
"""Attributes that tell a person's kind."""

_CLASSES = {
    "enteleve": SubjectKind.PUPIL,
    "eleves": SubjectKind.PUPIL,
    "entauxpersreleleve": SubjectKind.GUARDIAN,
    "responsables": SubjectKind.GUARDIAN,
    "entauxenseignant": SubjectKind.STAFF,
    "entauxnonensetab": SubjectKind.STAFF,
    "entauxnonenscollloc": SubjectKind.STAFF,
    "administrateur": SubjectKind.STAFF,
}
_PROFILES = {
    **dict.fromkeys("national_elv national_1 eleve".split(), SubjectKind.PUPIL),
    **dict.fromkeys("national_tut national_2 responsable".split(), SubjectKind.GUARDIAN),
    **dict.fromkeys("enseignant administratif professeur".split(), SubjectKind.STAFF),
}
_WORDS = {
    **dict.fromkeys(
        "eleve eleves pupils students student etudiant etudiants".split(), SubjectKind.PUPIL
    ),
    **dict.fromkeys(
        "responsable responsables parents parent guardians".split(), SubjectKind.GUARDIAN
    ),
    **dict.fromkeys(
        "personnel personnels profs professeur professeurs enseignant enseignants teachers teacher "
        "staff administratifs administratif".split(),
        SubjectKind.STAFF,
    ),
}
_RANK = (SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN)
_BRANCH = re.compile(r"(?:^|,)\s*(?:ou|cn)\s*=\s*([^,+]+)", re.IGNORECASE)
_UAI = re.compile(r"(?<![0-9A-Za-z])[0-9]{7}[A-Za-z](?![0-9A-Za-z])")
_SIREN = re.compile(r"SIREN=([0-9]{9,14})", re.IGNORECASE)
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: attributes by name in lower case, options (``;lang-fr``) left out."""

    number: int
    """Its place in the answer or the file, from 1."""
    dn: str = field(repr=False)
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)


class EntryRow(Row):
    """An entry seen as a row: cells by what a description maps."""

    __slots__ = ("_values",)

    def __init__(self, place: str, number: int, values: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(place, number, {}, [])
        self._values = values

    def __getitem__(self, header: str) -> str:
        return next(iter(self._values.get(header, ())), "")

    def many(self, header: str, separator: str) -> tuple[str, ...]:
        return self._values.get(header, ())


class Reader:
    """Makes people of entries, by a schema and a site's own additions to it."""

    def __init__(
        self, place: str, schema: str, own: Mapping[Part, Sequence[str]], kind: str
    ) -> None:
        """``place`` names the source in messages; ``kind`` if all entries are of one."""
        self._place = place
        self._map = dict(_SCHEMAS[schema]) | {
            what.value: tuple(names) for what, names in own.items()
        }
        self._kind = SubjectKind(kind) if kind else None

    def attributes(self) -> list[str]:
        """What to ask a server for: nothing else leaves it."""
        mapped = (name for names in self._map.values() for name in names)
        return list(dict.fromkeys((*TELLING, *mapped)))

    def people(self, entries: Iterable[Entry], problems: Problems) -> Iterator[Person]:
        """Person after person; machine accounts are left out."""
        seen: dict[str, int] = {}
        for entry in entries:
            row = self._row(entry)
            if row["login"].endswith("$"):
                continue
            try:
                person = self._person(entry, row, problems)
                first = seen.setdefault(person.source_id, entry.number)
                if first != entry.number:
                    raise BadRow("id", f"an id that entry {first} has already; map another one")
            except BadRow as bad:
                names = ", ".join(self._map.get(bad.header, (bad.header,)))
                problems.add(self._place, entry.number, 1, f"{names}: {bad.what}")
            else:
                yield person

    def _row(self, entry: Entry) -> EntryRow:
        values = {
            what: tuple(
                dict.fromkeys(v for name in names for v in entry.attributes.get(name.lower(), ()))
            )
            for what, names in self._map.items()
        }
        return EntryRow(self._place, entry.number, values)

    def _person(self, entry: Entry, row: EntryRow, problems: Problems) -> Person:
        if not row["id"]:
            raise BadRow("id", "no id; map an attribute that everybody has and that never changes")
        given, middle = cells.name(row, "given_name"), row.many("middle_names", _SEPARATOR)
        family = [cells.name(row, "family_name"), cells.name(row, "other_family")]
        logins = row.many("login", _SEPARATOR)
        addresses = (*cells.emails(row, "email", _SEPARATOR), *filter(cells.is_email, logins))
        ids = (row["id"], *row.many("uuid", _SEPARATOR))
        person = Person(
            kind=self._kind or _kind(entry, self._place, problems),
            source_id=row["id"],
            given_name=given,
            family_name=family[0] or family[1],
            other_given=_other_given(given, middle),
            other_family=tuple(name for name in family[1:] if name and name != family[0]),
            emails=tuple(dict.fromkeys(addresses)),
            logins=tuple(login for login in logins if not cells.is_email(login)),
            national_id=_national_id(row),
            student_number=row["student_number"],
            phones=cells.phones(row, "phone", _SEPARATOR),
            birth_date=_birth_date(row),
            uuids=tuple(dict.fromkeys(one.lower() for one in ids if cells.is_uuid(one))),
            schools=_schools(row.many("school", _SEPARATOR), entry.dn),
            classes=_after_dollar(row.many("class", _SEPARATOR)),
        )
        if next(person.values(), None) is None:
            raise BadRow("family_name", "a person without any identifier; map the name at least")
        return person


def text_of(name: str, value: bytes) -> str:
    """An attribute's value as text; of Active Directory's GUID its usual writing."""
    if name.lower() == "objectguid" and len(value) == 16:
        return str(uuid.UUID(bytes_le=value))
    return value.decode("utf-8").strip()


def _kind(entry: Entry, place: str, problems: Problems) -> SubjectKind:
    """An entry that nothing tells must not be left unprotected: it counts as staff."""
    for found in _kinds(entry):
        if found:
            return min(found, key=_RANK.index)
    what = "neither class nor branch tells who this is: taken as staff; write 'kind:' if not"
    problems.note(place, entry.number, 1, what)
    return SubjectKind.STAFF


def _kinds(entry: Entry) -> Iterator[set[SubjectKind]]:
    get = entry.attributes.get
    yield {_CLASSES[name] for name in map(str.lower, get("objectclass", ())) if name in _CLASSES}
    profiles = {_plain(profile) for profile in get("entpersonprofils", ())}
    yield {_PROFILES.get(p, SubjectKind.STAFF) for p in profiles if p.startswith("national_")} | {
        _PROFILES[p] for p in profiles if p in _PROFILES
    }
    branches = map(_plain, _BRANCH.findall(entry.dn.partition(",")[2]))
    yield {_WORDS[branch] for branch in branches if branch in _WORDS}
    words = map(_plain, (*get("employeetype", ()), *get("title", ())))
    yield {_WORDS[word] for word in words if word in _WORDS}


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _other_given(given: str, middle: tuple[str, ...]) -> tuple[str, ...]:
    """The given name as it is written with the others behind it."""
    others = " ".join(name.replace(",", " ") for name in middle).split()
    return (f"{given} {' '.join(others)}",) if given and others else ()


def _national_id(row: Row) -> str:
    """An attribute for the INE holds other things in some directories: they are not taken."""
    found = re.sub(r"\s", "", row["national_id"])
    return found.upper() if looks_like_ine(found) else ""


def _birth_date(row: EntryRow) -> str:
    """Days, and generalised time (``20130405000000Z``), which is a day and a time."""
    value = row["birth_date"]
    if re.fullmatch(r"[0-9]{14}(?:\.[0-9]+)?Z", value):
        row = EntryRow(row.file, row.line, {"birth_date": (value[:8],)})
    return cells.birth_date(row, "birth_date")


def _schools(values: tuple[str, ...], dn: str) -> tuple[str, ...]:
    """UAI if there is one, in an attribute or in the branch; else SIREN; else as it stands."""
    uais = dict.fromkeys(uai.upper() for text in (*values, dn) for uai in _UAI.findall(text))
    if uais:
        return tuple(uais)
    sirens = dict.fromkeys(siren for text in values for siren in _SIREN.findall(text))
    return tuple(sirens) or values


def _after_dollar(values: tuple[str, ...]) -> tuple[str, ...]:
    """``<school>$4A`` is class 4A."""
    return tuple(dict.fromkeys(value.rpartition("$")[2].strip() for value in values))
