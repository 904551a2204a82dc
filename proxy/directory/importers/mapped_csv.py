"""Any CSV table, by a description that says which column is what.

::

    roster: csv
    kind: pupil
    columns:
      id: Numéro interne
      family_name: Nom
      given_name: [Prénom, Prénom 2]
      birth_date: Né(e) le

Columns are named by their header, or by their number (1 is the first) where there is none.
Several for one thing give several values; for ``id`` they are one id together.
"""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterator
from enum import StrEnum
from fnmatch import fnmatch
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from proxy.directory.importers import cells
from proxy.directory.importers.description import Description, describes, has_key
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import (
    BadRow,
    Layout,
    Row,
    folded_header,
    read_table,
    reported,
)
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind
from proxy.policy.document import Location
from proxy.policy.validation import Strict

NAME = "mapped-csv"
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "\\t": "\t"}
_KIND_WORDS = {
    SubjectKind.PUPIL: "pupil student eleve etudiant",
    SubjectKind.STAFF: "staff teacher personnel enseignant professeur",
    SubjectKind.GUARDIAN: "guardian parent responsable",
}
_KIND_OF = {word: kind for kind, words in _KIND_WORDS.items() for word in words.split()}


class Dates(StrEnum):
    """How a table writes a day."""

    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"
    YEAR_FIRST = "year-month-day"


def _kind(word: Any) -> Any:
    return _KIND_OF.get(folded_header(word), word) if isinstance(word, str) else word


def _everybody(value: Any) -> Any:
    """``kind: pupil`` is short for ``kind: {everybody: pupil}``."""
    return {"everybody": value} if isinstance(value, str) else value


def _delimiter(text: str) -> str:
    found = _DELIMITERS.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise ValueError(f"expected one character, or one of: {', '.join(_DELIMITERS)}")
    return found


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValueError("expected an encoding such as utf-8, windows-1252, iso-8859-15") from None
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


class KindFile(Strict):
    """Who is in a table: everybody of one kind, or a column tells by the words in it."""

    everybody: Annotated[SubjectKind | None, BeforeValidator(_kind)] = Field(
        default=None, description="pupil, staff or guardian."
    )
    column: str = Field(default="", description="The column that tells.")
    pupil: Words = Field(default=(), description="Words for a pupil.")
    staff: Words = Field(default=(), description="Words for staff.")
    guardian: Words = Field(default=(), description="Words for a guardian.")
    leave_out: Words = Field(default=(), description="Words of rows that are nobody's.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if bool(self.column) is (self.everybody is not None):
            raise ValueError("expected a kind for everybody, or a column that tells")
        return self


class ColumnsFile(Strict):
    """Which column is what."""

    id: Words = Field(description="What never changes for a person.")
    given_name: Words = Field(default=())
    family_name: Words = Field(default=())
    full_name: Words = Field(default=(), description="NOM Prénom in one cell, NOM in capitals.")
    usual_given_name: Words = Field(default=())
    usual_name: Words = Field(default=())
    email: Words = Field(default=())
    login: Words = Field(default=())
    national_id: Words = Field(default=())
    student_number: Words = Field(default=())
    phone: Words = Field(default=())
    birth_date: Words = Field(default=())
    uuid: Words = Field(default=())
    school: Words = Field(default=())
    class_: Words = Field(default=(), alias="class")

    def used(self) -> dict[str, tuple[str, ...]]:
        """The columns by what they are, without what is not given."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return {name.rstrip("_"): columns for name, columns in given.items() if columns}


class TableFile(Strict):
    """One sort of table."""

    file: str = Field(default="*", description="Which files: eleves*.csv.")
    delimiter: Annotated[str, AfterValidator(_delimiter)] = Field(
        default="", description="comma, semicolon, tab, bar or the character; else found out."
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        default="", description="utf-8, windows-1252, iso-8859-15 …; else found out."
    )
    dates: Dates = Field(default=Dates.DAY_FIRST, description="How days are written.")
    separator: str = Field(default="|", description="Between several values in one cell.")
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="Lines above the headers."
    )
    headers: bool = Field(default=True, description="no: the first line is a person already.")
    school: str = Field(default="", description="The school of everybody in the table.")
    kind: Annotated[KindFile, BeforeValidator(_everybody)] = Field(
        description="pupil, staff or guardian; or a column that tells."
    )
    columns: ColumnsFile = Field(description="Which column is what.")


class CsvFile(Strict):
    """A description whose ``roster`` is ``csv``: one table, or several sorts."""

    roster: str
    tables: tuple[TableFile, ...] = Field(min_length=1)


class OneTableFile(TableFile):
    """The same for one sort of table, without ``tables``."""

    roster: str


def detect(files: RosterFiles) -> bool:
    """A description that says ``roster: csv``."""
    return describes(files, "csv")


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    seen: dict[str, str] = {}
    for name, table in _tables(files):
        for row in read_table(files, name, {}, (), problems, table.layout(files.label(name))):
            with reported(row, problems):
                person = table.person(row)
                if person is None:
                    continue
                place = f"{row.file}:{row.line}"
                first = seen.setdefault(person.source_id, place)
                if first != place:
                    raise BadRow("id", f"an id that stands at {first} already; give each its own")
                yield person


def _tables(files: RosterFiles) -> Iterator[tuple[str, _Table]]:
    """Each table file with how to read it; a file that nothing describes is an error."""
    described = _described(files)
    for name in files.names():
        if not name.endswith((".csv", ".txt", ".tsv")):
            continue
        fitting = (table for table in described if fnmatch(name, table.written.file.lower()))
        table = next(fitting, None)
        if table is None:
            raise InputError(f"{files.label(name)}: no 'file:' of the description fits its name")
        yield name, table


def _described(files: RosterFiles) -> list[_Table]:
    if not has_key(files, "tables"):
        one = Description(files, OneTableFile)
        return [_Table(one, one.written, ())]
    several = Description(files, CsvFile)
    tables = enumerate(several.written.tables)
    return [_Table(several, table, ("tables", index)) for index, table in tables]


class _Table:
    """How to make people of one sort of table."""

    def __init__(
        self, description: Description[Any], written: TableFile, location: Location
    ) -> None:
        self._description, self.written, self._location = description, written, location
        self._kind_of = _kinds(written.kind)
        self._columns = written.columns.used()

    def layout(self, label: str) -> Layout:
        """How the table is cut into cells, and where its columns are."""
        return Layout(
            self.written.encoding,
            self.written.delimiter,
            self.written.skip_lines,
            self.written.headers,
            lambda first: self._places(label, first),
        )

    def person(self, row: Row) -> Person | None:
        """The person of a row; ``None`` for a row that the description leaves out."""
        kind = self._who(row)
        if kind is None:
            return None
        given, family = self._names(row)
        person = Person(
            kind=kind,
            source_id=self._id(row),
            given_name=given[0] if given else "",
            family_name=family[0] if family else "",
            other_given=given[1:],
            other_family=family[1:],
            emails=self._all("email", row, cells.emails),
            logins=self._all("login", row, Row.many),
            national_id=next(iter(self._each("national_id", row, cells.national_id)), ""),
            student_number=next(iter(self._each("student_number", row, Row.__getitem__)), ""),
            phones=self._all("phone", row, cells.phones),
            birth_date=next(iter(self._each("birth_date", row, self._date)), ""),
            uuids=tuple(filter(cells.is_uuid, self._all("uuid", row, Row.many))),
            schools=self._all("school", row, Row.many)
            or tuple(filter(None, (self.written.school,))),
            classes=self._all("class", row, Row.many),
        )
        if next(person.values(), None) is None:
            raise BadRow("family_name 0", "a person without any identifier; fill in the name")
        return person

    # --- columns -------------------------------------------------------------------------

    def _places(self, label: str, first: list[str]) -> dict[str, int]:
        """Where each column of the description stands in the file."""
        places = {}
        headers = [folded_header(cell) for cell in first]
        for name, columns in self._columns.items():
            for index, column in enumerate(columns):
                at: Location = (*self._location, "columns", name)
                places[f"{name} {index}"] = self._place(label, headers, first, column, at)
        if column := self.written.kind.column:
            at = (*self._location, "kind", "column")
            places["kind"] = self._place(label, headers, first, column, at)
        return places

    def _place(
        self, label: str, headers: list[str], first: list[str], column: str, at: Location
    ) -> int:
        wanted = folded_header(column)
        if self.written.headers and wanted in headers:
            if headers.count(wanted) > 1:
                message = f"column {column!r} stands twice in {label}, name it by its number"
                self._description.fail(at, message)
            return headers.index(wanted)
        if column.isascii() and column.isdigit():
            if not 1 <= int(column) <= len(headers):
                self._description.fail(at, f"{label} has {len(headers)} columns, no {column}th")
            return int(column) - 1
        if not self.written.headers:
            self._description.fail(at, "expected a number: the file has no headers")
        return self._description.fail(at, f"no column {column!r} in {label}{_close(column, first)}")

    # --- cells ---------------------------------------------------------------------------

    def _each(self, name: str, row: Row, cell: Any) -> Iterator[str]:
        count = len(self._columns.get(name, ()))
        return filter(None, (cell(row, f"{name} {index}") for index in range(count)))

    def _all(self, name: str, row: Row, cell: Any) -> tuple[str, ...]:
        count = len(self._columns.get(name, ()))
        found = (cell(row, f"{name} {index}", self.written.separator) for index in range(count))
        return tuple(dict.fromkeys(value for values in found for value in values))

    def _date(self, row: Row, header: str) -> str:
        month_first = self.written.dates is Dates.MONTH_FIRST
        return cells.birth_date(row, header, month_first=month_first)

    def _id(self, row: Row) -> str:
        parts = [row[f"id {index}"] for index in range(len(self._columns["id"]))]
        if not any(parts):
            raise BadRow("id 0", "no id; give each person one that never changes")
        return "|".join(parts)

    def _who(self, row: Row) -> SubjectKind | None:
        if self.written.kind.everybody is not None:
            return self.written.kind.everybody
        word = folded_header(row["kind"])
        if word not in self._kind_of:
            raise BadRow("kind", "a word that 'kind:' of the description does not list; add it")
        return self._kind_of[word]

    def _names(self, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        given = (
            *self._each("given_name", row, cells.name),
            *self._each("usual_given_name", row, cells.name),
        )
        family = (
            *self._each("family_name", row, cells.name),
            *self._each("usual_name", row, cells.name),
        )
        for index in range(len(self._columns.get("full_name", ()))):
            first, last = _parted(row, f"full_name {index}")
            given, family = (*given, first), (*family, last)
        return tuple(filter(None, dict.fromkeys(given))), tuple(filter(None, dict.fromkeys(family)))


def _kinds(written: KindFile) -> dict[str, SubjectKind | None]:
    listed = {
        SubjectKind.PUPIL: written.pupil,
        SubjectKind.STAFF: written.staff,
        SubjectKind.GUARDIAN: written.guardian,
        None: written.leave_out,
    }
    return {folded_header(word): kind for kind, words in listed.items() for word in words}


def _parted(row: Row, header: str) -> tuple[str, str]:
    """``LE GALL Jean`` or ``Le Gall, Jean``: given and family name."""
    text = cells.name(row, header)
    if not text:
        return "", ""
    family, comma, given = text.partition(",")
    if comma:
        return given.strip(), family.strip()
    words = text.split()
    capitals = [word for word in words if word == word.upper()]
    others = [word for word in words if word != word.upper()]
    if not capitals or not others:
        raise BadRow(
            header, "cannot tell the family name: write it in capitals, or use two columns"
        )
    return " ".join(others), " ".join(capitals)


def _close(column: str, first: list[str]) -> str:
    """A header that is nearly the one: never another cell, which may be a person's."""
    close = difflib.get_close_matches(column, first, n=1, cutoff=0.75)
    return f", did you mean {close[0]!r}?" if close else "; its first line must hold the headers"
