"""STS-web's traps: two schools, local ids, old and usual names, classes of services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from french_people import staff
from french_writers import UAI, sts, write_xml

from proxy.directory.importers import open_roster
from proxy.directory.importers.problems import Problems
from proxy.directory.subjects import Person

TEACHERS = list(staff(4))
OTHER = "0211234B"


def read(*paths: Path) -> tuple[list[Person], Problems]:
    roster = open_roster(paths)
    assert (roster.format, roster.complete) == ("sts", True)
    return list(roster.persons()), roster.problems


def file(folder: Path, text: str, uai: str = UAI) -> Path:
    return write_xml(folder / f"sts_emp_{uai}_2026.xml", text, "iso-8859-15")


def test_classes_come_from_the_mandate_and_the_services(tmp_path):
    people, _ = read(file(tmp_path, sts(TEACHERS)))
    assert [person.classes for person in people] == [one.classes for one in TEACHERS]


def test_birth_and_usual_name_are_both_known(tmp_path):
    (person,), _ = read(file(tmp_path, sts([replace(TEACHERS[0], usual="Duval")])))
    assert (person.family_name, person.other_family) == (TEACHERS[0].family, ("Duval",))


def test_a_teacher_of_two_schools_is_one_person_with_both(tmp_path):
    here, there = sts(TEACHERS[:3]), sts(TEACHERS[2:], uai=OTHER)
    people, problems = read(file(tmp_path, here), file(tmp_path, there, OTHER))
    assert len(people) == 4
    assert problems.lines == []
    both = next(p for p in people if p.source_id == f"epp/{TEACHERS[2].number}")
    assert both.schools == (UAI, OTHER)


def test_local_ids_belong_to_their_school(tmp_path):
    here, there = sts(TEACHERS[:1], kind="local"), sts(TEACHERS[1:2], uai=OTHER, kind="local")
    there = there.replace(f'ID="{TEACHERS[1].number}"', f'ID="{TEACHERS[0].number}"')
    people, _ = read(file(tmp_path, here), file(tmp_path, there, OTHER))
    assert {p.source_id for p in people} == {
        f"local/{UAI}/{TEACHERS[0].number}",
        f"local/{OTHER}/{TEACHERS[0].number}",
    }
    assert {p.classes for p in people} == {TEACHERS[0].classes, TEACHERS[1].classes}


def test_what_timetable_software_sends_back_is_read_as_well(tmp_path):
    text = sts(TEACHERS).replace("STS_EDT>", "EDT_STS>")
    text = text.replace("<PARAMETRES>", "<PARAMETRES><APPLICATION_SOURCE>X</APPLICATION_SOURCE>")
    assert len(read(file(tmp_path, text))[0]) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('<INDIVIDU ID="50001"', '<INDIVIDU ID=""', "no ID"),
        ('<INDIVIDU ID="50001"', '<INDIVIDU ID="50000"', "@ID: an id that stands at line"),
    ],
)
def test_a_bad_person_is_reported_and_loses_nobody_else(tmp_path, old, new, said):
    text = sts(TEACHERS).replace(old, new)
    people, problems = read(file(tmp_path, text))
    assert len(people) == 3
    assert said in problems.lines[0]
    bad = [i for i, row in enumerate(text.splitlines(), start=2) if new in row][-1]
    assert f".xml:{bad}:1: " in problems.lines[0]
