"""Laws of all national formats: who is written is read back, whole, in every encoding."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import french_writers as write
import pytest
from french_people import Being, guardians, pupils, staff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.directory import importing
from proxy.directory.importers import open_roster
from proxy.directory.importers.problems import Problems
from proxy.directory.patterns import phone_digits
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import Kind, SubjectKind

CHILDREN = list(pupils(60))
PARENTS = list(guardians(CHILDREN))
TEACHERS = list(staff(12))
EVERYBODY = (CHILDREN, PARENTS, TEACHERS)


def read(*paths: Path, format_name: str = "") -> tuple[str, list[Person], Problems]:
    roster = open_roster(paths, format_name)
    try:
        return roster.format, list(roster.persons()), roster.problems
    finally:
        roster.close()


def siecle(folder: Path, encoding: str, old: bool = False) -> list[Path]:
    files = {
        "ElevesSansAdresses.xml": write.siecle_pupils(CHILDREN, old=old),
        "ResponsablesAvecAdresses.xml": write.siecle_guardians(PARENTS, old=old),
        "Structures.xml": "<BEE_STRUCTURES><DONNEES/></BEE_STRUCTURES>",
    }
    return [write.write_xml(folder / name, text, encoding) for name, text in files.items()]


def sts(folder: Path, encoding: str) -> list[Path]:
    name = f"sts_emp_{write.UAI}_2026.xml"
    return [write.write_xml(folder / name, write.sts(TEACHERS), encoding)]


def aaf(folder: Path, encoding: str, first_degree: bool = False) -> list[Path]:
    people = (CHILDREN, PARENTS, TEACHERS)
    return [write.aaf_folder(folder, *people, encoding=encoding, first_degree=first_degree)]


def onde(folder: Path, encoding: str, dialect: int = 2018) -> list[Path]:
    files = {
        "CSVExtraction-eleves.csv": write.onde_pupils(CHILDREN, dialect=dialect),
        "CSVExtraction-responsables.csv": write.onde_guardians(PARENTS, CHILDREN, dialect=dialect),
        "CSVExtraction-enseignants.csv": write.onde_staff(TEACHERS, quoted=dialect != 2018),
    }
    folder = folder / f"ecole-{write.UAI}"
    folder.mkdir()
    return [write.write_csv(folder / name, text, encoding) for name, text in files.items()]


def ent(folder: Path, encoding: str) -> list[Path]:
    files = {
        "CSV_Eleves.csv": write.ent_pupils(CHILDREN),
        "CSV_Parents.csv": write.ent_guardians(PARENTS, CHILDREN),
        "CSV_Enseignants.csv": write.ent_staff(TEACHERS),
    }
    return [write.write_csv(folder / name, text, encoding) for name, text in files.items()]


FORMATS: dict[str, tuple[str, Callable[..., list[Path]], dict[str, object]]] = {
    "siecle": ("siecle", siecle, {}),
    "siecle-old": ("siecle", siecle, {"old": True}),
    "sts": ("sts", sts, {}),
    "aaf": ("aaf", aaf, {}),
    "aaf-1d": ("aaf", aaf, {"first_degree": True}),
    "onde": ("onde", onde, {}),
    "onde-2013": ("onde", onde, {"dialect": 2013}),
    "ent": ("ent-csv", ent, {}),
}
ENCODINGS = ("utf-8", "utf-8-sig", "iso-8859-15", "cp1252", "utf-16")


def given_names(one: Being, further: bool) -> Iterator[str]:
    yield one.given
    if further:
        for count in range(1, len(one.further) + 1):
            yield " ".join((one.given, *one.further[:count]))


def expected(one: Being, kind: SubjectKind, case: str) -> set[tuple[Kind, str]]:
    """What this format says of this person."""
    has_further = case.startswith(("siecle", "aaf")) and kind is SubjectKind.PUPIL
    has_usual = case != "ent"
    families = {one.family, one.usual} - {""} if has_usual else {one.family}
    givens = set(given_names(one, has_further))
    found = {(Kind.GIVEN_NAME, given) for given in givens}
    found |= {(Kind.FAMILY_NAME, family) for family in families}
    found |= {(Kind.FULL_NAME, f"{g}\x1f{f}") for g in givens for f in families}
    is_pupil = kind is SubjectKind.PUPIL
    if is_pupil and case not in ("onde-2013", "ent"):
        found.add((Kind.NATIONAL_ID, one.ine))
    if kind is not SubjectKind.GUARDIAN and (is_pupil or not case.startswith("onde")):
        found.add((Kind.BIRTH_DATE, one.iso_date()))
    if one.email and case != "sts" and not (is_pupil and case.startswith(("onde", "ent"))):
        found.add((Kind.EMAIL, one.email))
    if not is_pupil or case.startswith(("siecle", "aaf")):
        phones = one.phones[:1] if case == "ent" else one.phones
        found |= {(Kind.PHONE, phone_digits(phone)) for phone in phones}
    return found


def comparable(person: Person) -> set[tuple[Kind, str]]:
    return {
        (kind, phone_digits(text) if kind is Kind.PHONE else text) for kind, text in person.values()
    }


KINDS = (SubjectKind.PUPIL, SubjectKind.GUARDIAN, SubjectKind.STAFF)


def by_name(people: list[Person]) -> dict[tuple[SubjectKind, str, str], Person]:
    return {(one.kind, one.given_name, one.family_name): one for one in people}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("case", FORMATS)
def test_everybody_written_is_read_with_every_identifier(tmp_path, case, encoding):
    name, writer, options = FORMATS[case]
    found, people, problems = read(*writer(tmp_path, encoding, **options))
    assert (found, problems.lines, problems.notes) == (name, [], [])
    known = by_name(people)
    counted = 0
    for kind, beings in zip(KINDS, EVERYBODY, strict=True):
        if (case == "sts") != (kind is SubjectKind.STAFF) and case in (
            "sts",
            "siecle",
            "siecle-old",
        ):
            continue
        for one in beings:
            counted += 1
            person = known[kind, one.given, one.family]
            assert expected(one, kind, case) <= comparable(person), one
            if kind is SubjectKind.PUPIL:
                assert person.classes == one.classes
            if case != "ent":
                assert person.schools == (write.UAI,)
    assert len(people) == counted


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "ISO-8859-15"),
        ("iso-8859-15", "UTF-8"),
        ("iso-8859-15", "ISO-8859-1"),
        ("cp1252", "ISO-8859-1"),
        ("cp1252", "UTF-8"),
    ],
)
def test_a_wrong_declaration_of_the_encoding_does_not_spoil_a_name(tmp_path, encoding, declared):
    text = write.siecle_pupils(CHILDREN)
    _, people, problems = read(write.write_xml(tmp_path / "e.xml", text, encoding, declared))
    assert {p.family_name for p in people} == {one.family for one in CHILDREN}
    assert problems.lines == []


@pytest.mark.parametrize("case", FORMATS)
def test_an_archive_and_a_folder_of_archives_read_like_the_files(tmp_path, case):
    _, writer, options = FORMATS[case]
    files = writer(tmp_path, "utf-8", **options)
    files = sorted(files[0].iterdir()) if files[0].is_dir() else files
    plain = read(*files)[1]
    folder = tmp_path / f"zips-{write.UAI}"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / f"all-{write.UAI}.zip", "w", zipfile.ZIP_DEFLATED) as one:
        for path in files:
            one.write(path, path.name)
            with zipfile.ZipFile(folder / f"{path.stem}.zip", "w") as each:
                each.write(path, path.name)
    if case == "ent":  # whose school is told by the path alone
        plain = [replace(person, schools=(write.UAI,)) for person in plain]
    assert read(tmp_path / f"all-{write.UAI}.zip")[1] == plain
    assert read(folder)[1] == plain


@pytest.mark.parametrize("case", FORMATS)
def test_the_same_roster_twice_changes_nothing(tmp_path, case, store, sealer):
    _, writer, options = FORMATS[case]
    roster = open_roster(writer(tmp_path, "utf-8", **options))
    importing.apply(roster.persons, store, sealer, "s")
    assert importing.apply(roster.persons, store, sealer, "s").is_empty


def next_year(one: Being) -> Being:
    """Everything that changes in a year."""
    return replace(
        one,
        classes=("9Z",),
        phones=("0639980101",),
        email=f"nouveau{one.number}@exemple.fr",
    )


@pytest.mark.parametrize("case", FORMATS)
def test_next_years_roster_keeps_every_reference(tmp_path, case, store, sealer, monkeypatch):
    _, writer, options = FORMATS[case]
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir(), second.mkdir()
    importing.apply(open_roster(writer(first, "utf-8", **options)).persons, store, sealer, "s")
    before = {s.source_key: s.ref for s in store.subjects()}
    for name, beings in zip(("CHILDREN", "PARENTS", "TEACHERS"), EVERYBODY, strict=True):
        monkeypatch.setitem(globals(), name, [next_year(one) for one in reversed(beings)])
    plan = importing.apply(
        open_roster(writer(second, "cp1252", **options)).persons, store, sealer, "s"
    )
    assert {s.source_key: s.ref for s in store.subjects()} == before
    assert (plan.adds, plan.leavers) == (0, 0)
    assert plan.changes > 0


def test_files_of_two_formats_are_not_read_in_silence(tmp_path):
    files = [*siecle(tmp_path, "utf-8"), *sts(tmp_path, "utf-8"), *ent(tmp_path, "utf-8")]
    format_name, people, problems = read(*files)
    assert format_name == "siecle"
    assert {person.kind for person in people} == {SubjectKind.PUPIL, SubjectKind.GUARDIAN}
    assert len(problems.notes) == 4
    assert all("import it on its own" in note for note in problems.notes)


@pytest.mark.parametrize("name", ["siecle", "sts", "aaf", "onde", "ent-csv"])
@pytest.mark.parametrize("content", ["id,kind\n1,pupil\n", "<a/>", "", "\0\1\2"])
def test_a_format_that_is_named_wrongly_is_an_input_error(tmp_path, name, content):
    (tmp_path / "x.csv").write_text(content)
    (tmp_path / "x.xml").write_text(content)
    with pytest.raises(InputError, match=r"docs/rosters\.md"):
        read(tmp_path, format_name=name)


NAMES = st.text(
    st.sampled_from("aàâäbcçdeéèêëfghiîïjklmnoôöœpqrstuùûüvwxyÿzæñøß'- ABCÉÈŒÇ"),
    min_size=1,
    max_size=20,
).filter(lambda text: text.strip(" '-") != "" and text == " ".join(text.split()))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_name=NAMES, family=NAMES, usual=NAMES, case=st.sampled_from(sorted(FORMATS)))
def test_any_french_name_comes_through_every_format(tmp_path, given_name, family, usual, case):
    """Each writer escapes its own way; nothing of a name may be lost on it."""
    folder = Path(str(tmp_path)) / "x"
    folder.mkdir(exist_ok=True)
    one = replace(CHILDREN[0], given=given_name, family=family, usual=usual, further=())
    for path in folder.iterdir():
        path.unlink()
    if case.startswith("aaf"):
        text = write.aaf([write.aaf_pupil(one, first_degree=case == "aaf-1d")])
    elif case == "sts":
        text = write.sts([one])
    elif case.startswith("siecle"):
        text = write.siecle_pupils([one], old=case == "siecle-old")
    else:
        writer = write.ent_pupils if case == "ent" else write.onde_pupils
        write.write_csv(folder / "eleves.csv", writer([one]), "utf-8")
        text = ""
    if text:
        write.write_xml(folder / "a.xml", text, "utf-8")
    _, people, problems = read(*folder.iterdir())
    assert problems.lines == []
    (person,) = people
    assert (Kind.FULL_NAME, f"{given_name}\x1f{family}") in set(person.values())
    if case != "ent":
        assert (Kind.FULL_NAME, f"{given_name}\x1f{usual}") in set(person.values())
