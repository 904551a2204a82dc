"""ONDE's and the ENT's traps: repeated headers, ragged rows, no ids, namesakes, spellings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from french_people import guardians, pupils, staff
from french_writers import (
    ONDE_PUPILS,
    UAI,
    ent_guardians,
    ent_pupils,
    ent_staff,
    onde_guardians,
    onde_pupils,
    onde_staff,
    table,
    write_csv,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.directory.importers import open_roster
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.school_csv import Aliases
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

CHILDREN = list(pupils(6))
PARENTS = list(guardians(CHILDREN))


def read(format_name: str, *paths: Path) -> tuple[list[Person], Problems]:
    roster = open_roster(paths)
    assert (roster.format, roster.complete) == (format_name, True)
    return list(roster.persons()), roster.problems


def test_the_school_is_told_by_the_name_of_the_file(tmp_path):
    path = write_csv(tmp_path / f"eleves-{UAI.lower()}.csv", onde_pupils(CHILDREN))
    assert {person.schools for person in read("onde", path)[0]} == {(UAI,)}


@pytest.mark.parametrize(
    ("header", "typed"),
    [
        ("Nom élève", "NOM ELEVE"),
        ("Nom élève", "Nom de l'élève"),
        ("Prénom élève", "prenom eleve "),
        ("Prénom élève", "Prénom élèves"),
        ("Date naissance", "Date de naissance"),
        ("Date naissance", "Date naisance"),
        ("Nom d'usage élève", "Nom d’usage élève"),
        ("Nom d'usage élève", "Nom usage élève"),
        ("Libellé classe", "Libelé classe"),
        ("INE", "ine"),
    ],
)
def test_headers_may_be_spelt_otherwise(tmp_path, header, typed):
    plain, _ = read("onde", write_csv(tmp_path / "a.csv", onde_pupils(CHILDREN)))
    text = onde_pupils(CHILDREN).replace(f"{header};", f"{typed};", 1)
    odd, problems = read("onde", write_csv(tmp_path / "b.csv", text))
    assert (odd, problems.lines) == (plain, [])


def test_one_wrong_letter_is_forgiven_in_long_headers_only():
    aliases = Aliases({"prenomeleve": "given", "nomeleve": "family", "ine": "ine"})
    for typed in ("prenomelevee", "prenomelve", "prenomelvee", "pernomeleve", "prenomeleve"):
        assert aliases.get(typed) == "given", typed
    for typed in ("prenom", "prnomelev", "in", "inee", "xyz", "eleveprenom"):
        assert aliases.get(typed) is None, typed


def test_further_columns_are_left_alone(tmp_path):
    header = ONDE_PUPILS.replace("Sexe;", "Sexe;Cycle;Sexe;", 1)
    assert header.count("Sexe") == 2
    rows = (
        [one.family, "", one.given, one.french_date(), "M", "?", "F", one.ine] for one in CHILDREN
    )
    people, problems = read("onde", write_csv(tmp_path / "a.csv", table(header, rows)))
    assert [person.national_id for person in people] == [one.ine for one in CHILDREN]
    assert problems.lines == []


def test_headers_of_a_second_export_in_one_file_are_nobody(tmp_path):
    text = onde_pupils(CHILDREN[:3]) + onde_pupils(CHILDREN[3:])
    people, problems = read("onde", write_csv(tmp_path / "a.csv", text))
    assert [person.given_name for person in people] == [one.given for one in CHILDREN]
    assert (problems.lines, problems.notes) == ([], [])


def test_an_ine_of_two_pupils_is_said_and_both_are_protected(tmp_path):
    two = [replace(one, ine="1234567890A") for one in CHILDREN[:2]]
    people, problems = read("onde", write_csv(tmp_path / "a.csv", onde_pupils([*two, CHILDREN[2]])))
    assert {person.given_name for person in people} == {one.given for one in CHILDREN[:3]}
    assert len({person.source_id for person in people}) == 3
    assert problems.lines == []
    assert "a.csv:3:6: an id of another person" in problems.notes[0]


def test_a_pupil_listed_twice_with_one_ine_is_one_person(tmp_path):
    two = [CHILDREN[0], replace(CHILDREN[0], classes=("CM2",))]
    (person,), problems = read("onde", write_csv(tmp_path / "a.csv", onde_pupils(two)))
    assert person.classes == (*CHILDREN[0].classes, "CM2")
    assert problems.notes == []


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0639981234", "0639981234"),
        ("06 39 98 12 34", "06 39 98 12 34"),
        ("06.39.98.12.34", "06.39.98.12.34"),
        ("06-39-98-12-34", "06-39-98-12-34"),
        ("+33 6 39 98 12 34", "+33 6 39 98 12 34"),
        ("+33(0)6 39 98 12 34", "+33(0)6 39 98 12 34"),
        ("0033639981234", "0033639981234"),
        ("639981234", "0639981234"),
        ("33639981234", "+33639981234"),
        ("06 39 98 12 34 (travail)", "06 39 98 12 34"),
        ("0639981234 poste 12", "0639981234"),
        ("tél : 06 39 98 12 34", "06 39 98 12 34"),
        ("+44 7700 900123", "+44 7700 900123"),
    ],
)
def test_phones_are_read_in_any_writing(tmp_path, typed, number):
    parent = replace(PARENTS[0], phones=(typed,))
    path = write_csv(tmp_path / "r.csv", onde_guardians([parent], CHILDREN))
    (person,), problems = read("onde", path)
    assert (person.phones, problems.notes) == ((number,), [])


def test_two_phones_in_a_cell_are_two_and_zeros_are_nobodys(tmp_path):
    typed = "06 39 98 12 34 / 01.99.00.12.34", "0000000000"
    path = write_csv(
        tmp_path / "r.csv", onde_guardians([replace(PARENTS[0], phones=typed)], CHILDREN)
    )
    (person,), _ = read("onde", path)
    assert person.phones == ("06 39 98 12 34", "01.99.00.12.34")


class TestNamesakes:
    def read(self, tmp_path, *people):
        path = write_csv(tmp_path / "r.csv", onde_guardians(people, CHILDREN))
        found, problems = read("onde", path)
        assert problems.lines == []
        return found

    def test_two_of_one_name_with_different_children_are_two_people(self, tmp_path):
        one = replace(PARENTS[0], email="", phones=())
        other = replace(one, children=PARENTS[1].children)
        first, second = self.read(tmp_path, one, other)
        assert first.source_id != second.source_id
        assert {p.source_id for p in self.read(tmp_path, other, one)} == {
            first.source_id, second.source_id,
        }  # fmt: skip

    def test_two_rows_with_a_child_in_common_are_one_person(self, tmp_path):
        one = replace(PARENTS[0], email="a@exemple.fr", phones=())
        (person,) = self.read(tmp_path, one, replace(one, email="b@exemple.fr"))
        assert person.emails == ("a@exemple.fr", "b@exemple.fr")

    def test_two_rows_are_joined_by_a_third(self, tmp_path):
        one = replace(PARENTS[0], email="a@exemple.fr", phones=(), children=(CHILDREN[0].number,))
        other = replace(one, email="b@exemple.fr", children=(CHILDREN[1].number,))
        both = replace(one, email="", children=(CHILDREN[0].number, CHILDREN[1].number))
        assert len(self.read(tmp_path, one, other)) == 2
        assert len(self.read(tmp_path, one, other, both)) == 1

    def test_a_new_child_or_address_does_not_change_the_id(self, tmp_path):
        one = PARENTS[0]
        (before,) = self.read(tmp_path, one)
        (after,) = self.read(
            tmp_path, replace(one, email="z@exemple.fr", children=one.children[:1])
        )
        assert before.source_id == after.source_id


def test_a_pupil_listed_twice_without_an_ine_is_one_person_of_both_classes(tmp_path):
    one = CHILDREN[0]
    rows = onde_pupils([one, replace(one, classes=("CM2",)), CHILDREN[1]], dialect=2013)
    people, _ = read("onde", write_csv(tmp_path / "a.csv", rows))
    assert len(people) == 2
    assert {person.classes for person in people} == {(*one.classes, "CM2"), CHILDREN[1].classes}


def test_bad_rows_are_reported_and_lose_nobody_else(tmp_path):
    text = onde_pupils(CHILDREN)
    text += ";;;01/02/2011;M;;;\r\n"
    text += f"Roy;;Anne;{'x;' * 40}\r\n"
    text += "Roy;;Eva;99/99/2011;M;not an INE;;\r\n"
    people, problems = read("onde", write_csv(tmp_path / "a.csv", text))
    assert len(people) == 7
    assert [line.split(" ", 1)[0].split(":", 1)[1] for line in problems.lines] == ["8:1:", "9:22:"]
    assert [note.split("a.csv:")[1].split(" ")[0] for note in problems.notes] == ["10:6:", "10:4:"]
    assert not any("not an INE" in note for note in problems.notes)


class TestEnt:
    @pytest.mark.parametrize("name", ["CSV_Eleves.csv", "export.csv", "students.csv"])
    def test_pupils_are_known_by_name_or_headers(self, tmp_path, name):
        people, _ = read("ent-csv", write_csv(tmp_path / name, ent_pupils(CHILDREN)))
        assert {person.kind for person in people} == {SubjectKind.PUPIL}

    @pytest.mark.parametrize("name", ["CSV_Personnels.csv", "x.csv", "CSV_Invites.csv"])
    def test_staff_are_known_by_name_or_headers(self, tmp_path, name):
        people, _ = read("ent-csv", write_csv(tmp_path / name, ent_staff(staff(3))))
        assert {person.kind for person in people} == {SubjectKind.STAFF}

    def test_parents_are_known_by_their_childrens_columns(self, tmp_path):
        path = write_csv(tmp_path / "x.csv", ent_guardians(PARENTS, CHILDREN))
        people, problems = read("ent-csv", path)
        assert {person.kind for person in people} == {SubjectKind.GUARDIAN}
        assert (len(people), problems.lines) == (len(PARENTS), [])

    def test_english_templates_are_read_and_link_by_id(self, tmp_path):
        pupils = "externalID;First name*;Last name*;Birthdate*;Email;Class;Phone\n"
        pupils += "x7;Eva;Roy;01/02/2011;eva@exemple.fr;6A;\n"
        parents = "externalid;First name*;Last name*;Phone;Email;Childexternalid*;Childexternalid\n"
        parents += ";Ida;Roy;;;x7;x8\n;Ida;Roy;;;x9\n;Ida;Roy;0639981234;;x8;\n"
        teachers = "externalID;First name*;Last name*;Email;Discipline;Class*;Class\n"
        teachers += "t1;Al;Ba;;Maths;6A;6B\n"
        files = [
            write_csv(tmp_path / "CSV_Students.csv", pupils),
            write_csv(tmp_path / "x.csv", parents),
            write_csv(tmp_path / "y.csv", teachers),
        ]
        people, problems = read("ent-csv", *files)
        assert (problems.lines, problems.notes) == ([], [])
        assert [(person.kind, person.phones, person.classes) for person in people] == [
            (SubjectKind.PUPIL, (), ("6A",)),
            (SubjectKind.GUARDIAN, (), ()),
            (SubjectKind.GUARDIAN, ("0639981234",), ()),
            (SubjectKind.STAFF, (), ("6A", "6B")),
        ]

    def test_an_id_column_is_the_id(self, tmp_path):
        text = (
            "externalId;Nom;Prénom;Date de naissance;Classe;Login\nx7;Roy;Eva;1/2/2011;6A;eva.roy\n"
        )
        (person,), _ = read("ent-csv", write_csv(tmp_path / "eleves.csv", text))
        assert (person.source_id, person.logins) == ("eleve/@id/x7", ("eva.roy",))

    def test_onde_staff_and_ent_pupils_are_not_mixed_up(self, tmp_path):
        files = [
            write_csv(tmp_path / "t.csv", onde_staff(staff(2))),
            write_csv(tmp_path / "CSV_Eleves.csv", ent_pupils(CHILDREN)),
        ]
        people, problems = read("onde", *files)
        assert {person.kind for person in people} == {SubjectKind.STAFF}
        assert "CSV_Eleves.csv:1:1: not read" in problems.notes[0]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_is_an_input_error_or_people(tmp_path, data):
    whole = onde_guardians(PARENTS, CHILDREN).encode("cp1252")
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 60))
    put = data.draw(st.binary(max_size=20))
    path = tmp_path / "r.csv"
    path.write_bytes(whole[:at] + put + whole[at + cut :])
    try:
        people = list(open_roster([path], "onde").persons())
    except InputError:
        return
    assert len(people) <= len(PARENTS) + 20
