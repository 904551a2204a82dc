"""Vendors who spread a person over several tables: Canvas (SIS), Apple School Manager, Clever.

The tables of people are read by the words of their headers (``any_csv``); here stands which
tables tell classes, schools and children, by id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final

from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import Layout, Row, folded_header, headers_of, read_table
from proxy.kinds import SubjectKind

_GONE: Final = frozenset({"deleted", "inactive", "tobedeleted"})
_ROLES: Final = {
    "student": SubjectKind.PUPIL,
    "observer": SubjectKind.GUARDIAN,
    **dict.fromkeys(("teacher", "ta", "designer"), SubjectKind.STAFF),
}


@dataclass(frozen=True, slots=True)
class Vendor:
    """Which table says what. Columns are folded headers; several are tried, or all are read."""

    name: str
    people: tuple[str, ...]
    signs: Mapping[str, frozenset[str]]
    """Columns by which one of these tables is known."""
    members: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """Table, columns of people, columns of their class (the first that is filled)."""
    titles: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Table, column of a class's id, columns of its name."""
    places: tuple[str, str, tuple[str, ...]]
    related: tuple[tuple[str, str, str], ...] = ()
    """Table, column of a guardian, column of a child."""


VENDORS: Final = (
    Vendor(
        "canvas",
        ("users.csv",),
        {"users.csv": frozenset({"userid", "loginid"})},
        (("enrollments.csv", ("userid",), ("sectionid", "courseid")),),
        (
            ("sections.csv", "sectionid", ("name",)),
            ("courses.csv", "courseid", ("longname", "shortname")),
        ),
        ("accounts.csv", "accountid", ("name",)),
        (
            ("enrollments.csv", "userid", "associateduserid"),
            ("userobservers.csv", "observerid", "studentid"),
        ),
    ),
    Vendor(
        "apple-school",
        ("students.csv", "staff.csv"),
        {
            "students.csv": frozenset({"personid", "locationid"}),
            "staff.csv": frozenset({"personid", "locationid"}),
        },
        (
            ("rosters.csv", ("studentid",), ("classid",)),
            ("classes.csv", ("instructorid", "instructorid2", "instructorid3"), ("classid",)),
        ),
        (("classes.csv", "classid", ("classname", "classnumber")),),
        ("locations.csv", "locationid", ("locationname",)),
    ),
    Vendor(
        "clever",
        ("students.csv", "teachers.csv", "staff.csv"),
        {
            "students.csv": frozenset({"schoolid", "studentid"}),
            "teachers.csv": frozenset({"schoolid", "teacherid"}),
        },
        (
            ("enrollments.csv", ("studentid",), ("sectionid",)),
            ("sections.csv", tuple(f"teacher{n}id" for n in ("", *range(2, 11))), ("sectionid",)),
        ),
        (("sections.csv", "sectionid", ("name", "coursename", "sectionnumber")),),
        ("schools.csv", "schoolid", ("schoolname", "name")),
    ),
)


@dataclass(slots=True)
class Around:
    """What other tables say of people, by their id."""

    classes: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    kinds: dict[str, SubjectKind] = field(default_factory=dict)
    wards: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    titles: dict[str, str] = field(default_factory=dict)
    schools: dict[str, str] = field(default_factory=dict)

    def classes_of(self, person: str) -> tuple[str, ...]:
        """Names of a person's classes; a guardian's are those of the children."""
        ids = dict(self.classes.get(person, {}))
        for ward in self.wards.get(person, ()):
            ids |= self.classes.get(ward, {})
        return tuple(dict.fromkeys(self.titles.get(one) or one for one in ids))


def vendor_of(files: RosterFiles) -> Vendor | None:
    """Whose tables these are, if they belong together."""
    for vendor in VENDORS:
        here = [name for name in vendor.signs if name in files.names()]
        several = len([n for n in files.names() if n.endswith(".csv")]) > 1
        if (
            here
            and several
            and all(vendor.signs[name] <= set(headers_of(files, name)) for name in here)
        ):
            return vendor
    return None


def read_around(files: RosterFiles, vendor: Vendor, problems: Problems) -> Around:
    """The small tables."""
    around = Around()
    for table, key, names in vendor.titles:
        for row in _rows(files, table, problems):
            if name := next(filter(None, (row[one] for one in names)), ""):
                around.titles[row[key]] = name
    table, key, names = vendor.places
    for row in _rows(files, table, problems):
        around.schools[row[key]] = next(filter(None, (row[one] for one in names)), "")
    for table, people, classes in vendor.members:
        for row in _rows(files, table, problems):
            _member(row, people, classes, around)
    for table, guardian, child in vendor.related:
        for row in _rows(files, table, Problems()):
            if row[guardian] and row[child]:
                around.wards[row[guardian]][row[child]] = None
    return around


def _member(row: Row, people: tuple[str, ...], classes: tuple[str, ...], around: Around) -> None:
    course = next(filter(None, (row[one] for one in classes)), "")
    for person in filter(None, (row[one] for one in people)):
        if course and folded_header(row["status"]) not in _GONE:
            around.classes[person][intern(course)] = None
        if kind := _ROLES.get(folded_header(row["role"])):
            around.kinds.setdefault(person, kind)


def _rows(files: RosterFiles, name: str, problems: Problems) -> Iterator[Row]:
    """Rows of a table by their folded headers; none if it is not there."""
    if name in files.names():
        layout = Layout(columns=_places)
        yield from read_table(files, name, {}, (), problems, layout, ragged=True)


def _places(headers: list[str]) -> dict[str, int]:
    return {folded_header(cell): at for at, cell in reversed(list(enumerate(headers)))}
