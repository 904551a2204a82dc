"""LDAP from a real OpenLDAP server, and LDIF: schemas, encryption, limits, what must not leak."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from proxy.cli import main
from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind
from proxy.pseudonyms.keyfiles import initialise
from proxy.site import load_site
from tests.plugins.slapd_server import LIMITED, PASSWORD, READER, SUFFIX, SlapdServer

COUNT = 45
SCRIBE = "ou=utilisateurs,ou=0450000A,ou=ac-test,ou=education"
BRANCHES = ("education", "ac-test", "0450000A", "utilisateurs")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def tree() -> str:
    """An EOLE Scribe: pupils, teachers and guardians in branches of their own."""
    lines, parent = [], SUFFIX
    for name in BRANCHES:
        parent = f"ou={name},{parent}"
        lines.append(f"dn: {parent}\nobjectClass: organizationalUnit\nou: {name}\n")
    for name in ("eleves", "personnels", "responsables"):
        lines.append(f"dn: ou={name},{parent}\nobjectClass: organizationalUnit\nou: {name}\n")
    for number in range(COUNT):
        lines.append(
            f"dn: uid=zoe.lefevre{number},ou=eleves,{parent}\nobjectClass: inetOrgPerson\n"
            f"objectClass: ENTPerson\nobjectClass: ENTEleve\nobjectClass: Eleves\n"
            f"uid: zoe.lefevre{number}\ncn: Zoe {number}\nsn:: {b64('Lefèvre')}\n"
            f"givenName:: {b64('Zoé')}\nmail: zoe{number}@lycee.example\nDivcod: 6B\n"
            f"Ine: 2018A{number:05}B\nElenoet: 26{number:02}\ndateNaissance: 20130405\n"
            f"ENTPersonJointure: AC-TEST${number}\nENTEleveINE: 2018A{number:05}B\n"
            f"ENTEleveClasses: ENTStructureSIREN=123456789,ou=structures,{SUFFIX}$6B\n"
            f"ENTPersonDateNaissance: 05/04/2013\nENTPersonNomPatro: Duval\n"
            f"ENTPersonAutresPrenoms: Rose\nESCOUAICourant: 0450000A\n"
        )
    lines.append(
        f"dn: uid=paul.durand,ou=personnels,{parent}\nobjectClass: inetOrgPerson\n"
        f"objectClass: ENTPerson\nobjectClass: ENTAuxEnseignant\nuid: paul.durand\ncn: P\n"
        f"sn: Durand\ngivenName: Paul\nENTPersonProfils: National_ENS\nmobile: +33 6 39 98 00 01\n"
    )
    lines.append(
        f"dn: uid=ida.roy,ou=responsables,{parent}\nobjectClass: inetOrgPerson\n"
        f"objectClass: ENTPerson\nuid: ida.roy\ncn: Ida Roy\nsn: Roy\ngivenName: Ida\n"
    )
    lines.append(
        f"dn: uid=pc-salle1$,{parent}\nobjectClass: inetOrgPerson\nuid: pc-salle1$\ncn: x\nsn: x\n"
    )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlapdServer]:
    server = SlapdServer(tmp_path_factory.mktemp("slapd"))
    yield server.start(tree())
    server.stop()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlapdServer]:
    server = SlapdServer(tmp_path_factory.mktemp("stranger"), names=("elsewhere.example",))
    yield server.start("")
    server.stop()


def url(server: SlapdServer, way: str) -> str:
    if way == "ldaps":
        return f"ldaps://localhost:{server.tls_port}"
    return f"ldap://localhost:{server.port}"


def describe(folder: Path, server: SlapdServer, **more: str) -> Path:
    """A description; ``None`` in ``more`` leaves a line out."""
    folder.mkdir(exist_ok=True)
    (folder / "secret").write_text(f"{PASSWORD}\n")
    lines = {
        "roster": "ldap", "schema": "scribe", "url": f"ldap://localhost:{server.port}",
        "base": SUFFIX, "bind": READER, "password_file": "secret", "ca": str(server.ca),
        "page_size": "10",
    }  # fmt: skip
    path = folder / "ldap.yaml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in (lines | more).items() if v is not None))
    return path


def people(path: Path) -> tuple[list[Person], list[str]]:
    roster = open_roster([path])
    assert roster.format == "ldap"
    found = sorted(roster.persons(), key=lambda person: person.source_id)
    assert roster.problems.shown() == ()
    return found, roster.problems.notes


@pytest.mark.needs("slapd")
class TestServer:
    @pytest.mark.parametrize("way", ["starttls", "ldaps", "unencrypted"])
    def test_everybody_comes_page_by_page_beyond_the_limit_of_one_answer(
        self, tmp_path, slapd, way
    ):
        more = {
            "starttls": {},
            "ldaps": {"url": url(slapd, "ldaps")},
            "unencrypted": {"unencrypted": "yes", "ca": None},
        }[way]
        found, notes = people(describe(tmp_path, slapd, **more))
        kinds = [person.kind for person in found]
        assert kinds.count(SubjectKind.PUPIL) == COUNT
        assert (kinds.count(SubjectKind.STAFF), kinds.count(SubjectKind.GUARDIAN)) == (1, 1)
        assert len(found) == COUNT + 2  # no machine
        assert len(notes) == (way == "unencrypted")

    def test_scribe_is_read_to_the_attribute(self, tmp_path, slapd):
        found, _ = people(describe(tmp_path, slapd))
        zoe = next(person for person in found if person.source_id == "zoe.lefevre7")
        assert (zoe.given_name, zoe.family_name) == ("Zoé", "Lefèvre")
        assert (zoe.other_given, zoe.other_family) == (("Zoé Rose",), ("Duval",))
        assert (zoe.emails, zoe.logins) == (("zoe7@lycee.example",), ("zoe.lefevre7",))
        assert (zoe.national_id, zoe.student_number) == ("2018A00007B", "2607")
        assert (zoe.birth_date, zoe.schools, zoe.classes) == ("2013-04-05", ("0450000A",), ("6B",))
        paul = next(person for person in found if person.source_id == "paul.durand")
        assert paul.phones == ("+33 6 39 98 00 01",)

    def test_sdet_takes_the_join_key_as_id(self, tmp_path, slapd):
        more = {"schema": "sdet", "base": f"ou=eleves,{SCRIBE},{SUFFIX}"}
        found, _ = people(describe(tmp_path, slapd, **more))
        zoe = next(person for person in found if person.source_id == "AC-TEST$7")
        assert (zoe.birth_date, zoe.classes, zoe.schools) == ("2013-04-05", ("6B",), ("0450000A",))

    def test_branches_say_the_kind_and_attributes_can_be_mapped_anew(self, tmp_path, slapd):
        path = describe(tmp_path, slapd, base=None, schema="inetorgperson")
        with path.open("a") as stream:
            stream.write(
                f"branches:\n  - {{base: 'ou=eleves,{SCRIBE},{SUFFIX}', kind: guardian}}\n"
                f"attributes: {{class: Divcod, login: [uid, mail]}}\n"
            )
        found, _ = people(path)
        assert {person.kind for person in found} == {SubjectKind.GUARDIAN}
        assert (found[0].classes, found[0].emails) == (("6B",), ("zoe0@lycee.example",))

    def test_the_password_may_come_from_the_environment(self, tmp_path, slapd, monkeypatch):
        monkeypatch.setenv("PREAU_TEST_LDAP", PASSWORD)
        path = describe(tmp_path, slapd, password_file=None, password_env="PREAU_TEST_LDAP")
        assert len(people(path)[0]) == COUNT + 2

    def test_a_search_cut_short_by_the_server_imports_nobody(self, tmp_path, slapd):
        with pytest.raises(InputError, match=r"ended early .(?:size|admin)LimitExceeded"):
            list(open_roster([describe(tmp_path, slapd, bind=LIMITED)]).persons())

    @pytest.mark.parametrize("way", ["starttls", "ldaps"])
    def test_another_authority_is_refused(self, tmp_path, slapd, way):
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        path = describe(tmp_path, slapd, url=url(slapd, way), ca="other.pem")
        with pytest.raises(InputError, match="certificate is not good"):
            list(open_roster([path]).persons())

    @pytest.mark.parametrize("way", ["starttls", "ldaps"])
    def test_a_certificate_for_another_name_is_refused(self, tmp_path, stranger, way):
        path = describe(tmp_path, stranger, url=url(stranger, way))
        with pytest.raises(InputError, match="certificate is not good"):
            list(open_roster([path]).persons())

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"bind": f"cn=nobody,{SUFFIX}"}, "invalidCredentials"),
            ({"base": "o=nowhere,c=fr"}, "noSuchObject"),
            ({"url": "ldap://localhost:1"}, "no answer"),
            ({"filter": "((("}, "check 'filter'"),
            ({"ca": "absent.pem"}, "check 'ca'"),
            ({"password_file": "absent"}, "cannot be read as the file of the password"),
            ({"password_file": "ldap.yaml"}, "invalidCredentials"),
        ],
    )  # fmt: skip
    def test_what_goes_wrong_is_told_without_name_or_password(self, tmp_path, slapd, more, message):
        with pytest.raises(InputError, match=message) as caught:
            list(open_roster([describe(tmp_path, slapd, **more)]).persons())
        assert not any(word in str(caught.value) for word in (PASSWORD, "cn=", "zoe"))

    def test_the_command_imports_it_and_again_changes_nothing(self, tmp_path, slapd, capsys):
        root = tmp_path / "site"
        assert main(["init", str(root)]) == 0
        keys = load_site(root).keys_dir
        if not keys.exists():
            initialise(keys)
        path = describe(tmp_path / "d", slapd)
        for added, unchanged in ((COUNT + 2, 0), (0, COUNT + 2)):
            capsys.readouterr()
            words = ["directory", "import", str(path), "--site", str(root), "--json"]
            assert main(words) == 0
            report = json.loads(capsys.readouterr().out)
            assert (report["added"], report["unchanged"]) == (added, unchanged)

    def test_an_empty_password_is_not_taken_for_nobody(self, tmp_path, slapd):
        path = describe(tmp_path, slapd)
        (tmp_path / "secret").write_text("\n")
        with pytest.raises(InputError, match="holds no password"):
            list(open_roster([path]).persons())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("password: hunter2", "unknown key 'password', did you mean 'password_"),
        ("url: ldap://reader:hunter2@host", "without a name or a password"),
        ("url: https://host", "expected ldaps://host"),
        ("url: ldap://host:port", "expected ldaps://host"),
        ("schema: openldap", "unknown value 'openldap'"),
        ("attributes: {clas: x}", "clas"),
        ("page_size: many", "expected a whole number"),
    ],
)
def test_a_wrong_description_is_told_by_its_line(tmp_path, line, message):
    good = {
        "roster": "roster: ldap",
        "url": "url: ldap://h",
        "schema": "schema: sdet",
        "base": "base: o=x",
    }
    good[line.partition(":")[0]] = line
    (tmp_path / "d.yaml").write_text("\n".join(good.values()) + "\n")
    with pytest.raises(InputError) as caught:
        list(open_roster([tmp_path / "d.yaml"]).persons())
    told = str(caught.value) + "".join(caught.value.problems)
    assert message in told
    assert f"d.yaml:{list(good.values()).index(line) + 1}:" in told
    assert "hunter2" not in told


def test_a_description_inside_an_archive_is_not_followed(tmp_path):
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr(
            "d.yaml",
            "roster: ldap\nurl: ldap://127.0.0.1:1\nschema: sdet\nbase: o=x\nbind: cn=x\n"
            "password_file: ../../etc/passwd\n",
        )
    with pytest.raises(InputError, match="not read from an archive"):
        list(open_roster([tmp_path / "r.zip"]).persons())


class TestLdif:
    def read(self, path: Path, text: str, **more: str) -> tuple[list[Person], list[str], list[str]]:
        path.write_text(text, encoding="utf-8")
        paths = [path]
        if more:
            description = path.with_suffix(".yaml")
            description.write_text("".join(f"{key}: {value}\n" for key, value in more.items()))
            paths.append(description)
        roster = open_roster(paths)
        assert roster.format == "ldif"
        found = list(roster.persons())
        return found, list(roster.problems.shown()), roster.problems.notes

    def test_a_file_gives_the_same_people_as_the_server_that_wrote_it(self, tmp_path):
        found, problems, _ = self.read(tmp_path / "a.ldif", f"version: 1\n# remark\n\n{tree()}")
        assert (len(found), problems) == (COUNT + 2, [])
        assert found[7].classes == ("6B",)
        assert found[7].given_name == "Zoé"
        assert [person.kind for person in found[-2:]] == [SubjectKind.STAFF, SubjectKind.GUARDIAN]

    def test_folded_lines_options_photos_and_references_are_read_past(self, tmp_path):
        text = (
            "dn: uid=a,ou=people\nobjectClass: inetOrgPerson\nuid: a\nsn;lang-fr: Le\n  Gall\n"
            "givenName: J\n ean\njpegPhoto:: /9j/4AA=\nphoto:< file:///etc/passwd\n"
            "mail: A@B.example\n\n"
        )
        found, problems, notes = self.read(
            tmp_path / "a.ldif", text, roster="ldif", schema="inetorgperson"
        )
        assert [(p.given_name, p.family_name, p.emails) for p in found] == [
            ("Jean", "Le Gall", ("A@B.example",))
        ]
        assert (problems, len(notes)) == ([], 1)

    def test_active_directory_ids_are_guids(self, tmp_path):
        guid = base64.b64encode(bytes(range(16))).decode()
        text = (
            f"dn: CN=x,OU=Eleves\nobjectClass: user\nobjectGUID:: {guid}\nsAMAccountName: lroy\n"
            f"sn: Roy\ngivenName: Lou\nuserPrincipalName: lroy@lycee.example\n\n"
        )
        more = {"roster": "ldif", "schema": "active-directory"}
        (lou,), problems, _ = self.read(tmp_path / "a.ldif", text, **more)
        assert lou.uuids == ("03020100-0504-0706-0809-0a0b0c0d0e0f",) == (lou.source_id,)
        assert (lou.kind, lou.emails, lou.logins) == (
            SubjectKind.PUPIL, ("lroy@lycee.example",), ("lroy",),
        )  # fmt: skip
        assert problems == []

    def test_bad_entries_are_told_by_line_and_attribute_never_by_content(self, tmp_path):
        text = (
            "dn: uid=secret1,ou=eleves\nobjectClass: person\nuid: secret1\nsn: Secret\n"
            "mail: nope\n\ndn: cn=secret2,ou=eleves\nobjectClass: person\nsn: Secret\n\n"
            "dn: uid=secret3,ou=eleves\nobjectClass: person\nuid: secret1\nsn: Secret\n\n"
            "dn: uid=secret3,ou=eleves\nobjectClass: person\nuid: secret1\nsn: Secret\n\n"
        )
        found, problems, _ = self.read(tmp_path / "a.ldif", text)
        assert len(found) == 1
        places = [problem.removeprefix(str(tmp_path)).split(" ")[0] for problem in problems]
        assert places == ["/a.ldif:1:1:", "/a.ldif:7:1:", "/a.ldif:16:1:"]
        assert "mail" in problems[0]
        assert not any("ecret" in problem or "nope" in problem for problem in problems)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("dn: x\nchangetype: add\n\n", "file of changes"),
            ("dn: x\nno colon\n\n", "expected 'attribute: value'"),
            ("dn: x\nsn:: ===\n\n", "damaged base64"),
            ("dn: x\nsn: " + "a" * (2 << 20), "never ends"),
            ("dn: x\n" + " a\n" * 200_000, "never ends"),
        ],
    )
    def test_what_is_no_ldif_ends_the_import(self, tmp_path, text, message):
        with pytest.raises(InputError, match=message):
            self.read(tmp_path / "a.ldif", text)
