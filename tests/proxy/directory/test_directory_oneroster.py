"""OneRoster 1.1 and 1.2, folder or archive, with what real exports get wrong."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from proxy.directory.importers import files as files_module
from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import Kind, SubjectKind

USERS_12 = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,"
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
)
V12 = {
    "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n"
    "file.users,bulk\n",
    "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "o1,,,Collège Fictif,school,0450000A,\n",
    "users.csv": USERS_12
    + "u1,,,true,lea.martin,{LDAP:lmartin},Léa,Martin,Rose,123456789AB,lea@c.example,0639981234,,,"
    "06,,3fa85f64-5717-4562-b3fc-2c963f66afa6,Lou,,Duval,o1,\n"
    'u2,active,,true,prof,"{a:1},{INE:2018A12345B}",Paul,Durand,,E123456,,,,,,,,,,,,\n'
    "u3,tobedeleted,,true,,,Anne,Roy,,,,,,,,,,,,,,\n"
    "u4,,,true,,,Ida,Martin,,,,,,u1,,,,,,,,\n",
    "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
    "orgSourcedId,userProfileSourcedId\n"
    "r1,,,u1,primary,student,,,o1,\nr2,,,u2,primary,guardian,,,o1,\nr3,,,u2,secondary,teacher,,,o1,\n"
    "r4,,,u3,primary,student,,,o1,\nr5,,,u4,primary,wizard,,,o1,\n",
    "classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,"
    "classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
    "c1,,,6e B,06,,6B,homeroom,,o1,,,,\n",
    "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,"
    "userSourcedId,role,primary,beginDate,endDate\n"
    "e1,,,c1,o1,u1,student,,,\ne2,tobedeleted,,c9,o1,u2,teacher,,,\n",
    "demographics.csv": "sourcedId,status,dateLastModified,birthDate,sex\nu1,,,2013-04-05,female\n",
}
V11 = {
    "manifest.csv": "propertyName,value\noneroster.version,1.1\nfile.users,bulk\n",
    "orgs.csv": V12["orgs.csv"],
    "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,"
    "userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
    'u1,,,true,"o1,o2",student,lea.martin,,Léa,Martin,,123456789AB,,,,,06,\n'
    "u2,,,true,o1,administrator,,,Paul,Durand,,,,,,,,\nu3,,,true,o1,parent,,,Eva,Roy,,,,,,,,\n",
}


def folder(path: Path, tables: dict[str, str], encoding: str = "utf-8") -> Path:
    path.mkdir(exist_ok=True)
    for name, text in tables.items():
        (path / name).write_bytes(text.encode(encoding))
    return path


def read(*paths: Path) -> tuple[list[Person], list[str]]:
    roster = open_roster(paths)
    try:
        assert roster.format == "oneroster"
        return list(roster.persons()), list(roster.problems.shown())
    finally:
        roster.close()


def test_version_1_2_is_read_to_the_column(tmp_path):
    roster = open_roster([folder(tmp_path / "r", V12)])
    lea, paul, anne, ida = roster.persons()
    assert roster.complete
    assert (lea.kind, lea.source_id, lea.given_name, lea.family_name) == (
        SubjectKind.PUPIL, "u1", "Léa", "Martin",
    )  # fmt: skip
    assert (lea.other_given, lea.other_family) == (("Lou", "Léa Rose"), ("Duval",))
    assert (lea.national_id, lea.student_number) == ("123456789AB", "")
    assert (lea.emails, lea.logins) == (("lea@c.example",), ("lea.martin", "lmartin"))
    assert (lea.phones, lea.birth_date) == (("0639981234",), "2013-04-05")
    assert lea.uuids == ("3fa85f64-5717-4562-b3fc-2c963f66afa6",)
    assert (lea.schools, lea.classes) == (("0450000A",), ("6e B",))
    assert (Kind.FULL_NAME, "Lou\x1fDuval") in set(lea.values())
    assert (paul.kind, paul.national_id, paul.student_number) == (
        SubjectKind.STAFF, "2018A12345B", "E123456",
    )  # fmt: skip
    assert paul.classes == ()
    assert (anne.active, paul.active) == (False, True)
    assert ida.kind is SubjectKind.STAFF
    assert [note.split(":", 1)[1] for note in roster.problems.notes] == [
        "6:6: a role that the format does not define: taken as staff; correct it if it is not"
    ]
    assert roster.problems.bad_rows == 0


def test_version_1_1_takes_the_role_from_users(tmp_path):
    people, problems = read(folder(tmp_path / "r", V11))
    assert [p.kind for p in people] == [SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN]
    assert people[0].schools == ("0450000A", "o2")
    assert problems == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "iso-8859-15", "utf-16"])
def test_any_encoding_and_header_spelling_gives_the_same_people(tmp_path, encoding):
    tables = V12 | {
        "users.csv": V12["users.csv"]
        .replace("preferredGivenName", "prefferedGivenName")
        .replace("familyName", "FAMILYNAME", 1)
        .replace("givenName", "given name", 1)
        .replace("\n", "\r\n")
    }
    plain, _ = read(folder(tmp_path / "a", V12))
    odd, problems = read(folder(tmp_path / "b", tables, encoding))
    assert (odd, problems) == (plain, [])


def test_an_archive_is_read_like_a_folder_also_below_a_folder_of_its_own(tmp_path):
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in V12.items():
            archive.writestr(f"export/{name}", text)
        archive.writestr("__MACOSX/export/._users.csv", b"\0")
    assert read(path) == read(folder(tmp_path / "r", V12))


def test_a_delta_manifest_makes_the_roster_incomplete(tmp_path):
    tables = V12 | {"manifest.csv": "PropertyName,Value\nfile.users,delta\n"}
    assert not open_roster([folder(tmp_path / "r", tables)]).complete


def test_bad_rows_are_named_by_place_and_reason_never_by_content(tmp_path):
    rows = (
        "u1,,,,x,,Secretgiven,Secretfamily,,,not an address,,,,,,,,,,,\n"
        "u2,,,,,,Secretgiven,Secretfamily,,,,call me,,,,,,,,,,\n"
        "u2,,,,,,Secretgiven,Secretfamily,,,,,,,,,,,,,,\n"
        ",,,,,,Secretgiven,Secretfamily,,,,,,,,,,,,,,\n"
        "u5,,,,,,Secretgiven\n"
        "u6,,,,,,,,,,,,,,,,,,,,,\n"
        "u7,,,,,,Secret\x00given,x,,,,,,,,,,,,,,\n"
        'u8,,,,,,"Secret\ngiven",12345,,,,,,,,,,,,,,\n'
        "u9,,,,,,Good,One,,,,,,,,,,,,,,\n"
    )
    tables = {k: v for k, v in V12.items() if k != "demographics.csv"}
    tables["users.csv"] = USERS_12 + rows
    tables["demographics.csv"] = "sourcedId,birthDate\nu9,2013-02-30\nu1,soon\n"
    people, problems = read(folder(tmp_path / "r", tables))
    assert [person.source_id for person in people] == ["u9"]
    places = [problem.removeprefix(str(tmp_path / "r") + "/").split(" ")[0] for problem in problems]
    assert places == [
        "demographics.csv:2:2:", "demographics.csv:3:2:", "users.csv:2:11:", "users.csv:3:12:",
        "users.csv:4:1:", "users.csv:5:1:", "users.csv:6:7:", "users.csv:7:8:", "users.csv:8:7:",
        "users.csv:9:8:",
    ]  # fmt: skip
    assert not any("ecret" in problem or "call me" in problem for problem in problems)


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("sourcedId,givenName\nu1,x\n", "not a roster format"),
        ('sourcedId,givenName,familyName\nu1,"x,y\n', "not well-formed CSV"),
        ("sourcedId,givenName,familyName,familyname\n", "stands twice"),
    ],
)
def test_tables_that_cannot_be_read_end_the_import(tmp_path, users, message):
    with pytest.raises(InputError, match=message):
        read(folder(tmp_path / "r", {"users.csv": users}))


class TestHostileArchives:
    def archive(self, path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members:
                archive.writestr(member, content, zipfile.ZIP_DEFLATED)
        return path

    @pytest.mark.parametrize(
        "name",
        ["../users.csv", "/etc/users.csv", "a/../../users.csv", "C:/users.csv", "..\\users.csv"],
    )
    def test_names_that_leave_the_archive_are_refused(self, tmp_path, name):
        with pytest.raises(InputError, match="leave the archive"):
            open_roster([self.archive(tmp_path / "r.zip", (name, b"x"))])

    def test_links_are_refused(self, tmp_path):
        link = zipfile.ZipInfo("users.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with pytest.raises(InputError, match="a link"):
            open_roster([self.archive(tmp_path / "r.zip", (link, b"/etc/passwd"))])

    def test_an_archive_that_declares_a_bomb_is_refused(self, tmp_path):
        bomb = self.archive(tmp_path / "r.zip", ("users.csv", b"a" * (17 << 20)))
        with pytest.raises(InputError, match="beyond measure"):
            open_roster([bomb])

    def test_an_archive_that_lies_about_its_sizes_is_stopped_as_it_expands(
        self, tmp_path, monkeypatch
    ):
        path = self.archive(
            tmp_path / "r.zip",
            ("users.csv", b"sourcedId,givenName,familyName\n" + b"u,a,b\n" * 300_000),
        )
        monkeypatch.setattr(files_module, "_check_member", lambda path, member: None)
        monkeypatch.setattr(files_module, "MAX_FILE_BYTES", 1 << 20)
        with pytest.raises(InputError, match="beyond measure"):
            read(path)

    def test_two_files_of_one_name_are_refused(self, tmp_path):
        twice = self.archive(tmp_path / "r.zip", ("a/users.csv", b"x"), ("b/users.csv", b"x"))
        with pytest.raises(InputError, match="second file"):
            open_roster([twice])

    def test_damaged_archives_are_an_input_error(self, tmp_path):
        path = self.archive(tmp_path / "r.zip", ("users.csv", USERS_12.encode() * 50))
        data = bytearray(path.read_bytes())
        data[60:90] = bytes(30)
        path.write_bytes(data)
        with pytest.raises(InputError):
            read(path)

    def test_what_is_no_roster_at_all_is_an_input_error(self, tmp_path):
        for name, content in (("a.bin", b"\0\1\2"), ("b.csv", b""), ("c.csv", b"x;y\n1;2\n")):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(InputError, match="not a roster format"):
                open_roster([tmp_path / name])
        with pytest.raises(InputError, match="check the path"):
            open_roster([tmp_path / "absent"])
