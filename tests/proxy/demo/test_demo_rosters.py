"""The cast as files: what is read back is what was cast, and every reference resolves."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from proxy.demo.people import cast
from proxy.demo.rosters import Version, write_oneroster, write_simple_csv
from proxy.kinds import SubjectKind

PEOPLE = [*cast(300), *cast(60, school="0130001B", domain="college-demo.example")]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


@pytest.fixture(params=["1.1", "1.2"])
def version(request: pytest.FixtureRequest) -> Version:
    return request.param


@pytest.fixture
def tables(tmp_path: Path, version: Version) -> dict[str, list[dict[str, str]]]:
    write_oneroster(PEOPLE, tmp_path, version)
    return {file.stem: read(file) for file in tmp_path.glob("*.csv")}


def test_the_manifest_names_exactly_the_files_that_are_there(
    tables: dict[str, list[dict[str, str]]], version: Version
) -> None:
    manifest = {row["propertyName"]: row["value"] for row in tables["manifest"]}
    assert manifest["oneroster.version"] == version
    assert manifest["manifest.version"] == "1.0"
    bulk = {name[5:] for name, value in manifest.items() if value == "bulk"}
    assert bulk == set(tables) - {"manifest"}
    assert ("roles" in bulk) == (version == "1.2")


def test_users_are_the_cast(tables: dict[str, list[dict[str, str]]], version: Version) -> None:
    for row, person in zip(tables["users"], PEOPLE, strict=True):
        assert row["sourcedId"] == person.uuid
        assert row["givenName"] == person.given_name
        assert row["familyName"] == person.family_name
        assert row["identifier"] == person.national_id
        assert row["username"] == person.login
        assert row["email"] == person.email
        assert row["phone"] == person.phone
        assert person.student_number in row["userIds"]
        org = row["orgSourcedIds" if version == "1.1" else "primaryOrgSourcedId"]
        assert org == person.school


def test_every_reference_resolves(tables: dict[str, list[dict[str, str]]]) -> None:
    ids = {name: {row.get("sourcedId", "") for row in rows} for name, rows in tables.items()}
    for name, rows in tables.items():
        if name != "manifest":
            assert len(ids[name]) == len(rows), name
    assert {row["classSourcedId"] for row in tables["enrollments"]} == ids["classes"]
    assert {row["userSourcedId"] for row in tables["enrollments"]} < ids["users"]
    assert {row["schoolSourcedId"] for row in tables["classes"]} == ids["orgs"]
    assert {row["courseSourcedId"] for row in tables["classes"]} == ids["courses"]
    assert {row["termSourcedIds"] for row in tables["classes"]} == ids["academicSessions"]
    assert {row["sourcedId"] for row in tables["demographics"]} < ids["users"]
    agents = {a for row in tables["users"] for a in row["agentSourcedIds"].split(",") if a}
    assert agents == {p.uuid for p in PEOPLE if p.kind is SubjectKind.GUARDIAN}


def test_roles_follow_the_version(
    tables: dict[str, list[dict[str, str]]], version: Version
) -> None:
    rows = tables["users"] if version == "1.1" else tables["roles"]
    words = {SubjectKind.PUPIL: "student", SubjectKind.STAFF: "teacher"}
    expected = [words.get(person.kind, "guardian") for person in PEOPLE]
    assert [row["role"] for row in rows] == expected


def test_a_bulk_export_leaves_status_and_date_empty(
    tables: dict[str, list[dict[str, str]]],
) -> None:
    for name, rows in tables.items():
        assert all(not row.get("status") and not row.get("dateLastModified") for row in rows), name


def test_birth_dates_are_in_demographics(tables: dict[str, list[dict[str, str]]]) -> None:
    dates = {row["sourcedId"]: row["birthDate"] for row in tables["demographics"]}
    assert dates == {p.uuid: p.birth_date for p in PEOPLE if p.birth_date}


def test_the_simple_csv_reads_back_whole(tmp_path: Path) -> None:
    write_simple_csv(PEOPLE, tmp_path / "people.csv")
    first = (tmp_path / "people.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first == (
        "id,kind,given_name,family_name,email,login,national_id,student_number,phone,"
        "birth_date,school,class"
    )
    for row, person in zip(read(tmp_path / "people.csv"), PEOPLE, strict=True):
        assert (row["id"], row["kind"]) == (person.uuid, person.kind)
        assert (row["given_name"], row["family_name"]) == (person.given_name, person.family_name)
        assert (row["class"], row["school"]) == (person.class_name, person.school)
        assert (row["national_id"], row["birth_date"]) == (person.national_id, person.birth_date)
