"""The quick look at a text: where it sees no sign of a net, that net catches nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content import signs as sign
from proxy.demo.people import cast
from proxy.demo.site import SCHOOL
from proxy.directory.index import Index
from proxy.directory.screen import Screen
from proxy.policy.model import Mentioned
from proxy.policy.telling import TellingNames, _read_words, member_patterns
from tests.proxy.directory.directory_people import index_of, person

_PEOPLE = cast(40, school=SCHOOL)


@pytest.fixture(scope="module")
def index() -> Index:
    return index_of(
        person(
            one.given_name,
            one.family_name,
            emails=(one.email,),
            logins=(one.login,),
            phones=(one.phone,),
            national_id=one.national_id,
            uuids=(one.uuid,),
            schools=(SCHOOL,),
        )
        for one in _PEOPLE
    )


_SAID = st.sampled_from(_PEOPLE).flatmap(
    lambda person: st.sampled_from(
        (
            person.full_name,
            person.given_name,
            person.family_name,
            person.family_name.upper(),
            person.email,
            person.login,
            person.phone,
            person.national_id,
            person.uuid,
            f"{person.given_name[0]}. {person.family_name}",
            f"{person.family_name} {person.given_name[0]}.",
            f"M.{person.family_name}",
            f"{person.given_name}\t{person.family_name}",
            person.full_name.replace("e", "e\u0301"),
            person.full_name.replace(" ", "\u202f").replace("-", "\u2010"),
            person.full_name[:2] + "\xad" + person.full_name[2:],
        )
    )
)
_AROUND = st.sampled_from(
    (" ", "\n", '"', ", ", "’", "…", "œ", "-", "_", "4", "M. ", "mme ", "🙂", "ł", "é", "d'", "")
)
_TEXT = st.lists(st.one_of(_SAID, _AROUND, st.text(max_size=5)), max_size=7).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=_TEXT, any_case=st.booleans())
def test_with_and_without_the_look_the_same_is_found(
    index: Index, text: str, any_case: bool
) -> None:
    quickly = index.find(text, any_case, SCHOOL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "signs", lambda *_: None)
        assert quickly == index.find(text, any_case, SCHOOL)


def test_nothing_is_proved_when_the_set_has_no_memory_left() -> None:
    """RE2 then finds nothing at all, and says so nowhere else."""
    words = [bytes([97 + n % 26, 97 + n // 26 % 26]) * 9 for n in range(600)]
    starved = Screen(words, b"[0-9]{9}", "name", "text")
    assert starved.signs("rien") == 0
    starved._bits = {index: bit for index, bit in starved._bits.items() if bit}
    starved._bits[0] = sign.NAMES
    assert starved.signs("rien") is None


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.sampled_from(sorted(_read_words().table)), min_size=1, max_size=2),
    around=st.sampled_from(("", "student", "parent2", "x-", "the_")),
    apart=st.sampled_from(("", "_", "-", ".", " ", "1")),
    upper=st.booleans(),
)
def test_a_name_that_tells_is_a_sign(
    words: list[str], around: str, apart: str, upper: bool
) -> None:
    name = apart.join([around, *words])
    name = name.upper() if upper else name
    told = TellingNames().of(name)
    found = Screen([], b"x", *member_patterns()).signs(f'{{"{name}" : 1}}') or 0
    if told.rule is not None or told.maybe:
        assert found & (sign.FIELDS | sign.TYPED)


def test_names_that_rules_mention_are_signs() -> None:
    screen = Screen([], b"x", *member_patterns())
    mentioned = Mentioned(frozenset({"Élève"}), frozenset({"écrit"}))
    assert screen.signs('{"Élève": 1}', mentioned) == sign.FIELDS
    assert screen.signs('{"écrit": 1}', mentioned) == sign.TYPED
    assert screen.signs('{"autre": 1}', mentioned) == 0
    assert screen.signs('{"autre": 1}', Mentioned(any=True)) is None
    assert screen.signs('{"autre": 1}', Mentioned(frozenset({"Łódź"}))) is None
