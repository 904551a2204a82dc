"""Plain CSV by a description: every word of it, and mistakes told by line and field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

PUPILS = (
    "N° interne;Nom;Nom d'usage;Prénom;Prénom 2;Né(e) le;Mél élève;Portable;Classe\n"
    "17;Le Gall;;Zoé;Rose;05/04/2013;zoe@c.example;06 39 98 12 34;6B\n"
    "18;Roy;Duval;Lou;;25.12.2012;;;6B|Latin\n"
)
MAP = """\
roster: csv
kind: élève
school: 0450000A
columns:
  id: N° interne
  family_name: Nom
  usual_name: nom d'usage
  given_name: [Prénom, Prénom 2]
  birth_date: Né(e) le
  email: Mél élève
  phone: Portable
  class: classe
"""


def read(folder: Path, description: str, **tables: str) -> tuple[list[Person], list[str]]:
    (folder / "map.yaml").write_text(description, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    roster = open_roster([folder])
    assert (roster.format, roster.complete) == ("mapped-csv", True)
    return list(roster.persons()), list(roster.problems.shown())


def told(folder: Path, description: str, **tables: str) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, description, **tables)
    return "\n".join((str(caught.value), *caught.value.problems))


def test_columns_are_what_the_description_says(tmp_path):
    (zoe, lou), problems = read(tmp_path, MAP, eleves=PUPILS)
    assert problems == []
    assert (zoe.kind, zoe.source_id, zoe.birth_date) == (SubjectKind.PUPIL, "17", "2013-04-05")
    assert (zoe.given_name, zoe.other_given, zoe.family_name) == ("Zoé", ("Rose",), "Le Gall")
    assert (lou.family_name, lou.other_family) == ("Roy", ("Duval",))
    assert (zoe.emails, zoe.phones) == (("zoe@c.example",), ("06 39 98 12 34",))
    assert (lou.classes, lou.schools) == (("6B", "Latin"), ("0450000A",))


def test_encoding_delimiter_dates_separator_and_lines_above_can_be_said(tmp_path):
    text = (
        "Export du 1er mai\n\nId|Name|First|Born|Mail\n1|Roy|Zoé|4/5/2013|a@b.example+c@d.example\n"
    )
    description = (
        "roster: csv\nkind: pupil\ndelimiter: bar\nencoding: cp850\ndates: month/day/year\n"
        "separator: +\nskip_lines: 2\ncolumns: {id: id, family_name: name, given_name: first, "
        "birth_date: born, email: mail}\n"
    )
    (person,), problems = read(tmp_path, description, a=text.encode("cp850"))
    assert problems == []
    assert (person.given_name, person.birth_date) == ("Zoé", "2013-04-05")
    assert person.emails == ("a@b.example", "c@d.example")


def test_without_headers_columns_are_numbers(tmp_path):
    columns = "{id: [2, 1], family_name: 2, given_name: 1}"
    description = f"roster: csv\nkind: staff\nheaders: no\ncolumns: {columns}\n"
    (first, second), problems = read(tmp_path, description, a="Zoé,Roy\nLou,Sol\n")
    assert problems == []
    assert (first.source_id, first.given_name, second.family_name) == ("Roy|Zoé", "Zoé", "Sol")


def test_repeated_headers_are_named_by_number(tmp_path):
    text = "Id,Nom,Nom\n1,Roy,Duval\n"
    by_name = "roster: csv\nkind: pupil\ncolumns: {id: Id, family_name: Nom}\n"
    assert "map.yaml:3:32: column 'Nom' stands twice" in told(tmp_path, by_name, a=text)
    (person,), _ = read(tmp_path, by_name.replace("Nom}", "3}"), a=text)
    assert person.family_name == "Duval"


def test_a_column_tells_who_is_who(tmp_path):
    description = (
        "roster: csv\nkind:\n  column: Statut\n  pupil: [E, Élève]\n  staff: P\n  leave_out: [X]\n"
        "columns: {id: Id, family_name: Nom}\n"
    )
    text = "Id,Nom,Statut\n1,Roy,e\n2,Sol,P\n3,Secret,X\n4,Secret,?\n"
    people, problems = read(tmp_path, description, a=text)
    assert [p.kind for p in people] == [SubjectKind.PUPIL, SubjectKind.STAFF]
    assert len(problems) == 1
    assert "a.csv:5:3: a word that 'kind:'" in problems[0]
    assert "ecret" not in problems[0]


def test_both_names_in_one_cell(tmp_path):
    description = "roster: csv\nkind: pupil\ncolumns: {id: Id, full_name: Élève}\n"
    text = (
        'Id,Élève\n1,LE GALL Jean-Pierre\n2,Léa MARTIN\n3,"Roy, Zoé"\n4,Jean Secret\n5,X SECRET\n'
    )
    people, problems = read(tmp_path, description, a=text)
    assert [(p.given_name, p.family_name) for p in people] == [
        ("Jean-Pierre", "LE GALL"), ("Léa", "MARTIN"), ("Zoé", "Roy"),
    ]  # fmt: skip
    assert [problem.split(":")[1:3] for problem in problems] == [["5", "2"], ["6", "2"]]


def test_several_sorts_of_tables_are_one_roster(tmp_path):
    description = (
        "roster: csv\ntables:\n"
        "  - {file: eleves*, kind: pupil, columns: {id: Id, family_name: Nom}}\n"
        "  - {file: profs.csv, kind: staff, columns: {id: Code, family_name: Name}}\n"
    )
    tables = {"eleves_6b": "Id,Nom\n1,Roy\n", "profs": "Code,Name\np1,Sol\n"}
    people, problems = read(tmp_path, description, **tables)
    assert sorted(p.kind for p in people) == [SubjectKind.PUPIL, SubjectKind.STAFF]
    assert problems == []
    assert "no 'file:' of the description fits" in told(tmp_path, description, other="a\n")


@pytest.mark.parametrize(
    ("line", "wrong", "message"),
    [
        (1, "roster: excel", "map.yaml:1:9: expected 'roster: …' with one of: csv, ldap, ldif"),
        (1, "rooster: csv", "map.yaml:1:1: expected 'roster: …'"),
        (2, "kind:\t[", "not valid YAML"),
        (2, "kind: wizard", "map.yaml:2:7: everybody: unknown value 'wizard', expected one of"),
        (2, "kind: {pupil: E}", "map.yaml:2:7: kind: expected a kind for everybody, or a column"),
        (3, "shool: x", "map.yaml:3:1: unknown key 'shool', did you mean 'school'?"),
        (3, "delimiter: '::'", "map.yaml:3:12: delimiter: expected one character"),
        (3, "encoding: klingon", "map.yaml:3:11: encoding: expected an encoding"),
        (3, "dates: backwards", "map.yaml:3:8: dates: unknown value 'backwards'"),
        (3, "skip_lines: some", "map.yaml:3:13: skip_lines: expected a whole number"),
        (6, "  family_name: Nm", "map.yaml:6:16: no column 'Nm'"),
        (6, "  family_name: 44", "map.yaml:6:16:"),
        (6, "  familly_name: Nom", "map.yaml:6:3: unknown key 'familly_name', did you mean"),
        (5, "  login: Nom", "the key 'id' is missing"),
    ],
)
def test_mistakes_in_the_description_are_told_by_line_and_word(tmp_path, line, wrong, message):
    lines = MAP.splitlines()
    lines[line - 1] = wrong
    assert message in told(tmp_path, "\n".join(lines) + "\n", eleves=PUPILS)


def test_a_file_whose_first_line_is_a_person_shows_none_of_it(tmp_path):
    text = "99;Secret;;Secretgiven;;05/04/2013;;;6B\n"
    message = told(tmp_path, MAP, eleves=text)
    assert "its first line must hold the headers" in message
    assert "ecret" not in message


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x;Secret;;A;;soon;;;\n", 6),
        ("x;Secret;;A;;;not-an-address;;\n", 7),
        ("x;Secret;;A;;;;call me;\n", 8),
        (";Secret;;A;;;;;\n", 1),
        ("17;Secret;;A;;;;;\n", 1),
        ("x;=Secret();;A;;;;;\n", 2),
        ("x;Sec\x00ret;;A;;;;;\n", 2),
        (f"x;{'Secret' * 1000};;A;;;;;\n", 2),
        ("x;Secret;;A\n", 4),
    ],
)
def test_bad_cells_are_told_by_line_and_column_never_by_content(tmp_path, row, column):
    people, problems = read(tmp_path, MAP, eleves=PUPILS + row)
    assert len(people) == 2
    assert len(problems) == 1
    assert f"eleves.csv:4:{column}: " in problems[0]
    assert "ecret" not in problems[0]


@pytest.mark.parametrize(
    "text",
    [
        PUPILS + f"x;{'S' * (1 << 20)};;A;;;;;\n",
        PUPILS + 'x;"Secret;;A;;;;;\n',
        "S" * (1 << 20),
        PUPILS.encode() + b"x;S\xff\xfe\x81;;A;;;;;\n",
    ],
    ids=["a cell of 1 MB", "a quote never closed", "one endless line", "not the encoding it says"],
)
def test_what_is_no_table_ends_the_import(tmp_path, text):
    message = told(tmp_path, MAP + "encoding: utf-8\n", eleves=text)
    assert "eleves.csv" in message
    assert "ecret" not in message
    assert len(message) < 1000


def test_two_descriptions_are_refused(tmp_path):
    (tmp_path / "other.yml").write_text(MAP)
    assert "more than one description" in told(tmp_path, MAP, eleves=PUPILS)


NAMES = st.text(
    st.characters(categories=["Lu", "Ll"], exclude_characters="\ufeff"), min_size=1, max_size=20
)


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=8),
    delimiter=st.sampled_from([(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")]),
    quoted=st.booleans(),
)
def test_whatever_a_writer_writes_is_read_back(tmp_path_factory, people, delimiter, quoted):
    """The writer here joins by hand and shares no code with the reader."""
    sign, word = delimiter
    quote = '"' if quoted else ""

    def line(*cells: str) -> str:
        return sign.join(f"{quote}{cell}{quote}" for cell in cells)

    rows = [line(str(number), *names) for number, names in enumerate(people)]
    text = "\r\n".join([line("Id", "Nom", "Prénom"), *rows])
    description = (
        f"roster: csv\nkind: pupil\ndelimiter: {word}\nencoding: utf-8\n"
        f"columns: {{id: Id, family_name: Nom, given_name: Prénom}}\n"
    )
    found, problems = read(tmp_path_factory.mktemp("r"), description, a=text)
    assert problems == []
    assert [(p.family_name, p.given_name) for p in found] == people
