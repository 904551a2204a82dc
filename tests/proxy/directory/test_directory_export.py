"""Rosters out: the same pseudonyms as on the wire, nothing real, and the way back."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.cli import main
from proxy.demo.people import cast
from proxy.demo.rosters import write_oneroster
from proxy.directory.exporters import FORMATS
from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.keyfiles import initialise
from proxy.runtime import Runtime
from proxy.site import load_site

PEOPLE = cast(120)
EXPORTED = [person for person in PEOPLE if person.kind is not SubjectKind.GUARDIAN]
SERVICE = "google-classroom"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("export") / "site"
    assert main(["init", str(root)]) == 0
    keys = load_site(root).keys_dir
    if not keys.exists():
        initialise(keys)
    roster = root.parent / "roster"
    roster.mkdir()
    write_oneroster(PEOPLE, roster, "1.2")
    assert main(["directory", "import", str(roster), "--site", str(root)]) == 0
    return root


@pytest.fixture
def export(site, tmp_path, capsys):
    def run(*arguments: str, service: str = SERVICE, code: int = 0) -> Path:
        path = tmp_path / "out"
        capsys.readouterr()
        words = ["roster", "export", "--service", service, "--output", str(path), *arguments]
        assert main([*words, "--site", str(site), "--json"]) == code
        captured = capsys.readouterr()
        run.report = json.loads(captured.out or captured.err)
        return path

    return run


@pytest.fixture(scope="module")
def runtime(site) -> Iterator[Runtime]:
    opened = Runtime.open(site)
    yield opened
    opened.close()


def contents(path: Path) -> str:
    """Everything in a file, archives opened."""
    if not zipfile.is_zipfile(path):
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def restored(runtime: Runtime, text: str, service: str = SERVICE) -> str:
    pseudonymiser = runtime.snapshot().pseudonymiser(service)
    for edit in reversed(pseudonymiser.restore_edits(text)):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def imported(path: Path) -> list[Person]:
    roster = open_roster([path])
    people = list(roster.persons())
    assert roster.problems.shown() == ()
    assert roster.problems.notes == []
    return people


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_real_identifier_is_in_the_file(export, name):
    # Random letters spell a short login at times.
    text = re.sub(r"zq[a-z0-9]{26,30}", " ", contents(export("--format", name)).lower())
    for person in PEOPLE:
        for value in (
            person.email, person.login, person.phone, person.uuid, person.national_id,
            person.student_number, person.full_name, person.birth_date,
        ):  # fmt: skip
            assert not value or value.lower() not in text
    names = {n.lower() for p in PEOPLE for n in (p.given_name, p.family_name) if len(n) > 2}
    found = set(re.findall(r"[^\W\d_]+(?:[-' ][^\W\d_]+)*", text))
    assert not names & found


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_export_import_elsewhere_restore_gives_the_people(export, runtime, name, tmp_path):
    path = export("--format", name)
    file = path.rename(path.with_suffix(FORMATS[name].SUFFIX))
    back = {}
    for person in imported(file):
        full = restored(runtime, f"{person.given_name}|{person.family_name}")
        (email,) = {restored(runtime, email) for email in person.emails}
        back[email if not email.startswith("zq") else full] = (person, full)
    assert len(back) == len(EXPORTED)
    for original in EXPORTED:
        full = f"{original.given_name}|{original.family_name}"
        person, seen = back[original.email.lower() or full]
        assert seen == full
        assert person.kind is original.kind
        if name != "scim":
            assert restored(runtime, person.student_number) == original.student_number.upper()
        if name in ("sds", "sds-v2", "oneroster", "scim"):
            assert [one for one in person.classes if one] == (
                [original.class_name] if original.class_name else []
            )


@pytest.mark.parametrize("name", ["oneroster", "sds-v2"])
def test_ids_that_are_uuids_restore_too(export, runtime, name):
    text = restored(runtime, contents(export("--format", name)))
    assert all(person.uuid in text for person in EXPORTED)


def test_pseudonyms_are_those_of_the_wire_in_the_shapes_of_the_services_fields(export, runtime):
    rows = list(csv.DictReader(io.StringIO(contents(export()))))
    by_email = {row["Email Address [Required]"]: row for row in rows}
    snapshot = runtime.snapshot()
    endpoint = snapshot.policy.services[SERVICE].endpoints.find("GET", "/v1/userProfiles/me")
    pseudonymiser = snapshot.pseudonymiser(SERVICE)

    def wire(kind: Kind, text: str, *path: str) -> str:
        state = endpoint.body
        for key in path:
            state = state.step(key)
        assert state.rule is not None
        return pseudonymiser.pseudonym(kind, text, state.rule.shape)

    for person in EXPORTED:
        if not person.email:
            continue
        row = by_email[wire(Kind.EMAIL, person.email.lower(), "emailAddress")]
        given = wire(Kind.GIVEN_NAME, person.given_name, "profile", "name", "givenName")
        assert row["First Name [Required]"] == given
        family = wire(Kind.FAMILY_NAME, person.family_name, "profile", "name", "familyName")
        assert row["Last Name [Required]"] == family


def test_two_services_share_no_pseudonym_and_one_keeps_its_own(export):
    def words(service: str) -> set[str]:
        text = contents(export("--format", "oneroster", service=service))
        return set(re.findall(r"(?i)zq[a-z0-9]{24,}", text))

    first, other = words(SERVICE), words("microsoft-graph")
    assert len(first) > 3 * len(EXPORTED)
    assert not first & other
    assert words(SERVICE) == first


def test_the_format_is_the_services_own_unless_it_is_named(export):
    export()
    assert export.report["format"] == "google-csv"
    export(service="microsoft-graph")
    assert export.report["format"] == "sds-v2"
    export(service="pronote", code=2)
    assert "--format" in export.report["message"]


class TestSelection:
    def test_by_class(self, export):
        wanted = EXPORTED[0].class_name or next(p.class_name for p in EXPORTED if p.class_name)
        members = [person for person in EXPORTED if person.class_name == wanted]
        export("--class", wanted)
        assert export.report["accounts"] == len(members)

    def test_by_school_and_kind(self, export):
        school = EXPORTED[0].school
        export("--school", school, "--kind", "staff")
        wanted = [p for p in EXPORTED if p.school == school and p.kind is SubjectKind.STAFF]
        assert export.report["accounts"] == len(wanted)

    def test_guardians_only_where_the_format_has_them(self, export):
        export("--format", "oneroster", "--kind", "guardian")
        assert export.report["accounts"] == len(PEOPLE) - len(EXPORTED)
        export("--format", "google-csv", "--kind", "guardian", code=2)

    def test_nobody_is_an_error_and_leaves_no_file(self, export):
        path = export("--class", "no such class", code=2)
        assert not path.exists()


class TestFile:
    def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(self, export):
        path = export()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [child.name for child in path.parent.iterdir()] == ["out"]

    def test_it_is_replaced_whole_or_not_at_all(self, export, monkeypatch, site):
        path = export()
        before = path.read_bytes()

        def broken(accounts, options, out):
            out.write(b"half")
            raise KeyboardInterrupt

        monkeypatch.setattr(FORMATS["google-csv"], "write", broken)
        words = ["roster", "export", "--service", SERVICE, "--output", str(path)]
        assert main([*words, "--site", str(site)]) == 130
        assert path.read_bytes() == before
        assert [child.name for child in path.parent.iterdir()] == ["out"]

    def test_what_cannot_be_recorded_is_not_written(self, site, tmp_path, monkeypatch, capsys):
        from proxy.audit import AuditLog
        from proxy.errors import AuditUnavailable

        def full(self, events, *more):
            raise AuditUnavailable("disk full")

        monkeypatch.setattr(AuditLog, "record_sync", full)
        path = tmp_path / "out"
        words = ["roster", "export", "--service", SERVICE, "--output", str(path)]
        assert main([*words, "--site", str(site)]) == 1
        assert not path.exists()

    def test_a_folder_that_is_not_there_is_an_input_error(self, site, tmp_path, capsys):
        words = ["roster", "export", "--service", SERVICE, "--output", str(tmp_path / "a" / "b")]
        assert main([*words, "--site", str(site)]) == 2
        assert "cannot be written" in capsys.readouterr().err

    def test_it_is_in_the_audit_log_in_figures(self, export, site, capsys):
        export()
        capsys.readouterr()
        assert main(["audit", "query", "--site", str(site), "--json"]) == 0
        line = capsys.readouterr().out
        assert "roster-exported" in line
        assert str(len(EXPORTED)) in line


def test_passwords_are_new_or_kept_as_asked(export):
    kept = list(csv.DictReader(io.StringIO(contents(export()))))
    assert {row["Password [Required]"] for row in kept} == {"****"}
    made = list(csv.DictReader(io.StringIO(contents(export("--new-passwords")))))
    passwords = {row["Password [Required]"] for row in made}
    assert len(passwords) == len(made)
    assert all(len(one) == 20 for one in passwords)


def test_scim_is_a_bulk_request_of_rfc_7644(export):
    document = json.loads(contents(export("--format", "scim")))
    assert document["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    ids = {one["bulkId"] for one in document["Operations"] if one["path"] == "/Users"}
    groups = [one["data"] for one in document["Operations"] if one["path"] == "/Groups"]
    members = {member["value"] for group in groups for member in group["members"]}
    assert members
    assert {member.removeprefix("bulkId:") for member in members} <= ids
    assert all(len(one["data"]["schemas"]) == 1 for one in document["Operations"])


class TestTitles:
    """Titles of schools and classes may hold names; a service sees none of them."""

    ROSTER = (
        "id,kind,given_name,family_name,email,school,class\n"
        "1,pupil,Zoé,Lefèvre,zoe@c.example,Collège Lou Roy,Groupe de Mme DURAND|6B|Rose\n"
        "2,pupil,Lou,Roy,lou@c.example,Collège Lou Roy,6B|Atelier de zoe@c.example\n"
        "3,staff,Anne,Durand,,Collège Lou Roy,Groupe de Mme DURAND|Chœur Le Gall\n"
        "4,pupil,Léo,Le Gall,,,Chœur Le Gall\n"
        "5,pupil,Rose,Morel,,,5A\n"
    )

    @pytest.fixture
    def site(self, tmp_path: Path) -> Path:
        root = tmp_path / "own" / "site"
        assert main(["init", str(root)]) == 0
        keys = load_site(root).keys_dir
        if not keys.exists():
            initialise(keys)
        roster = tmp_path / "own" / "r.csv"
        roster.write_text(self.ROSTER, encoding="utf-8")
        assert main(["directory", "import", str(roster), "--site", str(root)]) == 0
        return root

    @pytest.mark.parametrize("name", ["sds", "sds-v2", "oneroster", "scim"])
    def test_names_in_titles_are_pseudonyms_and_other_titles_stay(self, export, site, name):
        text = contents(export("--format", name))
        for word in ("durand", "zoe@", "lou roy", "le gall", "lefèvre"):
            assert word not in text.lower()
        kept = ["6B", "5A", "Groupe de Mme ", "Chœur ", "Rose"]  # nobody there is called Rose
        for title in kept if name == "scim" else [*kept, "Collège "]:  # SCIM knows no schools
            assert title in text
        opened = Runtime.open(site)
        try:
            back = restored(opened, text)
        finally:
            opened.close()
        for title in ("Groupe de Mme DURAND", "Chœur Le Gall"):
            assert title in back
        assert name == "scim" or "Collège Lou Roy" in back

    def test_two_schools_may_each_have_a_6b(self, export, tmp_path, site):
        roster = tmp_path / "more.csv"
        roster.write_text(self.ROSTER + "6,pupil,Ida,Sol,,Other,6B\n", encoding="utf-8")
        assert main(["directory", "import", str(roster), "--site", str(site)]) == 0
        with zipfile.ZipFile(export("--format", "sds-v2")) as archive:
            rows = archive.read("classes.csv").decode().splitlines()
        ids = [row.split(",")[0] for row in rows[1:] if ",6B," in row]
        assert len(ids) == len(set(ids)) == 2

    def test_only_the_class_asked_for_is_named(self, export):
        text = contents(export("--format", "sds-v2", "--class", "6B"))
        assert "6B" in text
        assert "Groupe" not in text

    def test_who_has_no_address_gets_one_that_restores_to_nobody(self, export, site):
        rows = list(csv.DictReader(io.StringIO(contents(export()))))
        addresses = [row["Email Address [Required]"] for row in rows]
        assert len(set(addresses)) == len(rows) == 5
        opened = Runtime.open(site)
        try:
            back = [restored(opened, address) for address in addresses]
        finally:
            opened.close()
        assert sorted(one for one in back if not one.startswith("zq")) == [
            "lou@c.example", "zoe@c.example",
        ]  # fmt: skip


def test_what_the_services_policy_drops_or_generalises_is_so_in_the_roster(export, site):
    path = site / "services" / f"{SERVICE}.yaml"
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(
            before.replace(
                '{at: "**.name.familyName", is: family_name}',
                '{at: "**.name.familyName", is: family_name, do: drop}\n'
                '  - {at: "**.name.givenName2", is: student_number, do: allow}\n'
                '  - {at: "**.born", is: birth_date, do: generalise, to: year}',
            ),
            encoding="utf-8",
        )
        text = contents(export("--format", "oneroster"))
    finally:
        path.write_text(before, encoding="utf-8")
    rows = list(
        csv.DictReader(io.StringIO(text[text.index("sourcedId,status,dateLastModified,enabl") :]))
    )
    users = rows[: len(EXPORTED)]
    assert {row["familyName"] for row in users} == {""}
    numbers = {row["identifier"] for row in users if row["identifier"]}
    assert all(number.startswith("zq") for number in numbers), "allow is no reason to name anybody"
    dates = set(re.findall(r"\d{4}-\d\d-\d\d", text[text.rindex("birthDate,sex") :]))
    assert dates
    assert {date[4:] for date in dates} <= {"-01-01", "-12-31"}
