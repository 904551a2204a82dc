"""Tables of any vendor, read by the words of their headers (``headings``).

Directory exports (Entra ID, Microsoft 365, Moodle, Kolibri), student information systems
(PowerSchool, Infinite Campus, Pronote, Charlemagne …) and spreadsheets. Guardians in columns of
a pupil's row become people of their own. Tables of one vendor that belong together are joined
(``around``). Comes last: whatever a format of its own reads is read there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from proxy.directory.importers import civil, google
from proxy.directory.importers.around import Around, read_around, vendor_of
from proxy.directory.importers.cells import is_email, is_month_first, is_uuid
from proxy.directory.importers.compact import SeenIds
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.headings import NAMES, OWN, Meaning, meaning_of
from proxy.directory.importers.problems import Problems, note_others
from proxy.directory.importers.school_csv import known_headers
from proxy.directory.importers.tables import (
    BadRow,
    Layout,
    Row,
    folded_header,
    header_cells,
    read_table,
    reported,
)
from proxy.directory.patterns import looks_like_ine
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "any-csv"
_SUFFIXES: Final = (".csv", ".txt", ".tsv")
_LEAST: Final = 3
"""Columns that must be understood before a table is taken for a roster."""
_PUPIL, _STAFF, _GUARDIAN = SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN
_NAMED: Final = {
    _GUARDIAN: re.compile(r"parent|responsable|relative|famille|guardian|contact|tuteur"),
    _PUPIL: re.compile(r"[eé]l[eè]ve|student|pupil|learner|etudiant|apprenant"),
    _STAFF: re.compile(r"enseignant|teacher|prof|personnel|staff|employee|instructor"),
}
_CODES: Final = {
    _PUPIL: "e elv el eleve nationalelv s student learner pupil apprenant etudiant",
    _STAFF: "p prof ens nationalens t ta teacher staff facultycoach facilitycoach classcoach coach "
    "admin superadmin superuser designer instructor employee faculty manager editingteacher "
    "coursecreator nationaldir nationaleva",
    _GUARDIAN: "r resp responsable parent observer relative nationaltut nationalresp guardian "
    "persreleleve personneenrelationavecuneleve personnerelationeleve tuteur",
}
_CODE_OF: Final = {word: kind for kind, words in _CODES.items() for word in words.split()}
_GONE: Final = frozenset(
    "deleted inactive tobedeleted archived left parti sorti ancien transferred graduated "
    "withdrawn radie".split()
)
_FIELDS_OF_PUPILS: Final = frozenset({"national", "birth", "class"})
_OF_PEOPLE: Final = frozenset({"given", "email", "login", "birth", "national", "phone"})
"""Schools and courses have a name and an id too."""
_SMTP = re.compile(r"(?i)\bsmtp:|[+;,|\s]+")


def detect(files: RosterFiles) -> bool:
    """Some table has the names of people and other columns that are understood."""
    return bool(_tables(files))


def knows_better(files: RosterFiles) -> bool:
    """Whether formats of one sort of person a row would lose some of these people or values."""
    if vendor_of(files) is not None:
        return True
    return any(_says_more(files, name, table) for name, table in _tables(files).items())


def _says_more(files: RosterFiles, name: str, table: _Table) -> bool:
    """Guardians in a pupil's row or under other headers than ONDE's; a directory's accounts."""
    fields = {meaning.field for meaning in table.columns if meaning.whose == OWN}
    if _GUARDIAN.value not in table.named:
        return {"full", "login", "given", "title"} <= fields
    if table.subject != _GUARDIAN.value:
        return True
    return not {"family", "given"} <= known_headers(files, name, _GUARDIAN, own=True)


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person; rows about one person are put together at the end."""
    vendor, tables = vendor_of(files), _tables(files)
    if vendor is not None:
        tables = {name: tables[name] for name in vendor.people if name in tables}
    if not tables:
        raise InputError("\n".join(advice(files)))
    around = read_around(files, vendor, problems) if vendor else Around()
    if vendor is None:
        note_others(files, tables, "these tables / ces tableaux", problems)
    first, several = SeenIds(), set[str]()
    for person in _people(files, tables, around, Problems()):
        if not first.add(person.source_id):
            several.add(person.source_id)
    held: dict[tuple[str, str], Person] = {}
    for person in _people(files, tables, around, problems):
        if person.source_id not in several:
            yield person
            continue
        key = person.source_id, civil.folded(person.family_name, person.given_name)
        held[key] = civil.merged(held[key], person) if key in held else person
    told: set[str] = set()
    for (source_id, name), person in held.items():
        again = source_id in told
        told.add(source_id)
        yield replace(person, source_id=f"{source_id}/{name}") if again else person


def advice(files: RosterFiles) -> list[str]:
    """What to write into a mapping file, by what is missing. Shows headers, never a person."""
    lines = []
    for name in files.names():
        if not name.endswith(_SUFFIXES):
            continue
        headers = [cell.strip() for cell in header_cells(files, name)]
        known = {header: found for header in headers if (found := meaning_of(header))}
        fields = {found.field for found in known.values()}
        label = files.label(name)
        if not fields:
            lines.append(
                f"{label}: no header that is known / aucun en-tête connu ; roster.yaml: "
                f"'roster: csv', 'headers: no' (if there are none / s'il n'y en a pas), 'kind: "
                f"pupil', 'columns: {{id: 1, family_name: 2, given_name: 3}}'"
            )
            continue
        for field, key in (("family", "family_name"), ("given", "given_name"), ("id", "id")):
            if field not in fields and not ("full" in fields and field != "id"):
                lines.append(
                    f"{label}: add to roster.yaml / ajoutez à roster.yaml : 'columns: {key}: "
                    f"<header / en-tête>'"
                )
    return lines


# --- tables ------------------------------------------------------------------------------


class _Table:
    """The columns of one table, by whose they are."""

    def __init__(self, name: str, headers: list[str]) -> None:
        self.file = name
        self.places: dict[str, int] = {}
        self.columns: dict[Meaning, list[str]] = {}
        for at, header in enumerate(headers):
            meaning = meaning_of(header.strip())
            if meaning is None:
                continue
            if meaning.whose != OWN and meaning.number == 0 and meaning in self.columns:
                # Each of several guardians has columns of the same names.
                meaning = next(
                    one
                    for number in range(2, len(headers) + 2)
                    if (one := meaning._replace(number=number)) not in self.columns
                )
            key = f"{at} {meaning.field}"
            self.places[key] = at
            self.columns.setdefault(meaning, []).append(key)
        self.named = {m.whose for m in self.columns if m.field in NAMES}
        self.subject = self._subject()
        self.kind = self._kind()

    def layout(self) -> Layout:
        """Where the columns are."""
        return Layout(columns=lambda _: self.places)

    @property
    def is_roster(self) -> bool:
        """Whether people can be made of it."""
        fields = {meaning.field for meaning in self.columns}
        of_people = bool(_OF_PEOPLE & fields) or bool(self.named - {OWN})
        return self.subject is not None and of_people and len(self.columns) >= _LEAST

    def _subject(self) -> str | None:
        """Who the rows are about: whose name stands first, unless one is nobody's else."""
        first = (meaning.whose for meaning in self.columns if meaning.field in NAMES)
        return OWN if OWN in self.named else next(first, None)

    def _kind(self) -> SubjectKind | None:
        """Whose table it is, if that can be told; else every row must tell."""
        if self.subject:
            return SubjectKind(self.subject)
        if "child_id" in self._fields(OWN) or (
            _PUPIL.value in self.named and _GUARDIAN.value not in self.named
        ):
            return _GUARDIAN
        named = (kind for kind, sign in _NAMED.items() if sign.search(self.file.lower()))
        keyed = (
            kind
            for kind in (_PUPIL, _STAFF)
            if {"id", "number", "national", "email", "login"} & self._fields(kind.value)
        )
        return next(named, None) or next(keyed, None)

    def _fields(self, whose: str) -> set[str]:
        return {meaning.field for meaning in self.columns if meaning.whose == whose}

    def looks_like_pupils(self) -> bool:
        """Whether columns are there that only pupils have."""
        own = self._fields(OWN)
        return len(_FIELDS_OF_PUPILS & own) > 1 or "national" in own or _GUARDIAN in self.named

    def view(self, row: Row, whose: str, kind: SubjectKind | None = None) -> _View:
        """The columns of a row's subject: its own, and those that name its kind."""
        wanted = {whose} | ({kind.value} if kind and whose == OWN else set())
        if whose == OWN and kind is _GUARDIAN:
            wanted = {OWN, _GUARDIAN.value}
        if whose != OWN:
            wanted.add(OWN)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for meaning, found in self.columns.items():
            if meaning.whose in wanted:
                keys[meaning.field] += found
        return _View(row, keys)

    def others(self, row: Row) -> Iterator[_View]:
        """The guardians in a pupil's row."""
        groups: defaultdict[int, defaultdict[str, list[str]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for meaning, found in self.columns.items():
            if meaning.whose == _GUARDIAN.value:
                groups[max(1, meaning.number)][meaning.field] += found
        for group in groups.values():
            yield _View(row, group)


class _View:
    """Some columns of a row, by what they hold."""

    def __init__(self, row: Row, keys: dict[str, list[str]]) -> None:
        self.row, self._keys = row, keys

    def keys(self, *fields: str) -> list[str]:
        return [key for field in fields for key in self._keys.get(field, ())]

    def first(self, *fields: str) -> str:
        return next(filter(None, (self.row[key] for key in self.keys(*fields))), "")

    def all(self, *fields: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.row[key] for key in self.keys(*fields)))))


def _tables(files: RosterFiles) -> dict[str, _Table]:
    names = [name for name in files.names() if name.endswith(_SUFFIXES)]
    tables = {name: _Table(name, header_cells(files, name)) for name in names}
    return {name: table for name, table in tables.items() if table.is_roster}


# --- people ------------------------------------------------------------------------------


def _people(
    files: RosterFiles, tables: dict[str, _Table], around: Around, problems: Problems
) -> Iterator[Person]:
    for name, table in tables.items():
        layout = table.layout()
        month_first, told = _is_month_first(files, name, table), False
        for row in read_table(files, name, {}, (), problems, layout, ragged=True):
            with reported(row, problems):
                kind = _kind_of(row, table, around)
                if kind is None:
                    kind = _PUPIL
                    if not told:
                        told = True
                        problems.note(row.file, row.line, 1, _UNTOLD)
                assert table.subject is not None, "only such tables are kept"
                view = table.view(row, table.subject, kind)
                person = _person(view, kind, around, problems, month_first)
                yield person
                if kind is _PUPIL and _GUARDIAN.value not in (table.subject, table.kind):
                    yield from _guardians(table, row, person, around, problems)


_UNTOLD: Final = (
    "nothing tells pupils from staff: taken as pupils; write 'kind:' into a mapping file / rien ne "
    "distingue élèves et personnels : pris pour des élèves ; indiquez 'kind:' dans un fichier de "
    "correspondance"
)


def _is_month_first(files: RosterFiles, name: str, table: _Table) -> bool:
    keys = [
        key for meaning, found in table.columns.items() if meaning.field == "birth" for key in found
    ]
    if not keys:
        return False
    layout = table.layout()
    rows = read_table(files, name, {}, (), Problems(), layout, ragged=True)
    return is_month_first(row[key] for row in rows for key in keys)


def _kind_of(row: Row, table: _Table, around: Around) -> SubjectKind | None:
    view = table.view(row, OWN)
    for text in view.all("kind"):
        if kind := _CODE_OF.get(folded_header(text)) or google.kind_of_words(text):
            return kind
    if table.kind is not None:
        return table.kind
    if kind := around.kinds.get(view.first("id")):
        return kind
    for text in view.all("title"):
        if kind := google.kind_of_words(text):
            return kind
    return _PUPIL if table.looks_like_pupils() else None


def _guardians(
    table: _Table, row: Row, child: Person, around: Around, problems: Problems
) -> Iterator[Person]:
    for view in table.others(row):
        if not any(view.all("family", "given", "full", "email", "phone", "login")):
            continue
        guardian = _person(view, _GUARDIAN, around, problems, month_first=False, child=child)
        yield replace(guardian, schools=child.schools, classes=child.classes, active=child.active)


def _person(
    view: _View,
    kind: SubjectKind,
    around: Around,
    problems: Problems,
    month_first: bool,
    child: Person | None = None,
) -> Person:
    row = view.row
    given, family = _names(view, problems)
    ids = view.all("id", "integration")
    numbers = view.all("national", "number")
    national = next((n.upper() for n in (*numbers, *ids) if looks_like_ine(n)), "")
    emails, logins = _accounts(view, problems)
    number = next((n for n in numbers if n.upper() != national and not is_email(n)), "")
    schools = (around.schools.get(one) or one for one in view.all("school"))
    birth = next(iter(view.keys("birth")), "")
    born = civil.birth_date(row, problems, birth, month_first=month_first) if birth else ""
    uai = civil.uai_in(row.file)
    person = Person(
        kind=kind,
        source_id="",
        given_name=given[0] if given else "",
        family_name=family[0] if family else "",
        other_given=given[1:],
        other_family=family[1:],
        emails=emails,
        logins=logins,
        national_id=national,
        student_number=number,
        phones=civil.phones(row, problems, *view.keys("phone")),
        birth_date=born,
        uuids=tuple(one.lower() for one in ids if is_uuid(one)),
        schools=tuple(dict.fromkeys(schools)) or ((uai,) if uai else ()),
        classes=tuple(dict.fromkeys((*_classes(view), *around.classes_of(ids[0] if ids else "")))),
        active=_is_here(view, problems),
    )
    if next(person.values(), None) is None:
        header = next(iter(view.keys("family", "full", "given")), "")
        raise BadRow(
            header,
            "a person without any identifier; fill in the name / personne sans identifiant ; "
            "indiquez le nom",
        )
    return replace(person, source_id=_source_id(person, ids, child))


def _source_id(person: Person, ids: tuple[str, ...], child: Person | None) -> str:
    """What changes least; a name together with what tells namesakes apart."""
    keys = (*ids, person.national_id, person.student_number, *person.logins, *person.emails)
    if key := next(filter(None, keys), ""):
        return f"{person.kind.value}/{key}"
    name = civil.folded(person.family_name, person.given_name)
    telling = (person.birth_date, *person.phones, child.source_id if child else "")
    return f"{person.kind.value}/{name}/{next(filter(None, telling), '')}"


def _names(view: _View, problems: Problems) -> tuple[tuple[str, ...], tuple[str, ...]]:
    row = view.row
    firsts, more = view.keys("given")[:1], view.keys("given")[1:] + view.keys("middle")
    given = civil.forenames(row, problems, *firsts, *more) if firsts else ()
    given = (*given, *civil.names(row, problems, *view.keys("usual_given")))
    family = civil.names(row, problems, *view.keys("family", "usual"))
    for text in civil.names(row, problems, *view.keys("full")):
        if "@" in text or (given and family):
            continue
        first, last = _parted(text, given[0] if given else "", family[0] if family else "")
        given, family = (*given, first), (*family, last)
    return tuple(dict.fromkeys(filter(None, given))), tuple(dict.fromkeys(filter(None, family)))


def _parted(text: str, given: str, family: str) -> tuple[str, str]:
    """Given and family name of a name in one cell; names are found in either order."""
    text = re.sub(r"^(?:M\.|Mme|Mlle|Mr\.?|Mrs\.?|Ms\.?|Monsieur|Madame)\s+", "", text)
    for known, at in ((given, 0), (family, 1)):
        rest = " ".join(re.sub(re.escape(known), " ", text, flags=re.IGNORECASE).split())
        if known and rest != " ".join(text.split()):
            rest = rest.strip(" ,")
            return ("", rest) if at == 0 else (rest, "")
    last, comma, first = text.partition(",")
    if comma:
        return first.strip(), last.strip()
    words = text.split()
    capitals = [word for word in words if word == word.upper() and len(word) > 1]
    if capitals and len(capitals) < len(words):
        return " ".join(w for w in words if w not in capitals), " ".join(capitals)
    return (words[0], " ".join(words[1:])) if len(words) > 1 else ("", text)


def _accounts(view: _View, problems: Problems) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses and logins; each may stand in the other's column."""
    emails = dict.fromkeys(
        part for text in view.all("email", "login") for part in _SMTP.split(text) if is_email(part)
    )
    logins = tuple(text for text in view.all("login") if "@" not in text)
    for key in view.keys("email"):
        if view.row[key] and not any(map(is_email, _SMTP.split(view.row[key]))):
            civil.note(
                view.row,
                problems,
                key,
                "expected an e-mail address (name@domain) / adresse (nom@domaine) attendue",
            )
    return tuple(emails), logins


def _classes(view: _View) -> Iterator[str]:
    for text in view.all("class"):
        yield from filter(None, (part.strip() for part in re.split(r"[,|;]", text)))


def _is_here(view: _View, problems: Problems) -> bool:
    if any(folded_header(text) in _GONE for text in view.all("status")):
        return False
    return not any(civil.has_left(view.row, problems, key) for key in view.keys("left"))
