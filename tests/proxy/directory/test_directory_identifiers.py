"""E-mail, login, numbers, phone and UUID in text; known ones and those a pattern gives away."""

from __future__ import annotations

import time
import uuid

import pytest
from directory_people import index_of, person
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxy.directory import patterns
from proxy.kinds import Kind

UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
INDEX = index_of(
    [
        person(
            "Léa",
            "Martin",
            emails=("lea.martin@lycee.example", "Lea_M@famille.example"),
            logins=("lea.martin", "lmartin12", "martinl"),
            national_id="123456789AB",
            student_number="E123456",
            phones=("06 39 98 12 34",),
            uuids=(UUID,),
        ),
        person("Théo", "d'Arc", logins=("t.d-arc", "theo_darc"), phones=("+44 20 7946 0958",)),
    ],
    ["lycee.example"],
)
KNOWN = [
    ("lea.martin@lycee.example", Kind.EMAIL),
    ("LEA.MARTIN@Lycee.Example", Kind.EMAIL),
    ("lea_m@famille.example", Kind.EMAIL),
    ("lea.martin", Kind.LOGIN),
    ("Lea.Martin", Kind.LOGIN),
    ("lmartin12", Kind.LOGIN),
    ("t.d-arc", Kind.LOGIN),
    ("theo_darc", Kind.LOGIN),
    ("123456789AB", Kind.NATIONAL_ID),
    ("123456789ab", Kind.NATIONAL_ID),
    ("123456789 AB", Kind.NATIONAL_ID),
    ("123 456 789 AB", Kind.NATIONAL_ID),
    ("lea.martin (at) lycee (dot) example", Kind.EMAIL),
    ("lea.martin[at]lycee[point]example", Kind.EMAIL),
    ("LEA.MARTIN (arobase) Lycee.Example", Kind.EMAIL),
    ("E123456", Kind.STUDENT_NUMBER),
    ("0639981234", Kind.PHONE),
    ("06 39 98 12 34", Kind.PHONE),
    ("06.39.98.12.34", Kind.PHONE),
    ("06/39/98/12/34", Kind.PHONE),
    ("06-39-98-12-34", Kind.PHONE),
    ("06\xa039\xa098\xa012\xa034", Kind.PHONE),
    ("0639 98 12 34", Kind.PHONE),
    ("+33639981234", Kind.PHONE),
    ("+33 6 39 98 12 34", Kind.PHONE),
    ("+33 (0)6 39 98 12 34", Kind.PHONE),
    ("0033 6 39 98 12 34", Kind.PHONE),
    ("+44 20 7946 0958", Kind.PHONE),
    ("+442079460958", Kind.PHONE),
    (UUID, Kind.UUID),
    (UUID.upper(), Kind.UUID),
    (UUID.replace("-", ""), Kind.UUID),
]
AROUND = [
    ("", ""),
    ("a ", " b"),
    ('{"x":"', '"}'),
    ("/", "/"),
    ("/", ".pdf"),
    ("<a>", "</a>"),
    ("é ", ", ł"),
    ("_", "_"),
    ("mailto:", "?subject=x"),
]


def found(text: str, index=INDEX) -> list[tuple[str, Kind, bool]]:
    return [(text[m.start : m.end], m.kind, m.ref != 0) for m in index.find(text)]


@pytest.mark.parametrize(
    ("typed", "kind", "around"),
    [
        (typed, kind, around)
        for typed, kind in KNOWN
        for around in AROUND
        if kind is not Kind.EMAIL or "_" not in around  # it belongs to an address
    ],
)
def test_known_identifiers_are_found_in_any_surroundings(typed, kind, around):
    text = around[0] + typed + around[1]
    assert found(text) == [(typed, kind, True)]


def test_a_bare_word_login_is_only_looked_up():
    assert found("le compte martinl est bloqué") == []
    assert INDEX.plain(INDEX.lookup(Kind.LOGIN, "MartinL")) == (Kind.LOGIN, "martinl")


@pytest.mark.parametrize(
    "text",
    ["91234567890", "E1234567", "xE123456", "1E123456", "lmartin123", "alea.martin", "lea.martini",
     "20639981234", "06399812345", f"a{UUID}", "lea.martin2", UUID[:-1] + "7"],
)  # fmt: skip
def test_near_misses_are_left_alone(text):
    assert [match for match in found(text) if match[2]] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INE 987 654 321 CD", "987 654 321 CD"),
        ("n° INE : 987654321 CD", "987654321 CD"),
        ("inconnu (at) lycee (dot) example", "inconnu (at) lycee (dot) example"),
        ("tél. 06/39/98/00/00, le 01/02/2010", "06/39/98/00/00"),
        ("réservation 987 654 321 CD", ""),
        ("rendez-vous (at) midi [dot] net", ""),
        ("01/02/2010/11/12", ""),
        ("note 10 (at) 12", ""),
    ],
)
def test_unknown_ones_written_out_count_where_they_are_certain(text, expected):
    assert [typed for typed, _, _ in found(text)] == ([expected] if expected else [])


class TestUnknownAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "inconnu@lycee.example",
            "inconnu@eleves.lycee.example",
            "lea.martin@ailleurs.example",
            "lea.martin+devoirs@ailleurs.example",
            "lea.martin7@ailleurs.example",
            "martin-lea@ailleurs.example",
            "lmartin12@ailleurs.example",
            "lea.martin+x@lycee.example",
        ],
    )
    def test_those_that_tell_a_person_are_matched_without_reference(self, address):
        assert found(f"écrire à {address}.") == [(address, Kind.EMAIL, False)]

    @pytest.mark.parametrize(
        "text",
        ["contact@musee.example", "x@notlycee.example", "a @ b", "@lycee.example", "lea@", "@",
         "zqaabcdefghijklmnopqrstuvwxyz23b@p.lycee.example"],
    )  # fmt: skip
    def test_others_are_left_alone(self, text):
        assert found(text) == []

    def test_an_address_glued_to_a_quote_or_word_is_found(self):
        assert found("'lea.martin@lycee.example'") == [
            ("lea.martin@lycee.example", Kind.EMAIL, True)
        ]
        assert found("tel-lea.martin@lycee.example")[0][0].endswith("lea.martin@lycee.example")


class TestPatterns:
    @pytest.mark.parametrize(
        ("typed", "kind"),
        [
            ("987654321ZX", Kind.NATIONAL_ID),
            ("0494004062M", Kind.NATIONAL_ID),
            ("2018A12345B", Kind.NATIONAL_ID),
            ("1 85 05 78 006 084 91", Kind.NATIONAL_ID),
            ("185057800608491", Kind.NATIONAL_ID),
            ("01 99 00 12 34", Kind.PHONE),
            ("0199001234", Kind.PHONE),
            ("+33 1 99 00 12 34", Kind.PHONE),
            ("+33199001234", Kind.PHONE),
        ],
    )
    def test_unknown_numbers_with_a_proven_form_have_no_reference(self, typed, kind):
        assert found(f"dossier {typed}, suite") == [(typed, kind, False)]

    @pytest.mark.parametrize(
        "text",
        ["0494004062N", "987654321zx", "185057800608492", "199001234", "01.02.2024 08:30",
         "2024-03-12T10:11:12.345Z", "1712345678901", "0199 001 2 34", "12345678901234567890",
         "01 02 2024 à 10 h"],
    )  # fmt: skip
    def test_what_only_looks_like_one_is_left_alone(self, text):
        assert found(text) == []

    @given(st.integers(0, 10**10 - 1))
    def test_a_bea_number_has_one_right_letter(self, number):
        right = [c for c in "ABCDEFGHJKLMNPRSTUVWXYZ" if patterns.is_ine(f"{number:010}{c}")]
        assert len(right) == 1

    @given(st.sampled_from("12"), st.integers(0, 99), st.integers(1, 12),
           st.sampled_from(["75", "2A", "2B", "01"]), st.integers(0, 10**6 - 1))  # fmt: skip
    def test_a_nir_has_one_right_key(self, sex, year, month, department, rest):
        stem = f"{sex}{year:02}{month:02}{department}{rest:06}"
        assert sum(patterns.is_nir(f"{stem}{key:02}") for key in range(100)) == 1


def test_the_longer_wins_and_a_partial_overlap_is_covered_whole():
    index = index_of([person("Léa", "Martin", logins=("martin.roy", "lea.martin"))])
    text = "Léa Martin.roy"
    assert found(text, index) == [("Léa Martin.roy", Kind.TEXT, False)]
    assert found("lea.martin@x.example", index) == [("lea.martin@x.example", Kind.EMAIL, False)]


def test_many_shapes_of_numbers_are_still_found():
    numbers = [uuid.UUID(int=n * 7919**9).hex[8:18] + "7" for n in range(1, 300)]
    index = index_of([person("A", "B", source_id=n, student_number=n) for n in numbers])
    for number in numbers[::10]:
        assert found(f'"{number}"', index) == [(number, Kind.STUDENT_NUMBER, True)]


@settings(max_examples=200, deadline=None)
@example("", ("+44 20 7946 0958", Kind.PHONE), "0 12")
@given(st.text(max_size=60), st.sampled_from(KNOWN), st.text(max_size=60))
def test_known_identifiers_survive_in_no_text(before, known, after):
    typed, _ = known
    text = f"{before} {typed} {after}"
    at = len(before) + 1
    covered = {i for m in INDEX.find(text) for i in range(m.start, m.end)}
    assert covered >= set(range(at, at + len(typed)))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="lea.martin@0123456789+-_ '(é\u0301\xa0", max_size=80))
def test_any_text_gives_sorted_matches_that_lie_apart(text):
    last = 0
    for match in INDEX.find(text):
        assert last <= match.start < match.end <= len(text)
        last = match.end


@pytest.mark.slow
def test_hostile_texts_take_time_in_proportion_to_their_length():
    """Ten times the text, at most some twenty times the time: no shape makes a step quadratic."""
    for unit in (
        "a@",
        "a.",
        "a-",
        "1",
        "0 ",
        "06 12 34 56 78 ",
        "é-",
        "lea.martin@",
        "Léa-Martin ",
    ):
        short, long = (_seconds(unit * (size // len(unit))) for size in (20_000, 200_000))
        assert long < 25 * short + 0.05, unit


def _seconds(text: str) -> float:
    started = time.process_time()
    INDEX.find(text)
    return time.process_time() - started
