"""The catalogue lets nothing in that it does not name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit._fields import Choice, Counts, Field, Hex, Number, Word
from proxy.audit.events import (
    FIELDS,
    TYPES,
    EventError,
    fit,
    make_event,
    rfc3339,
    serialise,
)
from proxy.audit.schema import rendered
from proxy.kinds import Kind
from proxy.policy.model import Action
from proxy.reasons import Reason

SAMPLES = {
    "gateway": "gw1",
    "client": "0123456789abcdef",
    "school": "0750001A",
    "host": "classroom.googleapis.com",
    "endpoint": "/v1/courses/{courseId}/…",
    "rule": "services/google-classroom.yaml:12",
    "incident": "7f3a-91c2",
    "root": "ab" * 32,
    "public_key": "ab" * 32,
    "expired_digest": "ab" * 32,
    "manifest": "ab" * 32,
    "digest": "0123456789abcdef",
    "policy": "0123456789abcdef",
    "operator": "0123456789abcdef",
    "month": "2026-11",
    "witness": "witness.example/rectorat",
    "counts": {Kind.EMAIL: 2, "full_name": 1},
}


def sample(name: str) -> object:
    if name in SAMPLES:
        return SAMPLES[name]
    field: Field = FIELDS[name]
    if isinstance(field, Choice):
        return sorted(field.known)[0]
    if isinstance(field, Number):
        return 7
    if isinstance(field, Counts):
        return dict.fromkeys(sorted(field.keys)[:2], 2)
    return "word"


@pytest.mark.parametrize("name", TYPES)
def test_every_type_can_be_made_and_needs_what_it_requires(name: str) -> None:
    kind = TYPES[name]
    every = {field: sample(field) for field in f"{kind.required} {kind.optional}".split()}
    line = serialise(make_event(name, at=0.25, **every))
    parsed = json.loads(line)
    assert parsed["time"] == "1970-01-01T00:00:00.250Z"
    assert list(parsed) == sorted(parsed)
    assert b"\n" not in line
    for missing in kind.required.split():
        with pytest.raises(EventError, match=missing):
            make_event(name, **{key: value for key, value in every.items() if key != missing})


def test_enumerations_are_accepted_as_themselves() -> None:
    event = make_event("request-refused", reason=Reason.NO_SNI, incident="7f3a91c2", action="deny")
    assert json.loads(serialise(event))["reason"] == "no-sni"
    made = make_event(
        "answer-restored", service="x", policy="0" * 16, counts={}, action=Action.DROP
    )
    assert json.loads(serialise(made))["action"] == "drop"


@given(st.text(max_size=60).filter(lambda text: text not in TYPES))
def test_an_unknown_type_is_refused(name: str) -> None:
    with pytest.raises(EventError):
        make_event(name)


@given(st.sampled_from(sorted(TYPES)), st.text(min_size=1, max_size=20))
def test_an_unknown_field_is_refused_without_repeating_it(name: str, field: str) -> None:
    if field in FIELDS or field in ("type", "at"):
        return
    with pytest.raises(EventError) as caught:
        make_event(name, **{field: "x"})
    assert "no such field" in str(caught.value)


PERSONAL = [
    "Zoé Lemaire-Dubois",
    "zoe.lemaire@eleve.ac-example.fr",
    "+33 6 39 98 12 34",
    "/v1/users/zoe.lemaire@eleve.ac-example.fr",
    "/search?q=zoe",
    "Lemaire Zoé\n",
    "192.168.4.17:8080 ",
    "zoe%40example.org",
]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", PERSONAL)
def test_no_field_takes_a_name_an_address_or_a_query(field: str, value: str) -> None:
    assert not FIELDS[field].check(value)
    assert not FIELDS[field].check({value: 1})
    assert not FIELDS[field].check([value])


@given(st.sampled_from(sorted(FIELDS)), st.text())
def test_no_field_takes_spaces_or_control_characters_or_at_signs(field: str, text: str) -> None:
    if FIELDS[field].check(text):
        assert not set(text) & set(' \t\n\r\0@?%&"\\<>')
        assert text.replace("…", "").isascii()


@pytest.mark.parametrize("value", [True, 1.0, -1, 2**60, "7", None])
def test_a_number_is_a_whole_number_within_bounds(value: object) -> None:
    with pytest.raises(EventError, match="size"):
        make_event("log-opened", size=value)


@pytest.mark.parametrize("counts", [{"email": 0}, {"nickname": 1}, {"email": True}, [], None])
def test_counts_are_numbers_by_known_kind(counts: object) -> None:
    with pytest.raises(EventError, match="counts"):
        make_event("answer-restored", service="x", policy="0" * 16, counts=counts)


@given(st.sampled_from(sorted(FIELDS)), st.text())
def test_fit_makes_any_policy_text_fit(field: str, text: str) -> None:
    if isinstance(FIELDS[field], Word) and field not in ("incident", "witness", "month"):
        assert FIELDS[field].check(fit(field, text))


def test_fit_keeps_what_fits_and_slugs_the_rest() -> None:
    assert fit("supplier", "Éducation nationale (DNE)") == "education-nationale-dne"
    assert fit("rule", "listes/é.txt:4") == "listes/_.txt:4"
    assert fit("method", "PROPFIND") == "OTHER"
    assert fit("endpoint", "/v1/{id}") == "/v1/{id}"


def test_remembered_words_do_not_grow_without_bound() -> None:
    word = Word(r"[0-9]+", 10)
    assert all(word.check(str(number)) for number in range(10_000))
    assert len(word.known) <= 4096
    fleeting = Word(r"[0-9]+", 10, remember=False)
    assert fleeting.check("1")
    assert not fleeting.known


def test_hex_is_exact() -> None:
    assert Hex(4).check("00ff")
    assert not any(Hex(4).check(bad) for bad in ("0ff", "00FF", "00fg", "00ff0", 255))


@given(st.floats(0, 4e9))
def test_times_are_rfc3339_in_utc_with_milliseconds(seconds: float) -> None:
    from datetime import UTC, datetime

    shown = datetime.fromisoformat(rfc3339(seconds))
    assert shown.tzinfo == UTC
    assert 0 <= seconds - shown.timestamp() < 0.0011


def test_the_published_schema_is_what_the_catalogue_says() -> None:
    published = Path(__file__).parents[3] / "docs" / "audit-events.schema.json"
    assert published.read_text() == rendered(), (
        "run: python -m proxy.audit.schema > docs/audit-events.schema.json"
    )
