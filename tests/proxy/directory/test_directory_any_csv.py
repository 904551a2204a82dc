"""Rosters of vendors that have no format of their own: told by the words of their headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.directory.importers import open_roster
from proxy.directory.importers.headings import Meaning, meaning_of
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

PUPIL, STAFF, GUARDIAN = SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN


def people_of(folder: Path, encoding: str = "utf-8", **files: str) -> list[Person]:
    """Write tables and read them without naming a format."""
    paths = []
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_bytes(text.encode(encoding))
        paths.append(path)
    roster = open_roster(paths)
    try:
        found = list(roster.persons())
        assert not roster.problems.lines
        return found
    finally:
        roster.close()


def told(people: list[Person]) -> set[tuple[str, str, SubjectKind]]:
    return {(one.given_name, one.family_name, one.kind) for one in people}


ENTRA = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,"
    "accountEnabled,mobilePhone\n"
    "zoe.lefevre@lycee.example,Zoé Lefèvre,Lefèvre,zoe.lefevre@lycee.example,Zoé,"
    "5f0c9c1e-7a55-4c22-9df5-0d3f1f1a2b3c,Member,Élève,6B,True,\n"
    "paul.durand@lycee.example,Paul Durand,Durand,,Paul,"
    "5f0c9c1e-7a55-4c22-9df5-0d3f1f1a2b3d,Member,Professeur,,True,06 39 98 01 02\n"
)
ENTRA_TEMPLATE = (
    "version:v1.0,,,,,\n"
    "Name [displayName] Required,User name [userPrincipalName] Required,"
    "Initial password [passwordProfile] Required,First name [givenName],Last name [surname],"
    "Job title [jobTitle]\n"
    "Zoé Lefèvre,zoe.lefevre@lycee.example,x,Zoé,Lefèvre,Student\n"
    "Paul Durand,paul.durand@lycee.example,x,Paul,Durand,Teacher\n"
)
MICROSOFT_365 = (
    "Block credential,City,Department,Display name,First name,Last name,Licenses,Mobile Phone,"
    "Object Id,Phone number,Proxy addresses,Title,User principal name\n"
    "False,,6B,Zoé Lefèvre,Zoé,Lefèvre,A1,,5f0c9c1e-7a55-4c22-9df5-0d3f1f1a2b3c,,"
    "SMTP:zoe.lefevre@lycee.example+smtp:zl@lycee.example,Élève,zoe.lefevre@lycee.example\n"
    "False,,,Paul Durand,Paul,Durand,A1,,5f0c9c1e-7a55-4c22-9df5-0d3f1f1a2b3d,,,Enseignant,"
    "paul.durand@lycee.example\n"
)
MOODLE = (
    "username;firstname;lastname;email;idnumber;role1;course1\n"
    "zlefevre;Zoé;Lefèvre;zoe.lefevre@lycee.example;E1;student;HIST6\n"
    "pdurand;Paul;Durand;paul.durand@lycee.example;P1;editingteacher;HIST6\n"
)
KOLIBRI = (
    "Database ID ('uuid'),Username ('string'),Password ('string'),Full name ('string'),"
    "User type ('LEARNER'/'ADMIN'),Identifier ('string'),Birth year,Gender,Enrolled in\n"
    "0d3f1f1a2b3c4c229df55f0c9c1e7a55,zoel,*,Zoé Lefèvre,LEARNER,,2012,,6B\n"
    "0d3f1f1a2b3c4c229df55f0c9c1e7a56,pauld,*,Paul Durand,FACILITY_COACH,,,,\n"
)
ENT = (
    "Id|Profil|Nom|Prénom|Login|Classe(s)|Établissement\n"
    "a1|Élève|LEFÈVRE|Zoé|zoe.lefevre|6B|0450000A\n"
    "a2|Enseignant|DURAND|Paul|paul.durand||0450000A\n"
)
POWERSCHOOL = (
    "Student_Number\tLast_Name\tFirst_Name\tDOB\tHome_Room\tMother\tMother_Email\n"
    "1001\tLefèvre\tZoé\t04/25/2012\t6B\tLefèvre, Anne\tanne@mail.example\n"
)


@pytest.mark.parametrize(
    "table", [ENTRA, ENTRA_TEMPLATE, MICROSOFT_365, MOODLE, KOLIBRI, ENT], ids=lambda t: t[:12]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_a_directory_export_needs_no_mapping(tmp_path: Path, table: str, encoding: str) -> None:
    found = people_of(tmp_path, encoding, users=table)
    names = {(given, family.capitalize(), kind) for given, family, kind in told(found)}
    assert names == {("Zoé", "Lefèvre", PUPIL), ("Paul", "Durand", STAFF)}


def test_every_address_of_a_user_is_known(tmp_path: Path) -> None:
    zoe = people_of(tmp_path, users=MICROSOFT_365)[0]
    assert set(zoe.emails) == {"zoe.lefevre@lycee.example", "zl@lycee.example"}


def test_parents_in_a_pupils_row_become_people(tmp_path: Path) -> None:
    found = people_of(tmp_path, students=POWERSCHOOL)
    assert told(found) == {("Zoé", "Lefèvre", PUPIL), ("Anne", "Lefèvre", GUARDIAN)}
    zoe, anne = found
    assert zoe.birth_date == "2012-04-25"
    assert (zoe.student_number, zoe.classes) == ("1001", ("6B",))
    assert anne.emails == ("anne@mail.example",)
    assert anne.classes == ("6B",)


def test_french_school_software(tmp_path: Path) -> None:
    table = (
        "Collège de Clairval;;;;;;;;;;\n"
        "Export du 12/09/2026;;;;;;;;;;\n\n"
        "Nom;Prénom;Né(e) le;N° national;Classe;Nom resp. 1;Prénom resp. 1;E-mail resp. 1;"
        "Nom resp. 2;Prénom resp. 2;Tél. portable resp. 2;;\n"
        "LEFÈVRE;Zoé;05/04/2012;123456789AB;6B;LEFÈVRE;Anne;anne@mail.example;MOREL;Luc;"
        "06 39 98 01 03\n"
        "LEFÈVRE;Tom;07/09/2014;;5A;LEFÈVRE;Anne;anne@mail.example;;;\n"
    )
    found = people_of(tmp_path, "iso-8859-15", export=table)
    assert told(found) == {
        ("Zoé", "LEFÈVRE", PUPIL),
        ("Tom", "LEFÈVRE", PUPIL),
        ("Anne", "LEFÈVRE", GUARDIAN),
        ("Luc", "MOREL", GUARDIAN),
    }
    anne = next(one for one in found if one.given_name == "Anne")
    assert set(anne.classes) == {"6B", "5A"}
    assert len(found) == 4


def test_repeated_guardian_columns_are_several_guardians(tmp_path: Path) -> None:
    table = (
        "Nom élève,Prénom élève,Classe,INE,Nom responsable,Prénom responsable,"
        "Nom responsable,Prénom responsable\n"
        "Lefèvre,Zoé,6B,123456789AB,Lefèvre,Anne,Morel,Luc\n"
    )
    assert ("Luc", "Morel", GUARDIAN) in told(people_of(tmp_path, liste=table))


def test_canvas_joins_users_sections_and_observers(tmp_path: Path) -> None:
    found = people_of(
        tmp_path,
        users=(
            "user_id,login_id,first_name,last_name,email,status\n"
            "u1,zoel,Zoé,Lefèvre,zoe@lycee.example,active\n"
            "u2,pauld,Paul,Durand,,active\nu3,annel,Anne,Lefèvre,,active\n"
            "u4,tomm,Tom,Morel,,deleted\n"
        ),
        sections="section_id,course_id,name,status\ns1,c1,6B Histoire,active\n",
        enrollments=(
            "course_id,user_id,role,section_id,status,associated_user_id\n"
            "c1,u1,student,s1,active,\nc1,u2,teacher,s1,active,\nc1,u3,observer,,active,u1\n"
        ),
    )
    kinds = {one.given_name: one.kind for one in found}
    assert kinds == {"Zoé": PUPIL, "Paul": STAFF, "Anne": GUARDIAN, "Tom": PUPIL}
    assert {one.given_name for one in found if one.active} == {"Zoé", "Paul", "Anne"}
    assert all("6B Histoire" in one.classes for one in found if one.given_name != "Tom")


def test_apple_school_manager_joins_its_tables(tmp_path: Path) -> None:
    found = people_of(
        tmp_path,
        students=(
            "person_id,person_number,first_name,middle_name,last_name,grade_level,email_address,"
            "sis_username,password_policy,location_id\nP1,1,Zoé,,Lefèvre,6,,zoel,8,L1\n"
        ),
        staff=(
            "person_id,person_number,first_name,middle_name,last_name,email_address,sis_username,"
            "location_id\nT1,9,Paul,,Durand,paul@lycee.example,,L1\n"
        ),
        courses="course_id,course_number,course_name,location_id\nC1,1,Histoire,L1\n",
        classes="class_id,class_number,course_id,instructor_id,location_id\nK1,6B,C1,T1,L1\n",
        rosters="roster_id,class_id,student_id\nR1,K1,P1\n",
        locations="location_id,location_name\nL1,Lycée de Clairval\n",
    )
    assert told(found) == {("Zoé", "Lefèvre", PUPIL), ("Paul", "Durand", STAFF)}
    assert {(one.classes, one.schools) for one in found} == {(("6B",), ("Lycée de Clairval",))}


def test_clever_joins_its_tables_and_takes_contacts(tmp_path: Path) -> None:
    found = people_of(
        tmp_path,
        students=(
            "School_id,Student_id,Student_number,Last_name,First_name,DOB,Student_email,"
            "Contact_name,Contact_phone,Contact_email\n"
            "1,S1,77,Lefèvre,Zoé,2012-04-05,zoe@lycee.example,Anne Lefèvre,0639980102,a@m.example\n"
            "1,S1,77,Lefèvre,Zoé,2012-04-05,zoe@lycee.example,Luc Morel,0639980103,l@m.example\n"
        ),
        teachers="School_id,Teacher_id,Last_name,First_name,Teacher_email\n1,T1,Durand,Paul,p@l.example\n",
        sections="School_id,Section_id,Teacher_id,Name\n1,X1,T1,6B Histoire\n",
        enrollments="School_id,Section_id,Student_id\n1,X1,S1\n",
        schools="School_id,School_name\n1,Lycée de Clairval\n",
    )
    assert sorted(one.given_name for one in found) == ["Anne", "Luc", "Paul", "Zoé"]
    assert {one.classes for one in found if one.kind is not GUARDIAN} == {("6B Histoire",)}
    assert {one.schools for one in found} == {("Lycée de Clairval",)}


def test_who_cannot_be_told_is_a_pupil_with_one_note(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("First name,Last name,Email\nZoé,Lefèvre,z@l.example\nTom,Morel,t@l.example\n")
    roster = open_roster([path])
    assert {one.kind for one in roster.persons()} == {PUPIL}
    assert len(roster.problems.notes) == 1
    assert "kind:" in roster.problems.notes[0]
    roster.close()


def test_schools_and_courses_are_nobody(tmp_path: Path) -> None:
    found = people_of(
        tmp_path,
        personnes="Id,Nom,Prénom,Profil\n1,Lefèvre,Zoé,Élève\n",
        etablissements="Id,Nom,Code UAI\n1,Collège,0450000A\n",
    )
    assert told(found) == {("Zoé", "Lefèvre", PUPIL)}


def test_an_account_list_gives_logins(tmp_path: Path) -> None:
    table = "Nom;Prénom;Identifiant;Profil;Classe\nLefèvre;Zoé;z.lefevre12;Élève;6B\n"
    (zoe,) = people_of(tmp_path, comptes=table)
    assert zoe.logins == ("z.lefevre12",)


def test_a_french_admin_centre_tells_pupils_by_their_title(tmp_path: Path) -> None:
    table = (
        "Nom d’utilisateur,Prénom,Nom,Nom complet,Fonction\n"
        "zoe@lycee.example,Zoé,Lefèvre,Zoé Lefèvre,Élève\n"
    )
    (zoe,) = people_of(tmp_path, utilisateurs=table)
    assert (zoe.kind, zoe.emails) == (PUPIL, ("zoe@lycee.example",))


def test_a_parents_list_that_names_children_is_of_guardians(tmp_path: Path) -> None:
    table = (
        "Nom responsable légal;Prénom responsable légal;Courriel;Nom de l'élève;"
        "Prénom de l'élève;Classe\nMorel;Luc;luc@mail.example;Lefèvre;Zoé;6B\n"
    )
    (luc,) = people_of(tmp_path, export=table)
    assert (luc.kind, luc.given_name, luc.emails) == (GUARDIAN, "Luc", ("luc@mail.example",))


def test_a_table_that_is_not_understood_names_the_line_to_write(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("Prénom,Classe,Né(e) le\nZoé,6B,05/04/2012\n")
    path.write_text("Classe,Né(e) le,Xyz\n6B,05/04/2012,Zoé Lefèvre\n")
    with pytest.raises(InputError) as caught:
        open_roster([path])
    advice = "\n".join(caught.value.problems)
    assert "columns: family_name:" in advice
    assert "ajoutez" in advice
    assert "Zoé" not in advice


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Nom d'usage de l'élève", Meaning("pupil", 0, "usual")),
        ("studentLastName", Meaning("pupil", 0, "family")),
        ("Guardian_FN", Meaning("guardian", 0, "given")),
        ("Tél. portable responsable légal 2", Meaning("guardian", 2, "phone")),
        ("Adresse éléctronique", Meaning("", 0, "email")),
        ("Geburtsdatum", Meaning("", 0, "birth")),
        ("Commune de naissance", None),
        ("Lien de parenté", None),
        ("zoe@lycee.example", None),
    ],
)
def test_headers_are_read_by_their_words(header: str, meaning: Meaning | None) -> None:
    assert meaning_of(header) == meaning
