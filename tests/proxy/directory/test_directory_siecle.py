"""SIECLE's traps: leavers, links, old names, bad fields, missing ids."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from french_people import guardians, pupils
from french_writers import UAI, siecle_guardians, siecle_pupils, write_xml

from proxy.directory.importers import open_roster
from proxy.directory.importers.problems import Problems
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

CHILDREN = [replace(one, further=()) for one in pupils(4)]
PARENTS = list(guardians(CHILDREN))


def read(*paths: Path) -> tuple[list[Person], Problems]:
    roster = open_roster(paths)
    assert (roster.format, roster.complete) == ("siecle", True)
    return list(roster.persons()), roster.problems


def pupil_file(folder: Path, text: str, name: str = "ElevesSansAdresses.xml") -> Path:
    return write_xml(folder / name, text, "iso-8859-15")


def day(offset: int) -> str:
    return (date.today() + timedelta(days=offset)).strftime("%d/%m/%Y")


@pytest.mark.parametrize(
    ("left", "is_active"), [("", True), (day(-1), False), (day(0), False), (day(30), True)]
)
def test_only_a_leaving_date_that_is_over_makes_a_leaver(tmp_path, left, is_active):
    people, _ = read(pupil_file(tmp_path, siecle_pupils([replace(CHILDREN[0], left=left)])))
    assert [person.active for person in people] == [is_active]


def test_a_guardian_leaves_with_the_last_child(tmp_path):
    leavers = {CHILDREN[0].number, CHILDREN[1].number, CHILDREN[2].number}
    children = [replace(c, left=day(-9) if c.number in leavers else "") for c in CHILDREN]
    people, _ = read(
        pupil_file(tmp_path, siecle_pupils(children)),
        pupil_file(tmp_path, siecle_guardians(PARENTS), "r.xml"),
    )
    assert {p.source_id: p.active for p in people if p.kind is SubjectKind.GUARDIAN} == {
        f"personne/{PARENTS[0].number}": False,
        f"personne/{PARENTS[1].number}": True,
    }


def test_a_guardian_is_in_the_classes_of_the_children_who_are_there(tmp_path):
    people, _ = read(
        pupil_file(tmp_path, siecle_pupils(CHILDREN)),
        pupil_file(tmp_path, siecle_guardians(PARENTS), "r.xml"),
    )
    classes_of = {p.source_id: set(p.classes) for p in people}
    for parent in PARENTS:
        expected = set().union(*(classes_of[f"eleve/{n}"] for n in parent.children))
        assert expected
        assert classes_of[f"personne/{parent.number}"] == expected


def test_guardians_alone_are_active(tmp_path):
    people, problems = read(pupil_file(tmp_path, siecle_guardians(PARENTS), "r.xml"))
    assert [person.active for person in people] == [True, True]
    assert [person.schools for person in people] == [(UAI,), (UAI,)]
    assert problems.lines == []


def test_last_years_school_is_not_the_pupils(tmp_path):
    people, _ = read(pupil_file(tmp_path, siecle_pupils(CHILDREN[:1])))
    assert "autre@ecole.example" not in people[0].emails
    assert "0199001122" not in people[0].phones


def test_a_pupil_and_a_guardian_of_one_number_are_two_people(tmp_path):
    parent = replace(PARENTS[0], number=CHILDREN[0].number)
    people, problems = read(
        pupil_file(tmp_path, siecle_pupils(CHILDREN)),
        pupil_file(tmp_path, siecle_guardians([parent]), "r.xml"),
    )
    assert len({person.source_id for person in people}) == 5
    assert problems.lines == []


def test_ids_may_be_elements_and_the_school_an_attribute_or_in_the_name(tmp_path):
    text = siecle_pupils(CHILDREN[:1])
    number = CHILDREN[0].number
    text = text.replace(
        f'<ELEVE ELEVE_ID="{number}" ELENOET="{number + 7}">',
        f"<ELEVE><ELEVE_ID>{number}</ELEVE_ID>",
    )
    plain = read(pupil_file(tmp_path, siecle_pupils(CHILDREN[:1])))[0]
    attribute = text.replace(f"<UAJ>{UAI}</UAJ>", f'<UAJ CODE="{UAI}"/>')
    assert read(pupil_file(tmp_path, attribute))[0] == plain
    nameless = text.replace(f"<UAJ>{UAI}</UAJ>", "")
    assert read(pupil_file(tmp_path, nameless, f"export_{UAI}_eleves.xml"))[0] == plain


def test_without_a_database_id_the_ine_then_the_school_number_is_the_id(tmp_path):
    one = CHILDREN[0]
    text = siecle_pupils([one]).replace(f'ELEVE_ID="{one.number}"', 'ELEVE_ID=""')
    assert read(pupil_file(tmp_path, text))[0][0].source_id == f"eleve/{one.ine}"
    text = text.replace(f"<ID_NATIONAL>{one.ine}</ID_NATIONAL>", "")
    assert read(pupil_file(tmp_path, text))[0][0].source_id == f"eleve/{one.number + 7}"


BAD = {
    "no id": (
        '<ELEVE ELEVE_ID="1001" ELENOET="1008"',
        '<ELEVE ELEVE_ID=""',
        "ELEVE_ID",
        "no ELEVE_ID, INE",
    ),
    "twice": ('<ELEVE ELEVE_ID="1001"', '<ELEVE ELEVE_ID="1000"', "@ELEVE_ID", "stands at"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_pupil_is_reported_with_place_and_field_and_loses_nobody_else(tmp_path, case):
    old, new, field, reason = BAD[case]
    text = siecle_pupils([replace(one, ine="", phones=()) for one in CHILDREN])
    text = text.replace(old, new)
    if case == "no id":
        text = text.replace("<ELENOET>1008</ELENOET>", "")
    people, problems = read(pupil_file(tmp_path, text))
    assert len(people) == 3
    (line,) = problems.lines
    number = [i for i, row in enumerate(text.splitlines(), start=2) if new in row][-1]
    place, said, what = line.split(": ", 2)
    assert place.endswith(f"ElevesSansAdresses.xml:{number}:1")
    assert said.strip("@") == field.strip("@")
    assert reason in what


def test_a_pupil_without_any_name_is_reported(tmp_path):
    text = siecle_pupils([replace(CHILDREN[0], given="", family="", usual=""), CHILDREN[1]])
    people, problems = read(pupil_file(tmp_path, text))
    assert [person.source_id for person in people] == [f"eleve/{CHILDREN[1].number}"]
    assert "NOM_DE_FAMILLE: no name" in problems.lines[0]


@pytest.mark.parametrize(
    ("tag", "typed", "said"),
    [
        ("DATE_NAISS", "31/02/2011", "no such day"),
        ("DATE_NAISS", "soon", "expected a date"),
        ("ID_NATIONAL", "SECRET-INE", "expected an INE"),
        ("TEL_PORTABLE", "LISTE ROUGE 12", "expected a phone number"),
        ("MEL", "secret at home", "expected an e-mail address"),
        ("NOM_USAGE", "12345", "expected a name"),
        ("PRENOM", "", "no given name"),
        ("NOM_DE_FAMILLE", "", "no family name"),
    ],
)
def test_a_bad_field_costs_the_field_not_the_pupil(tmp_path, tag, typed, said):
    one = replace(CHILDREN[0], usual="", phones=("0639980000",), email="a@exemple.fr")
    text = siecle_pupils([one])
    if f"<{tag}/>" in text:
        text = text.replace(f"<{tag}/>", f"<{tag}>{typed}</{tag}>")
    else:
        start = text.index(f"<{tag}>") + len(tag) + 2
        text = text[:start] + typed + text[text.index(f"</{tag}>", start) :]
    (person,), problems = read(pupil_file(tmp_path, text))
    assert problems.lines == []
    assert any(f"{tag}: {said}" in note for note in problems.notes)
    assert "SECRET" not in "".join(problems.notes)
    assert "secret" not in "".join(problems.notes)
    assert person.given_name or person.family_name
    assert next(person.values(), None)


@pytest.mark.parametrize("empty", [".", "-", "--", " ", "*"])
def test_fillers_are_nobodys_name(tmp_path, empty):
    one = replace(CHILDREN[0], usual=empty)
    (person,), problems = read(pupil_file(tmp_path, siecle_pupils([one])))
    assert (person.other_family, problems.notes) == ((), [])


def test_an_institution_without_a_given_name_is_taken(tmp_path):
    parent = replace(PARENTS[0], given="", family="AIDE SOCIALE A L'ENFANCE", usual="")
    (person,), problems = read(pupil_file(tmp_path, siecle_guardians([parent]), "r.xml"))
    assert person.family_name == "AIDE SOCIALE A L'ENFANCE"
    assert problems.lines == []
    assert "PRENOM: no given name" in problems.notes[0]


def test_nomenclatures_alone_are_not_people(tmp_path):
    path = write_xml(
        tmp_path / "n.xml", "<BEE_NOMENCLATURES><DONNEES/></BEE_NOMENCLATURES>", "utf-8"
    )
    with pytest.raises(InputError, match="no pupils or guardians"):
        read(path)


class TestTwoSchools:
    OTHER = "0211234B"

    def archive(self, folder: Path, name: str, pupils: str, guardians: str) -> Path:
        path = folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ElevesSansAdresses.xml", pupils)
            archive.writestr("ResponsablesAvecAdresses.xml", guardians)
        return path

    def test_each_has_its_pupils_and_who_moved_is_at_the_new_one(self, tmp_path):
        mover = replace(CHILDREN[1], classes=("3Z",))
        gone = [CHILDREN[0], replace(CHILDREN[1], left=day(-5)), CHILDREN[2]]
        parent = replace(PARENTS[0], children=(CHILDREN[1].number,))
        here = self.archive(
            tmp_path, "a", siecle_pupils(gone), siecle_guardians([parent, PARENTS[1]])
        )
        there = self.archive(
            tmp_path,
            "b",
            siecle_pupils([mover, CHILDREN[3]], uai=self.OTHER),
            siecle_guardians([parent], uai=self.OTHER),
        )
        for order in ((here, there), (there, here)):
            people, problems = read(*order)
            assert (problems.lines, problems.notes) == ([], [])
            assert len(people) == 6
            known = {person.source_id: person for person in people}
            assert known["eleve/1000"].schools == (UAI,)
            assert known["eleve/1003"].schools == (self.OTHER,)
            moved = known["eleve/1001"]
            assert (moved.active, moved.schools, moved.classes) == (True, (self.OTHER,), ("3Z",))
            assert set(known[f"personne/{parent.number}"].schools) == {UAI, self.OTHER}
            assert known[f"personne/{parent.number}"].active
