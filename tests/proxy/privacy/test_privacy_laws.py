"""Laws of the privacy filter: what goes, and that nothing else does."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from proxy.decisions import Headers
from proxy.engine.transport import for_service
from proxy.privacy import Plan, Rule
from proxy.privacy.answers import filter_answer
from proxy.privacy.requests import filter_request
from proxy.privacy.rules import ANSWER_FIELDS, KEPT_HINTS, REQUEST_FIELDS

HOST = "app.service.example"
SPOKEN_OF = {*REQUEST_FIELDS, *ANSWER_FIELDS}

token = st.text("abcXYZ-019", min_size=1, max_size=14).map(str.encode)
unnamed = token.filter(lambda n: n.lower() not in SPOKEN_OF and not n.lower().startswith(b"sec-"))
value = st.binary(max_size=24)
spoken = st.sampled_from(sorted(SPOKEN_OF)).flatmap(
    lambda name: st.sampled_from((name, name.upper(), name.title()))
)
rules = st.sets(st.sampled_from(list(Rule)))


def lists_of(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[Headers]:
    return st.lists(st.tuples(names, value), max_size=12).map(tuple)


def is_subsequence(part: Sequence[object], whole: Sequence[object]) -> bool:
    left = iter(whole)
    return all(item in left for item in part)


def request(plan: Plan, headers: Headers) -> tuple[Headers, dict[Rule, int]]:
    out, removed = filter_request(plan, headers, "GET", HOST, "/x")
    return out, dict(removed)


@given(rules, lists_of(unnamed))
def test_fields_that_no_rule_names_pass_in_order_case_and_number(on, headers) -> None:
    plan = Plan(on)
    out, removed = request(plan, headers)
    assert out is headers
    assert not removed
    assert filter_answer(plan, headers, HOST, lambda: True) == (headers, {})


@given(rules, lists_of(st.one_of(unnamed, spoken)))
def test_nothing_is_moved_renamed_or_added(on, headers) -> None:
    plan = Plan(on)
    out, removed = request(plan, headers)
    names = [name for name, _ in headers]
    assert is_subsequence([name for name, _ in out], names)
    answer, taken = filter_answer(plan, headers, HOST, lambda: True)
    assert is_subsequence([name for name, _ in answer], names)
    assert set(removed) <= plan.on
    assert set(taken) <= plan.on
    left = [f for f in headers if f[0].lower() not in SPOKEN_OF]
    assert is_subsequence(left, out)
    assert is_subsequence(left, answer)


@given(lists_of(st.one_of(unnamed, spoken)))
def test_a_service_with_every_rule_off_gets_every_field_as_it_came(headers) -> None:
    plan = Plan(())
    assert request(plan, headers) == (headers, {})
    assert filter_answer(plan, headers, HOST, lambda: True) == (headers, {})


@given(lists_of(st.one_of(unnamed, spoken)))
def test_filtering_twice_is_filtering_once(headers) -> None:
    once, _ = request(Plan(), headers)
    assert request(Plan(), once) == (once, {})
    answer, _ = filter_answer(Plan(), headers, HOST, lambda: True)
    assert filter_answer(Plan(), answer, HOST, lambda: True) == (answer, {})


@given(st.text("abcdefgh-", min_size=1, max_size=20).map(lambda end: b"Sec-CH-" + end.encode()))
def test_a_hint_that_nobody_knows_yet_is_one_of_high_entropy(name) -> None:
    out, removed = request(Plan(), ((name, b"x"),))
    assert (name.lower() in KEPT_HINTS) == ((name, b"x") in out)
    assert bool(removed) == (name.lower() not in KEPT_HINTS)


@given(lists_of(st.one_of(unnamed, st.sampled_from((b"sec-gpc", b"Sec-GPC")))), st.booleans())
def test_the_signal_is_sent_once_and_last_or_is_the_clients_own(headers, signal) -> None:
    out = for_service(headers, signal)
    theirs = [field for field in out if field[0].lower() == b"sec-gpc"]
    if signal:
        assert theirs == [(b"Sec-GPC", b"1")]
        assert out[-1] == theirs[0]
    else:
        assert theirs == [field for field in headers if field[0].lower() == b"sec-gpc"]


@given(lists_of(st.one_of(unnamed, spoken)))
def test_hits_count_what_went_or_was_shortened(headers) -> None:
    out, removed = request(Plan(), headers)
    assert sum(removed.values()) == len(headers) - len(out) + removed.get(Rule.REFERER, 0)
