"""Names in braces with fixed text around them, from the template to what is sent."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.content.target import rewrite_target
from proxy.content.visitor import Drop, Edit, Thorough
from proxy.kinds import Kind
from proxy.policy.endpoints import EndpointTree
from proxy.policy.model import Action, Endpoint, FieldRule, RuleRef
from proxy.policy.templates import parse_match

RULE = FieldRule(Kind.EMAIL, Action.PSEUDONYMISE, RuleRef("services/x.yaml", 1, "x"))


class Seen(Thorough):
    """Remembers the values of fields; each becomes ``to``."""

    def __init__(self, to: str = "zq1") -> None:
        self.to = to
        self.values: list[str] = []

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        self.values.append(text)
        return self.to

    def text(self, text: str) -> list[Edit]:
        return []

    def typed(self) -> Seen:
        return self


def tree_of(*matches: str, ignore_case: bool = False) -> EndpointTree:
    tree = EndpointTree(Endpoint("/…"), ignore_case=ignore_case)
    for match in matches:
        template = parse_match(match)
        fields = dict.fromkeys(template.parameters.values(), RULE)
        parts = template.parts(ignore_case=ignore_case)
        endpoint = Endpoint(template.path, path_fields=fields, path_parts=parts)
        assert tree.add(template, endpoint) is None
    return tree


@pytest.mark.parametrize(
    ("match", "target", "value", "sent"),
    [
        ("/users('{id}')", "/users('a@b.example')", "a@b.example", "/users('zq1')"),
        ("/users('{id}')", "/users(%27a%40b.example%27)", "a@b.example", "/users(%27zq1%27)"),
        (
            "/users('{id}')/mail",
            "/users('Tom%20O''Brien')/mail",
            "Tom O'Brien",
            "/users('zq1')/mail",
        ),
        ("/users('{id}')", "/users('O%27%27Brien')", "O'Brien", "/users('zq1')"),
        ("/u/{id}.json", "/u/lea.martin.json", "lea.martin", "/u/zq1.json"),
        ("/u/{id}.json", "/u/lea%2Ejson", "lea", "/u/zq1%2Ejson"),
        ("/@{handle}", "/@lea;v=1?x=y", "lea", "/@zq1;v=1?x=y"),
        ("/@{handle}", "/%40lea", "lea", "/%40zq1"),
        ("/élève-{id}", "/%c3%A9l%C3%A8ve-lea", "lea", "/%c3%A9l%C3%A8ve-zq1"),
    ],
)
def test_the_value_alone_is_treated(match: str, target: str, value: str, sent: str) -> None:
    seen = Seen()
    endpoint = tree_of("GET " + match).find("GET", target.partition("?")[0])
    assert rewrite_target(target, endpoint, seen) == sent
    assert seen.values == [value]


@pytest.mark.parametrize("path", ["/users('a','b')", "/users('a'b')", "/users('')", "/users(a)"])
def test_other_text_around_it_is_another_request(path: str) -> None:
    assert tree_of("GET /users('{id}')").find("GET", path).template == "/…"


def test_more_fixed_text_comes_first_and_written_before_all() -> None:
    tree = tree_of("GET /{a}", "GET /@{b}", "GET /{c}.json", "GET /@me.json")
    found = [tree.find("GET", path).template for path in ("/@me.json", "/@x.json", "/@x", "/x")]
    assert found == ["/@me.json", "/{c}.json", "/@{b}", "/{a}"]


def test_the_search_goes_back_from_a_part_that_leads_nowhere() -> None:
    tree = tree_of("GET /{c}.json/x", "GET /{a}/y")
    assert tree.find("GET", "/lea.json/y").template == "/{a}/y"


def test_letter_case_of_the_fixed_text_may_be_ignored() -> None:
    tree = tree_of("GET /Users('{id}')", ignore_case=True)
    seen = Seen()
    endpoint = tree.find("GET", "/uSERS(%27Lea%27)")
    assert rewrite_target("/uSERS(%27Lea%27)", endpoint, seen) == "/uSERS(%27zq1%27)"
    assert seen.values == ["Lea"]


def test_the_same_part_twice_is_told() -> None:
    there = tree_of("GET /{a}.json").add(parse_match("GET /{b}.json"), Endpoint("second"))
    assert there is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [("GET /{a}{b}", "cannot be told"), ("GET /{a", "name in braces"), ("GET /{a};x", "matrix")],
)
def test_what_is_ambiguous_is_a_clear_mistake(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_match(text)


@given(st.text("aé'/%?#.@); ", min_size=1, max_size=8), st.text("a'é/;)", min_size=1, max_size=6))
def test_any_value_in_a_literal_is_read_and_written_exactly(value: str, to: str) -> None:
    tree = tree_of("GET /users('{id}')/x")

    def path(of: str) -> str:
        return "/users('" + quote(of.replace("'", "''"), safe="") + "')/x"

    seen, again = Seen(to), Seen()
    endpoint = tree.find("GET", path(value))
    sent = rewrite_target(path(value), endpoint, seen)
    assert seen.values == [value]
    rewrite_target(sent, tree.find("GET", sent), again)
    assert again.values == [to]


def several(match: str, *ruled: str) -> Endpoint:
    template = parse_match("GET " + match)
    tree = EndpointTree(Endpoint("/…"))
    rules = dict.fromkeys(ruled, RULE)
    parts = template.parts(ignore_case=False, rules=rules)
    tree.add(template, Endpoint(template.path, path_parts=parts))
    return tree.find("GET", "/" + match.strip("/"))


@pytest.mark.parametrize(
    ("match", "ruled", "target", "values", "sent"),
    [
        ("/{a}-{b}", "ab", "/lea-6A", ["lea", "6A"], "/zq1-zq1"),
        ("/{a}-{b}", "a", "/jean-pierre-6A", ["jean-pierre"], "/zq1-6A"),
        ("/{a}-{b}", "b", "/6A-jean-pierre", ["jean-pierre"], "/6A-zq1"),
        ("/{a}-{b}-{c}", "b", "/6A-jean-pierre-12", ["jean-pierre"], "/6A-zq1-12"),
        ("/{a}:{b}", "ab", "/l%C3%A9a%3a6A;v=1", ["léa", "6A"], "/zq1%3azq1;v=1"),
        ("/n(p='{a}',t={b})", "a", "/n(p='O''Brien',t=1)", ["O'Brien"], "/n(p='zq1',t=1)"),
        ("/{a}.{b}.json", "a", "/lea.m.6.json", ["lea.m"], "/zq1.6.json"),
    ],
)
def test_several_values_in_one_part_are_told_apart(
    match: str, ruled: str, target: str, values: list[str], sent: str
) -> None:
    seen = Seen()
    assert rewrite_target(target, several(match, *ruled), seen) == sent
    assert seen.values == values


@pytest.mark.parametrize("path", ["/lea", "/-6A", "/lea-", "/-", "/n(p='a'b',t=1)"])
def test_what_does_not_hold_all_values_is_another_request(path: str) -> None:
    tree = EndpointTree(Endpoint("/…"))
    for match in ("GET /{a}-{b}", "GET /n(p='{a}',t={b})"):
        template = parse_match(match)
        parts = template.parts(ignore_case=False, rules={"a": RULE})
        tree.add(template, Endpoint(template.path, path_parts=parts))
    assert tree.find("GET", path).template == "/…"


@given(st.lists(st.text("aé-'%", min_size=1, max_size=6), min_size=2, max_size=4))
def test_several_values_cover_the_whole_part_whatever_stands_there(values: list[str]) -> None:
    names = [f"p{at}" for at in range(len(values))]
    match = "/" + "-".join(f"{{{name}}}" for name in names)
    seen = Seen()
    target = "/" + "-".join(quote(value, safe="-") for value in values)
    if rewrite_target(target, several(match, *names), seen) != target:
        assert "-".join(seen.values) == "-".join(values)
