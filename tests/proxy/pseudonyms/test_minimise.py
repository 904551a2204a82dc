"""Generalising keeps form and side of the age limits; what cannot be read is never sent."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.pseudonyms.minimise import AGE_LIMITS, GENERALISATIONS, generalise

dates = st.dates(date(1940, 1, 1), date(2030, 12, 31))


def age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@given(dates, dates, st.sampled_from(["year", "month"]))
def test_a_generalised_date_keeps_its_side_of_13_15_and_18(born, today, how) -> None:
    made = date.fromisoformat(generalise(born.isoformat(), how, today))
    assert made.year == born.year
    for limit in AGE_LIMITS:
        assert (age(made, today) >= limit) == (age(born, today) >= limit)


@given(st.integers(1940, 2030))
def test_without_a_day_the_year_gives_one_answer_only(year: int) -> None:
    made = {generalise(f"{year}-{month:02d}-15", "year") for month in range(1, 13)}
    assert made == {f"{year}-01-01"}


@pytest.mark.parametrize(
    ("text", "how", "expected"),
    [
        ("2011-03-14", "year", "2011-01-01"),
        ("2011-03-14", "month", "2011-03-01"),
        ("14/03/2011", "year", "01/01/2011"),
        ("14-3-2011", "month", "01-03-2011"),
        ("20110314", "year", "20110101"),
        ("2011-03-14T08:30:00.000+01:00", "year", "2011-01-01T00:00:00.000+00:00"),
        ("2011-03-14T08:30:00Z", "year", "2011-01-01T00:00:00Z"),
        ("2011", "year", "2011"),
        ("2011-03", "year", "2011"),
        ("2011-03", "month", "2011-03"),
        ("69003", "department", "69000"),
        ("97411 La Ville", "department", "97400"),
        ("20137", "department", "20000"),
        ("2A004", "department", "2A000"),
    ],
)
def test_generalised_texts(text: str, how: str, expected: str) -> None:
    assert generalise(text, how) == expected


@pytest.mark.parametrize("how", sorted(GENERALISATIONS))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Léa Martin",
        "14 marsouins 2011",
        "2011-02-30",
        "14/03/11",
        "6900",
        "0000-00-00",
        "9" * 5000,
    ],
)
def test_what_cannot_be_read_is_not_sent(how: str, text: str) -> None:
    assert generalise(text, how) == ""


@given(st.text(max_size=40), st.sampled_from(sorted(GENERALISATIONS)))
def test_no_text_breaks_it_and_none_comes_out_longer(text: str, how: str) -> None:
    assert len(generalise(text, how)) <= max(len(text), 10)


def test_an_unknown_generalisation_is_refused() -> None:
    with pytest.raises(InputError, match="no generalisation 'blur'"):
        generalise("x", "blur")
