"""AAF's traps: numbered files, deltas, schools by number, links, repeated ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from french_people import guardians, pupils, staff
from french_writers import (
    UAI,
    aaf,
    aaf_folder,
    aaf_guardian,
    aaf_pupil,
    aaf_request,
    aaf_school,
    aaf_staff,
    write_xml,
)

from proxy.directory import importing
from proxy.directory.importers import open_roster
from proxy.directory.importers.compact import Marks, SeenIds
from proxy.directory.importers.problems import Problems
from proxy.directory.index import Index
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

CHILDREN = list(pupils(6))
PARENTS = list(guardians(CHILDREN))
TEACHERS = list(staff(2))
SCHOOL = [("ENTPersonStructRattach", ["52000"])]


def read(*paths: Path) -> tuple[list[Person], Problems]:
    roster = open_roster(paths)
    assert roster.format == "aaf"
    return list(roster.persons()), roster.problems


def file(folder: Path, name: str, *requests: str) -> Path:
    folder.mkdir(exist_ok=True)
    return write_xml(folder / f"{name}.xml", aaf(requests), "utf-8")


def test_school_numbers_become_uais_and_reach_the_guardians(tmp_path):
    people, problems = read(aaf_folder(tmp_path / "a", CHILDREN, PARENTS, TEACHERS))
    assert {person.schools for person in people} == {(UAI,)}
    assert len(people) == 11
    assert (problems.lines, problems.notes) == ([], [])


def test_a_guardian_has_the_schools_of_all_children(tmp_path):
    folder = tmp_path / "a"
    one, other = CHILDREN[:2]
    parent = replace(PARENTS[0], children=())
    file(folder, "ENT_Complet_Etabeducnat_0000", aaf_school(), aaf_school("7", "0211234B"))
    file(
        folder,
        "ENT_Complet_Eleve_0000",
        aaf_pupil(one, [parent.number]),
        aaf_pupil(other, [parent.number], school="7"),
    )
    file(folder, "ENT_Complet_PersRelEleve_0000", aaf_guardian(parent))
    people, _ = read(folder)
    assert people[-1].schools == (UAI, "0211234B")
    assert [person.classes for person in people[:2]] == [one.classes, other.classes]
    assert set(people[-1].classes) == {one.classes[0], other.classes[0]}


def test_ids_may_hold_the_sign_that_parts_values(tmp_path):
    """Some academies put their name before every id: ``AC-DEMO$52000``."""
    folder = tmp_path / "a"
    one = CHILDREN[0]
    file(folder, "ENT_Complet_EtabEducNat_0000", aaf_school("AC-DEMO$52000"))
    pupil = aaf_pupil(one, school="AC-DEMO$52000").replace(
        '<attr name="ENTElevePersRelEleve"><value/>',
        '<attr name="ENTElevePersRelEleve"><value>AC-DEMO$900000$1$1$1$1$0</value>',
    )
    file(folder, "ENT_Complet_Eleve_0000", pupil)
    parent = aaf_guardian(PARENTS[0]).replace("<id>900000", "<id>AC-DEMO$900000")
    file(folder, "ENT_Complet_PersRelEleve_0000", parent)
    people, problems = read(folder)
    assert [person.schools for person in people] == [(UAI,), (UAI,)]
    assert (people[0].classes, problems.notes) == (one.classes, [])


def test_files_are_ordered_by_content_when_their_names_say_nothing(tmp_path):
    folder = tmp_path / "a"
    file(folder, "a", aaf_guardian(PARENTS[0]))
    file(folder, "b", aaf_pupil(CHILDREN[0], [PARENTS[0].number]))
    file(folder, "c", aaf_school())
    people, _ = read(folder)
    assert {person.schools for person in people} == {(UAI,)}


def test_an_unknown_school_is_said_once_and_kept_as_it_is(tmp_path):
    path = file(tmp_path, "ENT_Complet_Eleve_0000", *(aaf_pupil(one) for one in CHILDREN))
    people, problems = read(path)
    assert {person.schools for person in people} == {("52000",)}
    assert len(problems.notes) == 1
    assert "ENTPersonStructRattach: a school without its UAI" in problems.notes[0]


def test_what_records_of_one_id_say_is_all_kept(tmp_path):
    one = CHILDREN[0]
    again = [replace(one, family=family) for family in ("Autrenom", "Troisnom")]
    path = file(tmp_path, "ENT_Complet_Eleve_0000", *map(aaf_pupil, (one, *again)))
    people, problems = read(path)
    assert [person.source_id for person in people] == [
        "eleve/1000", "eleve/1000/2", "eleve/1000/3",
    ]  # fmt: skip
    assert [person.family_name for person in people][1:] == ["Autrenom", "Troisnom"]
    assert sum("stood before" in note for note in problems.notes) == 2


def test_attribute_names_are_told_apart_without_case(tmp_path):
    text = aaf_pupil(CHILDREN[0]).replace("ENTEleveINE", "ENTEleveIne")
    people, _ = read(file(tmp_path, "ENT_Complet_Eleve_0000", text))
    assert people[0].national_id == CHILDREN[0].ine


def test_an_unknown_category_is_taken_as_staff_with_a_note(tmp_path):
    text = aaf_staff(TEACHERS[0]).replace("PersEducNat<", "PersExterne<")
    people, problems = read(file(tmp_path, "ENT_Complet_Autre_0000", text, aaf_school()))
    assert [person.kind for person in people] == [SubjectKind.STAFF]
    assert "an unknown category: taken as staff" in problems.notes[0]


def test_a_request_without_an_id_is_reported(tmp_path):
    text = aaf_pupil(replace(CHILDREN[0], further=())).replace("<id>1000</id>", "<id/>")
    bare = text.replace("<value>1000</value>", "<value/>")
    path = file(tmp_path, "ENT_Complet_Eleve_0000", bare, aaf_pupil(CHILDREN[1]))
    people, problems = read(path)
    assert [person.source_id for person in people] == ["eleve/1001"]
    assert "no identifier" in problems.lines[0]
    assert read(file(tmp_path, "ENT_Complet_Eleve_0000", text))[0][0].source_id == "eleve/1000"


class TestDelta:
    def imported(self, folder: Path, store, sealer) -> importing.ImportPlan:
        roster = open_roster([folder])
        plan = importing.apply(
            roster.persons, store, sealer, "aaf", complete=roster.complete, accept_shrink=True
        )
        assert roster.problems.lines == []
        return plan

    def test_a_delta_adds_changes_and_deletes_and_nobody_else_leaves(self, tmp_path, store, sealer):
        self.imported(aaf_folder(tmp_path / "a", CHILDREN, PARENTS, TEACHERS), store, sealer)
        before = {s.source_key: s for s in store.subjects()}
        folder = tmp_path / "d"
        newcomer = replace(CHILDREN[0], number=77, ine="123456789AB")
        file(folder, "ENT_Delta_20261001_EtabEducNat_0000", aaf_school())
        file(
            folder,
            "ENT_Delta_20261001_Eleve_0000",
            aaf_pupil(newcomer),
            aaf_request("modify", "Eleve", "1001", [("mail", ["neuf@exemple.fr"])]),
            aaf_request("modify", "Eleve", "1002", [("ENTEleveClasses", ["52000$3C"])]),
            aaf_request("delete", "Eleve", "1003"),
        )
        plan = self.imported(folder, store, sealer)
        assert (plan.adds, plan.changes, plan.leavers) == (1, 2, 1)
        after = {s.source_key: s for s in store.subjects()}
        assert {key: s.ref for key, s in after.items() if key in before} == {
            key: s.ref for key, s in before.items()
        }
        changed = [key for key in before if before[key] != after[key]]
        assert sorted(len(after[key].values) - len(before[key].values) for key in changed) == [
            0, 0, 1,
        ]  # fmt: skip
        assert all(after[key].schools == (UAI,) for key in changed)
        assert {after[key].classes for key in changed} >= {("3C",), CHILDREN[1].classes}

    @pytest.mark.parametrize(
        ("attribute", "form"), [("sn", "{given} Duval-Neuf"), ("givenName", "Duval-Neuf {family}")]
    )
    def test_a_changed_name_is_found_beside_the_half_that_did_not_change(
        self, tmp_path, store, sealer, attribute, form
    ):
        one = replace(CHILDREN[0], given="Clémence", family="Lebreton", further=())
        file(tmp_path, "ENT_Complet_Eleve_0000", aaf_pupil(one))
        self.imported(tmp_path / "ENT_Complet_Eleve_0000.xml", store, sealer)
        change = aaf_request("modify", "Eleve", "1000", [(attribute, ["Duval-Neuf"])])
        self.imported(file(tmp_path, "ENT_Delta_Eleve_0000", change), store, sealer)
        index = Index.build(store, sealer, ())
        for text in (form.format(given=one.given, family=one.family), "Clémence Lebreton"):
            assert [m.end - m.start for m in index.find(f"Bravo {text}.")] == [len(text)], text

    @pytest.mark.parametrize("name", ["ENT_Delta_1_Eleve_0000", "eleve_0000"])
    def test_a_delta_is_known_by_its_name_or_its_requests(self, tmp_path, name):
        path = file(tmp_path, name, aaf_request("delete", "Eleve", "1003"))
        assert not open_roster([path]).complete

    def test_a_complete_export_is_complete(self, tmp_path):
        assert open_roster([aaf_folder(tmp_path / "a", CHILDREN, PARENTS, TEACHERS)]).complete

    def test_a_change_in_a_complete_export_ends_the_import(self, tmp_path):
        path = file(tmp_path, "ENT_Complet_Eleve_0000", aaf_request("delete", "Eleve", "1003"))
        with pytest.raises(InputError, match="a change in what should be a complete export"):
            read(path)

    def test_a_delta_beside_a_complete_export_ends_the_import(self, tmp_path):
        folder = aaf_folder(tmp_path / "a", CHILDREN, PARENTS, TEACHERS)
        file(folder, "ENT_Delta_Eleve_0000", aaf_request("delete", "Eleve", "1003"))
        with pytest.raises(InputError, match="beside a complete export"):
            read(folder)

    def test_several_changes_of_one_person_add_up_in_the_order_of_the_files(self, tmp_path):
        folder = tmp_path / "d"
        first = aaf_request("modify", "Eleve", "1001", [("sn", ["Un"]), ("mail", ["u@exemple.fr"])])
        more = aaf_request("modify", "Eleve", "1001", [("ENTEleveClasses", ["52000$3C"])])
        last = aaf_request("modify", "Eleve", "1001", [("sn", ["Deux"])])
        gone = aaf_request("delete", "Eleve", "1002")
        file(folder, "ENT_Delta_20261002_Eleve_0000", last, gone)
        file(folder, "ENT_Delta_20261001_Eleve_0000", first, aaf_pupil(CHILDREN[2]), more)
        people, problems = read(folder)
        assert problems.lines == []
        (changed,) = (p for p in people if p.source_id == "eleve/1001")
        assert (changed.family_name, changed.other_family) == ("Deux", ("Un",))
        assert (changed.emails, changed.classes) == (("u@exemple.fr",), ("3C",))
        assert changed.partial
        assert [p.active for p in people if p.source_id == "eleve/1002"] == [False]
        assert len(people) == 2


class TestCompact:
    def test_every_id_is_new_once(self):
        seen, texts = SeenIds(), ["1", "8", "007", "7", "AC$7", "999999999999", "536870912", "é"]
        assert [seen.add(text) for text in texts] == [True] * len(texts)
        assert [seen.add(text) for text in texts] == [False] * len(texts)

    def test_marks_are_given_back_once_and_to_nobody_else(self):
        marks = Marks()
        for number in range(5000):
            for school in (number % 7, number % 11, number % 7):
                marks.add(str(number), f"S{school}")
        for number in range(5000):
            assert set(marks.of(str(number))) == {f"S{number % 7}", f"S{number % 11}"}
        assert marks.of("5001") == ()
        marks.add("5001", "S1")
        assert marks.of("5001") == ("S1",)
