"""The cast: always the same, unlike anybody, and full of the names that break naive matching."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.demo.names import FAMILY_NAMES, GIVEN_NAMES, TRAPS
from proxy.demo.people import (
    CLASS_SIZE,
    KEY_LETTERS,
    LEVELS,
    PHONE_BLOCKS,
    SCHOOL_YEAR,
    ascii_part,
    cast,
)
from proxy.kinds import SubjectKind

PEOPLE = cast(2000)
PUPILS = [person for person in PEOPLE if person.kind is SubjectKind.PUPIL]


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 3))
def test_a_longer_cast_starts_with_the_shorter_one(short: int, more: int, seed: int) -> None:
    assert cast(short + more, seed)[:short] == cast(short, seed)


def test_another_seed_or_school_gives_other_people() -> None:
    assert cast(20, seed=8) != cast(20)
    other = cast(300, school="0130001B")
    assert not {p.uuid for p in other} & {p.uuid for p in PEOPLE}
    assert not {p.national_id for p in other if p.national_id} & {p.national_id for p in PUPILS}


@pytest.mark.parametrize("field", ["email", "login", "phone", "uuid"])
def test_what_points_at_one_person_is_unique(field: str) -> None:
    values = [getattr(person, field) for person in PEOPLE]
    assert all(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("field", ["national_id", "student_number"])
def test_pupils_have_identifiers_of_their_own(field: str) -> None:
    values = [getattr(person, field) for person in PUPILS]
    assert all(values)
    assert len(set(values)) == len(values)
    assert not any(getattr(p, field) for p in PEOPLE if p.kind is not SubjectKind.PUPIL)


def test_the_mix_is_that_of_a_school() -> None:
    counts = Counter(person.kind for person in PEOPLE)
    assert counts == {
        SubjectKind.PUPIL: 1700,
        SubjectKind.STAFF: 100,
        SubjectKind.GUARDIAN: 200,
    }


def test_phones_lie_in_the_fiction_blocks_only() -> None:
    assert PHONE_BLOCKS == ("063998", "019900", "026191", "035301", "046571", "053649")
    for person in PEOPLE:
        assert len(person.phone) == 10
        assert person.phone.startswith(PHONE_BLOCKS)
        assert int(person.phone[6:]) < 5000


def test_national_ids_have_a_valid_shape_and_an_impossible_year() -> None:
    old = [p.national_id for p in PUPILS if p.national_id[:10].isdigit()]
    new = [p.national_id for p in PUPILS if not p.national_id[:10].isdigit()]
    assert len(old) == len(PUPILS) // 10
    for value in old:
        assert re.fullmatch(r"90\d{8}[A-Z]", value)
        assert value[-1] == KEY_LETTERS[int(value[:10]) % 23]
    for value in new:
        assert re.fullmatch(r"90\d{7}[A-HJ-NP-Z]{2}", value)


def test_the_check_letter_is_the_published_one() -> None:
    # The same key as that of school codes; 0951099D is a published example.
    assert KEY_LETTERS[951_099 % 23] == "D"


def test_emails_are_plain_ascii_at_a_domain_nobody_has() -> None:
    for person in PEOPLE:
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+(\.\d+)?@lycee-demo\.example", person.email)
        assert re.fullmatch(r"[a-z]+\d*", person.login)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("d'Orvilliers", "dorvilliers"),
        ("de La Tourvelle", "de-la-tourvelle"),
        ("Łukasz", "lukasz"),
        ("Şimşek", "simsek"),
        ("Kılıç", "kilic"),
        ("Lebœuf", "leboeuf"),
        ("Croÿ", "croy"),
        ("Þórsson", "thorsson"),
        ("Đặng", "dang"),
        ("Ødegård", "odegard"),
    ],
)
def test_ascii_parts(name: str, expected: str) -> None:
    assert ascii_part(name) == expected


def test_no_name_loses_a_letter_on_its_way_to_ascii() -> None:
    for name in (*GIVEN_NAMES, *FAMILY_NAMES, *(part for trap in TRAPS for part in trap)):
        letters = sum(char.isalpha() for char in name)
        assert sum(char.isalpha() for char in ascii_part(name)) >= letters, name
        assert ascii_part(name).isascii()


def test_every_trap_is_in_a_cast_of_a_hundred_and_two() -> None:
    names = {(p.given_name, p.family_name) for p in cast(102)}
    assert set(TRAPS) <= names


def test_there_are_homonyms() -> None:
    names = Counter(p.full_name for p in PEOPLE)
    sharing = sum(count for count in names.values() if count > 1)
    assert 0.10 < sharing / len(PEOPLE) < 0.40  # 21 % in a real academy


def test_classes_have_one_size_and_one_age() -> None:
    sizes = Counter(person.class_name for person in PUPILS)
    assert sorted(sizes.values())[1:] == [CLASS_SIZE] * (len(sizes) - 1)
    ages = {level: age for level, age, _ in LEVELS}
    for person in PUPILS:
        level = next(level for level in ages if person.class_name.startswith(level))
        assert SCHOOL_YEAR - int(person.birth_date[:4]) == ages[level]


def test_pupils_stand_on_both_sides_of_every_legal_age() -> None:
    ages = {SCHOOL_YEAR - int(person.birth_date[:4]) for person in PUPILS}
    assert min(ages) < 13 <= 15 <= max(ages)
    assert SCHOOL_YEAR + 1 - 18 in {int(person.birth_date[:4]) for person in PUPILS}


def test_a_guardian_has_a_ward_of_the_same_family() -> None:
    by_uuid = {person.uuid: person for person in PUPILS}
    guardians = [person for person in PEOPLE if person.kind is SubjectKind.GUARDIAN]
    assert all(by_uuid[g.ward].family_name == g.family_name for g in guardians)
