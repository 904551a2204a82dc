"""The automaton of field rules decides as the text of ``automaton.py`` says, for every path."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.kinds import Kind
from proxy.policy.automaton import PathRule, TooComplex, build_automaton
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState, RuleRef
from proxy.policy.paths import ANY, ANY_DEPTH, parse_path


def rule(path: str, number: int = 0, *, endpoint: bool = False) -> PathRule:
    reference = RuleRef("f.yaml", number, path)
    return PathRule(parse_path(path), FieldRule(Kind.EMAIL, Action.DROP, reference), endpoint)


def walk(state: FieldState, path: Sequence[str]) -> FieldState:
    for step in path:
        state = state.step(step)
    return state


def decides(rules: Sequence[PathRule], path: Sequence[str], *, fold: bool = False) -> str | None:
    found = walk(build_automaton(rules, ignore_case=fold).start, path).rule
    return found.ref.text if found else None


# The reference: the four sentences of automaton.py's docstring, taken literally, slowly.


def matches(steps: Sequence[str], path: Sequence[str], begins_before: int) -> bool:
    """Whether ``steps`` name ``path``; a leading ``**`` must end before ``begins_before``."""
    if steps and steps[0] == ANY_DEPTH:
        ends = range(min(len(path) + 1, begins_before))
        return any(fits(steps[1:], path[end:]) for end in ends)
    return fits(steps, path)


def fits(steps: Sequence[str], path: Sequence[str]) -> bool:
    if not steps:
        return not path
    if steps[0] == ANY_DEPTH:
        return any(fits(steps[1:], path[end:]) for end in range(len(path) + 1))
    if not path:
        return False
    here = steps[0] == ANY or steps[0] == ("[]" if path[0] == ELEMENT else "=" + path[0])
    return here and fits(steps[1:], path[1:])


def reference(rules: Sequence[PathRule], path: Sequence[str]) -> str | None:
    first = len(path) + 1  # the depth of the first value on the way that any rule names
    for depth in range(len(path) + 1):
        if any(matches(r.steps, path[:depth], depth + 1) for r in rules):
            first = depth
            break
    order = sorted(range(len(rules)), key=lambda index: (rules[index].rank, index))
    for index in order:
        if matches(rules[index].steps, path, first):
            return rules[index].rule.ref.text
    for index in order:
        if any(matches(rules[index].steps, path[:d], first) for d in range(len(path))):
            return rules[index].rule.ref.text
    return None


STEPS = st.sampled_from(["a", "b", "c", "*", "**", "[]"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    text = ""
    for step in draw(st.lists(STEPS, min_size=1, max_size=5)):
        text += step if step == "[]" or not text else f".{step}"
    return text if set(text) - set("*.") else f"{text}.a"


RULES = st.lists(st.tuples(paths(), st.booleans()), min_size=1, max_size=6)
DOCUMENT = st.lists(st.sampled_from(["a", "b", "c", "other", ELEMENT]), max_size=7)


@settings(max_examples=400)
@given(RULES, DOCUMENT)
def test_the_automaton_decides_as_the_reference_on_every_path(
    written: list[tuple[str, bool]], path: list[str]
) -> None:
    rules = [rule(text, i, endpoint=own) for i, (text, own) in enumerate(written)]
    assert decides(rules, path) == reference(rules, path)


@given(RULES, DOCUMENT, DOCUMENT)
def test_below_a_dead_state_nothing_ever_decides(
    written: list[tuple[str, bool]], path: list[str], below: list[str]
) -> None:
    state = walk(build_automaton([rule(t, endpoint=e) for t, e in written]).start, path)
    if state.dead:
        assert walk(state, below).rule is None


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        (["students[].profile.name"], "students [] profile name", "students[].profile.name"),
        (["students[].profile.name"], "students profile name", None),
        (["**.mail"], "mail", "**.mail"),
        (["**.mail"], "a [] b mail", "**.mail"),
        (["*.mail", "a.mail"], "a mail", "a.mail"),
        (["**.mail", "**.user.mail"], "x user mail", "**.user.mail"),
        (["address"], "address city", "address"),
        (["address", "**.city"], "address city", "address"),
        (["address", "address.city"], "address city", "address.city"),
        (["address", "address.**.zip"], "address x zip", "address.**.zip"),
        (["phones"], "phones []", "phones"),
        (['"a.b".c'], "a.b c", '"a.b".c'),
    ],
)
def test_what_the_documentation_promises(rules: list[str], path: str, expected: str | None) -> None:
    assert decides([rule(text) for text in rules], path.split()) == expected


def test_an_endpoints_rule_beats_the_services() -> None:
    rules = [rule("a.b"), rule("**.b", endpoint=True)]
    assert decides(rules, ["a", "b"]) == "**.b"


def test_letter_case_may_be_ignored() -> None:
    assert decides([rule("**.givenName")], ["USER", "GIVENNAME"], fold=True) == "**.givenName"
    assert decides([rule("**.givenName")], ["USER", "GIVENNAME"]) is None


def test_shadowed_rules_and_ties_are_noticed() -> None:
    different = rule("a")._replace(rule=FieldRule(Kind.PHONE, Action.DROP, RuleRef("f", 9, "")))
    automaton = build_automaton([rule("a"), different, rule("b")])
    assert automaton.winners == {0, 2}
    assert automaton.ties == {(0, 1)}
    assert build_automaton([rule("a"), rule("a")]).ties == frozenset()


def test_n_rules_at_any_depth_give_few_states_fast() -> None:
    automaton = build_automaton([rule(f"**.key{number}") for number in range(300)])
    assert automaton.states == 601


def test_rules_that_need_too_many_states_are_refused_and_do_not_hang() -> None:
    paths_that_explode = [f"**.a{'.*' * 16}.x{number}" for number in range(2)]
    with pytest.raises(TooComplex, match=r"use fewer"):
        build_automaton([rule(text) for text in paths_that_explode])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "at its end: expected a name"),
        ("a.", "at its end: expected a name"),
        ("a..b", "at character 3"),
        ("a[x].b", "at character 2: expected '.', '[]', '[0]' or the end"),
        ("a b", "at character 2"),
        ("**", "'**' alone names everything"),
        ('"[]"', "a member cannot be called"),
        (".".join("a" * 41), "expected at most 40"),
    ],
)
def test_a_path_that_cannot_be_read_says_where(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        parse_path(text)
