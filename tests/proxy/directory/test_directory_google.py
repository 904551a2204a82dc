"""Google Workspace: the template's spellings, the download's, GAM's; who is who."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.kinds import SubjectKind

TEMPLATE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],"
    "Recovery Email,Home Secondary Email,Work Secondary Email,"
    "Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,Mobile Phone,Work Address,"
    "Home Address,Employee ID,Employee Type,Employee Title,Manager Email,Department,Cost Center,"
    "Building ID,Floor Name,Floor Section,Change Password at Next Sign-In,"
    "New Status [UPLOAD ONLY]\n"
    "Léa,Martin,Lea.Martin@c.example,****,,/0450000A/Élèves/6B,,lea@home.example,,,+33639981234,,,,"
    ",,E123456,,,,,,,,,,\n"
)
DOWNLOAD = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],"
    "Status [READ ONLY],Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,"
    "Work Secondary Email,Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,"
    "Mobile Phone,Work Address,Home Address,Employee ID,Employee Type,Employee Title,Manager Email,"
    "Department,Cost Center,2sv Enrolled [READ ONLY],2sv Enforced [READ ONLY],Building ID,"
    "Floor Name,Floor Section,Email Usage [READ ONLY],Drive Usage [READ ONLY],"
    "Photos Usage [READ ONLY],Storage limit [READ ONLY],Storage Used [READ ONLY],"
    "Change Password at Next Sign-In,New Status [UPLOAD ONLY],"
    "Advanced Protection Program enrollment\n"
    "Léa,Martin,Lea.Martin@c.example,****,,/0450000A/Élèves/6B,,Active,2026-09-01,lea@home.example,"
    ",,+33639981234,,,,,,E123456,,,,,,False,False,,,,0.1GB,0GB,0GB,,0GB,False,,False\n"
)
GAM = (
    "primaryEmail,name.givenName,name.familyName,orgUnitPath,recoveryEmail,recoveryPhone,"
    "externalIds.0.value,suspended\n"
    "Lea.Martin@c.example,Léa,Martin,/0450000A/Élèves/6B,lea@home.example,+33639981234,E123456,"
    "False\n"
)
PLAIN = (
    "First Name,Last Name,Email Address,Org Unit Path,Recovery Email,Recovery Phone,Employee ID\n"
    "Léa,Martin,Lea.Martin@c.example,/0450000A/Élèves/6B,lea@home.example,+33639981234,E123456\n"
)


def read(path: Path, text: str, encoding: str = "utf-8") -> tuple[list[Person], list[str], int]:
    path.write_bytes(text.encode(encoding))
    roster = open_roster([path])
    assert (roster.format, roster.complete) == ("google-csv", True)
    return list(roster.persons()), list(roster.problems.shown()), roster.problems.remarks


@pytest.mark.parametrize(
    "text", [TEMPLATE, DOWNLOAD, GAM, PLAIN], ids=["up", "down", "gam", "bare"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_spelling_gives_the_same_person(tmp_path, text, encoding):
    (lea,), problems, notes = read(tmp_path / "u.csv", text, encoding)
    assert (problems, notes) == ([], 0)
    assert (lea.kind, lea.source_id) == (SubjectKind.PUPIL, "lea.martin@c.example")
    assert (lea.given_name, lea.family_name) == ("Léa", "Martin")
    assert lea.emails == ("Lea.Martin@c.example", "lea@home.example")
    assert (lea.phones, lea.student_number) == (("+33639981234",), "E123456")
    assert lea.schools == ("0450000A",)


@pytest.mark.parametrize(
    ("unit", "kind", "notes"),
    [
        ("/Élèves/6B", SubjectKind.PUPIL, 0),
        ("/students/2031", SubjectKind.PUPIL, 0),
        ("/Vie scolaire", SubjectKind.STAFF, 0),
        ("/Teachers", SubjectKind.STAFF, 0),
        ("/Parents d'élèves", SubjectKind.GUARDIAN, 0),
        ("/", SubjectKind.PUPIL, 1),
        ("/Relevés", SubjectKind.PUPIL, 1),
    ],
)
def test_the_unit_tells_who_is_who_and_a_doubt_is_noted(tmp_path, unit, kind, notes):
    text = PLAIN.replace("/0450000A/Élèves/6B", unit)
    (person,), _, remarks = read(tmp_path / "u.csv", text)
    assert (person.kind, remarks) == (kind, notes)


def test_an_address_twice_and_a_missing_one_are_bad_rows(tmp_path):
    lines = PLAIN.splitlines(keepends=True)
    text = "".join([*lines, lines[1].upper(), lines[1].replace("Lea.Martin@c.example", "")])
    people, problems, _ = read(tmp_path / "u.csv", text)
    assert len(people) == 1
    assert [problem.split(":")[1:3] for problem in problems] == [["3", "3"], ["4", "3"]]
    assert not any("artin" in problem for problem in problems)
