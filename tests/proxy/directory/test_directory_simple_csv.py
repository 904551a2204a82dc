"""The simple CSV of docs/rosters.md, in the spellings that spreadsheets make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

ENGLISH = (
    "id,kind,given_name,family_name,email,login,national_id,student_number,phone,birth_date,"
    "school,class\n"
    "1,pupil,Zoé,Lefèvre,zoe@c.example|z@f.example,zoe.lefevre,123456789ab,E123456,06 39 98 12 34,"
    "05/04/2013,0450000A,6B|6e latin\n"
    "2,staff,Paul,Œuvrard,,,,,,,0450000A,\n"
)
FRENCH = (
    "Identifiant;Profil;Prénom;Nom;Courriel;Identifiant de connexion;INE;Numéro élève;Téléphone;"
    "Date de naissance;UAI;Classe\n"
    "1;Élève;Zoé;Lefèvre;zoe@c.example|z@f.example;zoe.lefevre;123456789AB;E123456;06 39 98 12 34;"
    "2013-04-05;0450000A;6B|6e latin\n"
    "2;Personnel;Paul;Œuvrard;;;;;;;0450000A;\n"
)


def read(path: Path, content: bytes) -> tuple[list[Person], list[str]]:
    path.write_bytes(content)
    roster = open_roster([path])
    assert (roster.format, roster.complete) == ("csv", True)
    return list(roster.persons()), list(roster.problems.shown())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso-8859-15"])
@pytest.mark.parametrize("text", [ENGLISH, FRENCH, FRENCH.replace(";", "\t")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_spelling_gives_the_same_people(tmp_path, encoding, text, newline):
    people, problems = read(tmp_path / "r.csv", text.replace("\n", newline).encode(encoding))
    assert problems == []
    zoe, paul = people
    assert zoe == Person(
        kind=SubjectKind.PUPIL,
        source_id="1",
        given_name="Zoé",
        family_name="Lefèvre",
        emails=("zoe@c.example", "z@f.example"),
        logins=("zoe.lefevre",),
        national_id="123456789AB",
        student_number="E123456",
        phones=("06 39 98 12 34",),
        birth_date="2013-04-05",
        schools=("0450000A",),
        classes=("6B", "6e latin"),
    )
    assert (paul.kind, paul.family_name) == (SubjectKind.STAFF, "Œuvrard")


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("x,,Secret,Secret,,,,,,,,", "2:2"),
        ("x,unicorn,Secret,Secret,,,,,,,,", "2:2"),
        (",pupil,Secret,Secret,,,,,,,,", "2:1"),
        ("x,pupil,Secret,Secret,secret,,,,,,,", "2:5"),
        ("x,pupil,Secret,Secret,,,secret,,,,,", "2:7"),
        ("x,pupil,Secret,Secret,,,,,secret,,,", "2:9"),
        ("x,pupil,Secret,Secret,,,,,,31/02/2013,,", "2:10"),
        ("x,pupil,Secret,Secret,,,,,,secret,,", "2:10"),
        ("x,pupil,,,,,,,,,,", "2:4"),
        ("x,pupil,Secret,Secret", "2:4"),
        ("x,pupil,Secret,Secret,,,,,,,,,secret", "2:12"),
        (f"x,pupil,{'Secret' * 20},Secret,,,,,,,,", "2:3"),
    ],
)
def test_a_bad_cell_is_named_by_its_place_only(tmp_path, row, place):
    header = ENGLISH.split("\n")[0]
    people, problems = read(tmp_path / "r.csv", f"{header}\n{row}\ny,pupil,A,B,,,,,,,,\n".encode())
    assert [person.source_id for person in people] == ["y"]
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'r.csv'}:{place}: ")
    assert "ecret" not in problems[0]


def test_several_files_are_one_roster_and_ids_are_unique_across_them(tmp_path):
    header = "id,kind,family_name\n"
    for name, rows in (("a.csv", "1,pupil,Roy\n"), ("b.csv", "2,staff,Sol\n1,pupil,Roy\n")):
        (tmp_path / name).write_text(header + rows)
    roster = open_roster([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert [person.source_id for person in roster.persons()] == ["1", "2"]
    assert roster.problems.shown() == (
        f"{tmp_path / 'b.csv'}:3:1: an id that stands at {tmp_path / 'a.csv'}:2 already; "
        f"give each its own",
    )
    assert len(list(roster.persons())) == 2
    assert roster.problems.bad_rows == 1  # reading again starts again


def test_many_bad_rows_are_counted_and_the_first_ones_listed(tmp_path):
    _, problems = read(tmp_path / "r.csv", b"id,kind\n" + b"x,\n" * 1000)
    assert len(problems) == 201
    assert problems[-1] == "… and 800 more bad rows"


def test_a_missing_column_ends_the_import(tmp_path):
    (tmp_path / "r.csv").write_text("id,name\n1,x\n")
    with pytest.raises(InputError, match="no column kind"):
        list(open_roster([tmp_path / "r.csv"], "csv").persons())


def test_a_person_shows_no_value_in_its_repr(tmp_path):
    people, _ = read(tmp_path / "r.csv", ENGLISH.encode())
    assert "kind" in repr(people[0])
    assert not any(value in repr(people[0]) for value in ("Zo", "Lef", "0450000A", "E123", "zoe"))
