"""OneRoster beyond the plain case: changes only, relations, profiles, manifests, odd archives."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from directory_people import TestSealer

from proxy.directory import importing
from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind
from proxy.store.memory import MemoryStore

USERS = "sourcedId,status,givenName,familyName,username,agentSourcedIds,orgSourcedIds\n"
FULL = {
    "manifest.csv": "propertyName,value\noneroster.version,1.2\nfile.users,bulk\nfile.roles,bulk\n",
    "orgs.csv": "sourcedId,name,identifier\no1,Collège,0450000A\n",
    "users.csv": USERS + "u1,,Léa,Martin,,,\nu2,,Paul,Durand,,,\nu3,,Ida,Martin,,u1,\n",
    "roles.csv": "sourcedId,userSourcedId,role,orgSourcedId\nr1,u1,student,o1\nr2,u2,teacher,o1\n"
    "r3,u3,guardian,\n",
    "classes.csv": "sourcedId,title\nc1,6e B\n",
    "enrollments.csv": "sourcedId,classSourcedId,userSourcedId\ne1,c1,u1\n",
}


def folder(path: Path, tables: dict[str, str]) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in tables.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[Person], list[str]]:
    roster = open_roster([path])
    assert roster.format == "oneroster"
    return list(roster.persons()), list(roster.problems.shown())


def test_a_guardian_has_the_childrens_schools_whichever_side_names_the_other(tmp_path):
    for side, users in (
        ("guardian", FULL["users.csv"]),
        ("child", USERS + "u1,,Léa,Martin,,u3,\nu2,,Paul,Durand,,,\nu3,,Ida,Martin,,,\n"),
    ):
        people, problems = read(folder(tmp_path / side, FULL | {"users.csv": users}))
        assert problems == []
        assert people[2].kind is SubjectKind.GUARDIAN
        assert [person.schools for person in people] == [("0450000A",)] * 3
        assert people[2].classes == ("6e B",)


def test_a_guardian_leaves_with_the_last_child(tmp_path):
    users = FULL["users.csv"] + "u4,,Tom,Martin,,u3,o1\n"
    one_left = users.replace("u1,,", "u1,tobedeleted,")
    for table, stays in ((one_left, True), (one_left.replace("u4,,", "u4,tobedeleted,"), False)):
        people, _ = read(folder(tmp_path / str(stays), FULL | {"users.csv": table}))
        assert {p.source_id: p.active for p in people}["u3"] is stays


def test_profiles_are_logins_and_a_login_that_is_an_address_is_one(tmp_path):
    tables = FULL | {
        "users.csv": USERS + "u1,,Léa,Martin,lea@c.example,,\n",
        "userProfiles.csv": "sourcedId,status,userSourcedId,profileType,vendorId,username\n"
        "p1,,u1,lms,v,lea.m\np2,tobedeleted,u1,lms,v,gone\np3,,u1,lms,v,LM@lms.example\n",
    }
    (lea,), problems = read(folder(tmp_path / "r", tables))
    assert problems == []
    assert (lea.logins, lea.emails) == (("lea.m",), ("lea@c.example", "LM@lms.example"))


class TestChangesOnly:
    DELTA = "propertyName,value\nfile.users,delta\nfile.roles,delta\nfile.orgs,absent\n"

    def apply(self, store: MemoryStore, sealer: TestSealer, path: Path) -> importing.ImportPlan:
        roster = open_roster([path])
        return importing.apply(
            roster.persons, store, sealer, "s", complete=roster.complete, accept_shrink=True
        )

    def test_a_change_of_name_changes_neither_kind_nor_school_nor_class(self, tmp_path):
        store, sealer = MemoryStore(), TestSealer()
        self.apply(store, sealer, folder(tmp_path / "full", FULL))
        before = {subject.source_key: subject for subject in store.subjects()}
        delta = {
            "manifest.csv": self.DELTA,
            "users.csv": USERS + "u1,,Léa,Durand,,,\nu2,,Paul,Durand,,,\n",
        }
        plan = self.apply(store, sealer, folder(tmp_path / "delta", delta))
        assert (plan.adds, plan.changes, plan.leavers, plan.unchanged) == (0, 1, 0, 1)
        for subject in store.subjects():
            old = before[subject.source_key]
            assert (subject.kind, subject.schools, subject.classes, subject.active) == (
                old.kind, old.schools, old.classes, old.active,
            )  # fmt: skip

    def test_a_marked_leaver_leaves_and_a_newcomer_comes(self, tmp_path):
        store, sealer = MemoryStore(), TestSealer()
        self.apply(store, sealer, folder(tmp_path / "full", FULL))
        delta = {
            "manifest.csv": self.DELTA,
            "users.csv": USERS + "u2,tobedeleted,Paul,Durand,,,\nu9,active,Lou,Roy,,,\n",
            "roles.csv": "sourcedId,status,userSourcedId,role\nr9,active,u9,teacher\n",
        }
        plan = self.apply(store, sealer, folder(tmp_path / "delta", delta))
        assert (plan.adds, plan.changes, plan.leavers) == (1, 0, 1)
        kinds = [subject.kind for subject in store.subjects() if subject.active]
        assert kinds.count(SubjectKind.STAFF) == 1


class TestManifest:
    @pytest.mark.parametrize("table", ["users", "roles", "orgs", "enrollments", "classes"])
    def test_a_table_that_is_announced_and_not_there_ends_the_import(self, tmp_path, table):
        tables = {name: text for name, text in FULL.items() if name != f"{table}.csv"}
        tables["manifest.csv"] = f"propertyName,value\nfile.users,bulk\nfile.{table},bulk\n"
        with pytest.raises(InputError, match=rf"announces {table}\.csv, which is not there"):
            read(folder(tmp_path / "r", tables))

    def test_a_table_that_is_there_and_said_to_be_absent_is_left_alone(self, tmp_path):
        tables = FULL | {
            "manifest.csv": "propertyName,value\nfile.users,bulk\nfile.demographics,absent\n",
            "demographics.csv": "not,a,table\nat,all\n",
        }
        people, problems = read(folder(tmp_path / "r", tables))
        assert (len(people), problems) == (3, [])

    @pytest.mark.parametrize("left_out", sorted(set(FULL) - {"users.csv"}))
    def test_only_users_must_be_there(self, tmp_path, left_out):
        tables = {n: t for n, t in FULL.items() if n not in (left_out, "manifest.csv")}
        people, problems = read(folder(tmp_path / "r", tables))
        assert (len(people), problems) == (3, [])


def test_days_in_three_writings_are_one_day(tmp_path):
    tables = FULL | {
        "demographics.csv": "sourcedId,dateLastModified,birthDate\nu1,1/05/2023,05/04/2013\n"
        "u2,2023-05-01T00:00:00Z,1980-04-25\nu3,,19800425\n"
    }
    people, problems = read(folder(tmp_path / "r", tables))
    assert problems == []
    assert [p.birth_date for p in people] == ["2013-04-05", "1980-04-25", "1980-04-25"]


def test_strangers_in_the_archive_are_left_alone(tmp_path):
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FULL.items():
            archive.writestr(name, text)
        for name in ("liesmich.pdf", "photo.jpg", "lineItems.csv", "results.csv"):
            archive.writestr(name, b"%PDF\x00\xff\xfe\n" * 10)
    people, problems = read(path)
    assert (len(people), problems) == (3, [])


def test_cells_that_spreadsheets_keep_text_with_are_unwrapped(tmp_path):
    users = "sourcedId,givenName,familyName,identifier\n" + 'u1,Léa,Martin,"=""00123"""\n'
    (lea, *_), _ = read(folder(tmp_path / "r", FULL | {"users.csv": users}))
    assert lea.student_number == "00123"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+HYPERLINK(1)", "@SUM(A1)"])
def test_formulas_are_no_names(tmp_path, cell):
    users = f'sourcedId,givenName,familyName\nu1,"{cell}",Martin\n'
    people, problems = read(folder(tmp_path / "r", FULL | {"users.csv": users}))
    assert people == []
    assert "users.csv:2:2: expected a name, found a formula" in problems[0]
    assert cell not in problems[0]


@pytest.mark.parametrize(
    ("cell", "logins", "number"),
    [
        ("{LDAP:zoe.l},{studentNumber:E1}", ("zoe.l",), "E1"),
        ("{LDAP: zoe.l }", ("zoe.l",), ""),
        ('[{""type"":""sisId"",""identifier"":""E1""},{""type"":""x"",""identifier"":""zoe.l""}]',
         ("zoe.l",), "E1"),
        ("zoe.l", ("zoe.l",), ""),
        ("zoe.l,zoe-2", ("zoe.l", "zoe-2"), ""),
        ("{LDAP:zoe@c.example}", (), ""),
        ("", (), ""),
    ],
)  # fmt: skip
def test_ids_in_other_systems_are_read_however_they_are_written(tmp_path, cell, logins, number):
    users = f'sourcedId,givenName,familyName,userIds\nu1,Zoé,Lefèvre,"{cell}"\n'
    (zoe,), problems = read(folder(tmp_path / "r", FULL | {"users.csv": users}))
    assert problems == []
    assert (zoe.logins, zoe.student_number) == (logins, number)
    assert zoe.emails == (("zoe@c.example",) if "@" in cell else ())
