"""School Data Sync V1 and V2.1, and what their exports get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

V1 = {
    "School.csv": "SIS ID,Name,State ID\ns1,Collège Fictif,0450000A\ns2,Lycée Fictif,\n",
    "Section.csv": "SIS ID,School SIS ID,Section Name,Section Number\nx1,s1,6e B,1\n"
    "x2,s1,Latin,2\n",
    "Student.csv": "SIS ID,School SIS ID,Username,First Name,Middle Name,Last Name,Student Number,"
    "State ID,Secondary Email,Birthdate,Status\n"
    "1,s1,lea.martin@c.example,Léa,Rose,Martin,E123456,2018A12345B,lea@home.example,4/25/2013,\n"
    "2,s2,lou.roy,Lou,,Roy,,,,12/5/2012,Inactive\n",
    "Teacher.csv": "SIS ID,School SIS ID,Username,First Name,Last Name,Teacher Number\n"
    "1,s1,paul@c.example,Paul,Durand,T1\n",
    "StudentEnrollment.csv": "Section SIS ID,SIS ID\nx1,1\nx2,1\n",
    "TeacherRoster.csv": "Section SIS ID,SIS ID\nx1,1\n",
    "User.csv": "Email,First Name,Last Name,Phone,SIS ID\n"
    "Ida@home.example,Ida,Martin,+33639981234,\nIda@home.example,Ida,Martin,+33639981234,\n",
    "Guardianrelationship.csv": "SIS ID,Email,Role\n1,ida@home.example,Parent\n",
}
V2 = {
    "orgs.csv": "sourcedId,name,type,parentSourcedId\no1,Collège Fictif,school,\n",
    "users.csv": "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,"
    "phone,sms,userNumber\n"
    "u1,lea@c.example,Léa,Martin,,lea.m@c.example,lea@c.example,,,E123456\n"
    "u2,paul@c.example,Paul,Durand,,,,,,\n"
    "u3,ida@home.example,Ida,Martin,,,ida@home.example,+33639981234,,\n",
    "roles.csv": "userSourcedId,orgSourcedId,role\nu1,o1,student\nu2,o1,faculty\n",
    "classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nc1,o1,6e B,,\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\nc1,u1,student\nc1,u2,teacher\n",
    "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\nu1,u3,parent\n",
    "demographics.csv": "userSourcedId,sex,birthDate\nu1,female,2013-04-25\n",
}


def folder(path: Path, tables: dict[str, str]) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in tables.items():
        (path / name).write_text(text, encoding="utf-8-sig")
    return path


def read(path: Path, name: str) -> tuple[list[Person], list[str]]:
    roster = open_roster([path])
    assert (roster.format, roster.complete) == (name, True)
    return list(roster.persons()), list(roster.problems.shown())


def test_v1_is_read_to_the_column(tmp_path):
    (lea, lou, paul, ida), problems = read(folder(tmp_path / "r", V1), "sds")
    assert problems == []
    assert [p.kind for p in (lea, lou, paul, ida)] == [
        SubjectKind.PUPIL, SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN,
    ]  # fmt: skip
    assert lea.source_id != paul.source_id, "two tables number their people alike"
    assert (lea.other_given, lea.national_id, lea.student_number) == (
        ("Léa Rose",), "2018A12345B", "E123456",
    )  # fmt: skip
    assert (lea.emails, lea.logins) == (("lea.martin@c.example", "lea@home.example"), ())
    assert lou.logins == ("lou.roy",)
    assert (lea.active, lou.active) == (True, False)
    assert (lea.schools, lou.schools, paul.classes) == (("0450000A",), ("Lycée Fictif",), ("6e B",))
    assert lea.classes == ("6e B", "Latin")
    assert (ida.emails, ida.schools) == (("Ida@home.example",), ("0450000A",))


def test_a_row_a_school_is_one_person_of_several_schools(tmp_path):
    row = V1["Teacher.csv"].splitlines()[1].replace(",s1,", ",s2,") + "\n"
    (*_, paul, _), problems = read(
        folder(tmp_path / "r", V1 | {"Teacher.csv": V1["Teacher.csv"] + row}), "sds"
    )
    assert problems == []
    assert paul.schools == ("0450000A", "Lycée Fictif")


def test_a_column_with_a_25th_month_is_read_month_first_throughout(tmp_path):
    (lea, lou, *_), _ = read(folder(tmp_path / "r", V1), "sds")
    assert (lea.birth_date, lou.birth_date) == ("2013-04-25", "2012-12-05")
    european = V1 | {"Student.csv": V1["Student.csv"].replace("4/25/2013", "25/4/2013")}
    (lea, lou, *_), _ = read(folder(tmp_path / "r", european), "sds")
    assert (lea.birth_date, lou.birth_date) == ("2013-04-25", "2012-05-12")


def test_v2_is_read_to_the_column_and_not_taken_for_oneroster(tmp_path):
    (lea, paul, ida), problems = read(folder(tmp_path / "r", V2), "sds-v2")
    assert problems == []
    assert [p.kind for p in (lea, paul, ida)] == [
        SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN,
    ]  # fmt: skip
    assert lea.emails == ("lea@c.example", "lea.m@c.example")
    assert (lea.student_number, lea.birth_date) == ("E123456", "2013-04-25")
    assert (lea.classes, paul.classes) == (("6e B",), ("6e B",))
    assert ida.schools == ("Collège Fictif",), "a guardian's schools are the children's"
    assert ida.classes, "a guardian's classes too"


@pytest.mark.parametrize("left_out", sorted(set(V1) - {"Student.csv"}))
def test_v1_reads_pupils_without_any_of_the_other_tables(tmp_path, left_out):
    tables = {name: text for name, text in V1.items() if name != left_out}
    people, problems = read(folder(tmp_path / "r", tables), "sds")
    assert problems == []
    assert [p.given_name for p in people[:2]] == ["Léa", "Lou"]


@pytest.mark.parametrize("left_out", sorted(set(V2) - {"users.csv", "roles.csv"}))
def test_v2_reads_people_without_any_of_the_optional_tables(tmp_path, left_out):
    tables = {name: text for name, text in V2.items() if name != left_out}
    people, problems = read(folder(tmp_path / "r", tables), "sds-v2")
    assert (len(people), problems) == (3, [])


@pytest.mark.parametrize(
    ("table", "row", "place"),
    [
        ("Student.csv", "3,s1,x,Secret,,Roy,,,not-an-address,,\n", "Student.csv:4:9:"),
        ("Student.csv", "1,s1,x,Secret,,Roy,,,,,\n", "Student.csv:4:1:"),
        ("Student.csv", ",s1,,Secret,,Roy,,,,,\n", "Student.csv:4:1:"),
        ("Student.csv", "3,s1,x,Secret,,Roy,,,,31/31/2013,\n", "Student.csv:4:10:"),
        ("Student.csv", "3,s1,x,=Secret,,Roy,,,,,\n", "Student.csv:4:4:"),
        ("Teacher.csv", "2,s1,x,Secret\n", "Teacher.csv:3:4:"),
    ],
)
def test_bad_rows_are_told_by_place_never_by_content(tmp_path, table, row, place):
    people, problems = read(folder(tmp_path / "r", V1 | {table: V1[table] + row}), "sds")
    assert len(people) == 4
    assert len(problems) == 1
    assert place in problems[0]
    assert "ecret" not in problems[0]


def test_a_guardian_whose_role_is_other_is_a_guardian(tmp_path):
    tables = V2 | {"roles.csv": V2["roles.csv"] + "u3,o1,other\n"}
    (*_, ida), problems = read(folder(tmp_path / "r", tables), "sds-v2")
    assert (ida.kind, problems) == (SubjectKind.GUARDIAN, [])


def test_a_lone_table_of_another_sort_is_no_sds(tmp_path):
    with pytest.raises(InputError, match="not a roster format"):
        open_roster([folder(tmp_path / "r", {"Section.csv": V1["Section.csv"]})])
