"""Birth dates in prose: certain ones, in every way of writing them, and no other date."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.directory.birth_dates import dates, told_of
from proxy.directory.fold import fold
from proxy.directory.match import Match
from proxy.kinds import Kind
from proxy.pseudonyms import dates as written_dates
from proxy.pseudonyms.minimise import generalise
from proxy.runtime import Runtime
from tests.sim.school import School

BORN = date(2010, 3, 12)
WAYS = [
    "12/03/2010", "12-03-2010", "12.3.2010", "2010-03-12", "12 mars 2010", "12 MARS 2010",
    "12\xa0mars 2010", "12 March 2010", "12th of March, 2010", "March 12, 2010", "12 mar. 2010",
    "2010-03-12T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_date_is_found_however_it_is_written(way: str) -> None:
    text = f"Il est venu, {way}, hier"
    (found,) = dates(fold(text))
    assert found.day == BORN
    assert way.startswith(text[found.start : found.end])
    assert found.told < 0


@pytest.mark.parametrize(
    "text",
    ["2010-03-12T09:30:00Z", "1612/03/20101", "version 12.03.20101", "le 31/02/2010",
     "12 marsouins 2010", "v2010-03-12-4x", "12 mars 1802", "32 mars 2010"],
)  # fmt: skip
def test_what_is_no_day_of_birth_is_none(text: str) -> None:
    assert BORN not in [found.day for found in dates(fold(text))]


TOLD = [
    "né le {}", "née le {}", "NÉE LE {}", "né(e) le {}", "nés le {}", "née à Saint-Malo le {}",
    "né en Guadeloupe, le {}", "date de naissance : {}", "Naissance {}", "born on {}", "born {}",
    "date of birth: {}", "birthday: {}", "DDN {}", "ddn : {}", "ne le {}",
]  # fmt: skip


@pytest.mark.parametrize("way", ["12/03/2010", "12 mars 2010", "2010-03-12"])
@pytest.mark.parametrize("told", TOLD)
def test_the_words_before_say_what_a_date_is(told: str, way: str) -> None:
    text = f"Léa Martin, {told.format(way)}."
    (found,) = dates(fold(text))
    assert found.told >= 0
    assert list(told_of(text, [Match(0, 10, Kind.FULL_NAME, 1)])) == [BORN] or "ne le" in told


@pytest.mark.parametrize(
    "text",
    ["rendu le 12/03/2010", "L'année 2010-03-12", "réunion du 12 mars 2010",
     "il ne rend le 12/03/2010", "donnée le 12 mars 2010", "mise à jour le 12/03/2010"],
)  # fmt: skip
def test_other_words_say_nothing(text: str) -> None:
    assert all(found.told < 0 for found in dates(fold(text)))


@pytest.mark.parametrize(
    "between", [" : Simone Veil, ", ". Elle est ", " et Paul, ", " " + "x" * 80 + " ", "\n"]
)
def test_what_is_told_of_somebody_else_is_not_told_of_them(between: str) -> None:
    text = f"Léa Martin{between}née le 12 mars 2010"
    assert not list(told_of(text, [Match(0, 10, Kind.FULL_NAME, 1)]))


@pytest.mark.parametrize(
    ("text", "how", "expected"),
    [
        ("12 mars 2010", "year", "1er janvier 2010"),
        ("12 Mars 2010", "year", "1er Janvier 2010"),
        ("12 mars 2010", "month", "1er mars 2010"),
        ("2 févr. 2010", "month", "1er févr. 2010"),
        ("March 12, 2010", "year", "January 1, 2010"),
        ("12th of March, 2010", "year", "1st of January, 2010"),
        ("12\xa0août\u202f2010", "year", "1er\xa0janvier\u202f2010"),
        ("31 mois 2010", "year", ""),
    ],
)
def test_a_date_in_words_is_generalised_in_words(text: str, how: str, expected: str) -> None:
    assert generalise(text, how) == expected


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(WAYS))
def test_a_date_written_is_read_again(day: date, way: str) -> None:
    like = written_dates.read(way)
    assert like is not None
    assert like.day == BORN
    again = written_dates.read(written_dates.write(day, like))
    assert again is not None
    assert again.day == day or (day.day not in (1, 31) and like.form["d"] == "12")


def test_every_value_of_few_people_says_when_they_were_born(tmp_path: Path) -> None:
    with contextlib.closing(Runtime.open(School(tmp_path, 12).root)) as runtime:
        index = runtime.snapshot().index
        pointing = [ref for ref in index.references() if 0 < len(index.bearers(ref)) <= 8]
        assert pointing
        assert all(index.born({ref}) for ref in pointing)
