"""JSON: field rules, escapes, numbers, and bytes that stay as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from content_toy import (
    ALLOW_RULE,
    DROP_RULE,
    ELEMENT,
    PROTECT,
    RULE,
    Toy,
    automaton,
    protect,
    restore,
    run,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content import json_fields
from proxy.content.data import BodyFields
from proxy.errors import Refused
from proxy.policy.model import FieldState
from proxy.reasons import Reason


def _with(body: str, *rules: Any, visitor: Toy = PROTECT) -> str:
    fields = BodyFields(automaton(*rules), {})
    return run(body.encode(), "application/json", fields=fields, visitor=visitor).body.decode()


def test_bytes_outside_edits_stay_as_they_were() -> None:
    body = (
        '{ "a":1.50,\t"b" : 1e5, "a":-0.0, "n":"Jean Dupont",\r\n "s":"\\/\\u0041 Léa Martin\\n"}'
    )
    sent = protect(body, "application/json").decode()
    assert sent == body.replace("Jean Dupont", "zq1bbbb").replace("Léa Martin", "zq1aaaa")


def test_a_field_rule_treats_values_nobody_knows() -> None:
    body = '{"users":[{"name":"Inconnu A","x":"Inconnu A"},{"name":"B \\"q\\" \\u00e9"}]}'
    sent = _with(body, (("users", ELEMENT, "name"), RULE))
    assert sent == '{"users":[{"name":"zq1field","x":"Inconnu A"},{"name":"zq1field"}]}'


def test_a_field_rule_sees_the_unescaped_value() -> None:
    visitor = Toy({"x": "y"})
    _with('{"name":"B \\"q\\" \\u00e9"}', (("name",), RULE), visitor=visitor)
    assert visitor.fields == ['B "q" é']


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"d":"2010-01-02"}', '{"d":""}'),
        ('{"d":20100102}', '{"d":null}'),
        ('{"d":true}', '{"d":null}'),
        ('{"d":null}', '{"d":null}'),
        ('{"d":{"d":1}}', '{"d":{"d":1}}'),
    ],
)
def test_dropped_values_keep_the_document_valid(body: str, expected: str) -> None:
    assert _with(body, (("d",), DROP_RULE)) == expected


def test_a_number_under_a_rule_becomes_a_string() -> None:
    assert _with('{"id": 123 }', (("id",), RULE)) == '{"id": "zq1field" }'


def test_a_number_found_in_the_open_becomes_a_string() -> None:
    visitor = Toy({"612345678": "zq1phone"})
    body = b'{"tel": 33612345678, "b": [612345678,1], "s": "x 612345678"}'
    sent = run(body, "application/json", visitor=visitor).body
    assert sent == b'{"tel": "33zq1phone", "b": ["zq1phone",1], "s": "x zq1phone"}'


def test_an_allowed_field_is_exempt_from_the_other_nets() -> None:
    sent = _with('{"a":"Jean Dupont","b":"Jean Dupont"}', (("a",), ALLOW_RULE))
    assert sent == '{"a":"Jean Dupont","b":"zq1bbbb"}'


@pytest.mark.parametrize(
    "body", ['{"v":"zq1"}', '{"v":"x\\tzq1"}', '["zq1"]', '"zq1"', '{"zq1":0}']
)
def test_replacements_are_escaped_for_a_json_string(body: str) -> None:
    nasty = 'a"b\\c\n</script>\u2028'
    visitor = Toy({"zq1": nasty})
    back = run(body.encode(), "application/json", visitor=visitor, answer=True).body
    assert json.loads(back) == json.loads(body.replace("zq1", json.dumps(nasty)[1:-1]))


def test_escapes_keep_the_style_of_the_document() -> None:
    assert restore('{"a":"zq1aaaa","b":"\\u00e9"}', "application/json") == (
        b'{"a":"L\\u00e9a Martin","b":"\\u00e9"}'
    )
    assert restore('{"a":"zq1aaaa","b":"é"}', "application/json").decode() == (
        '{"a":"Léa Martin","b":"é"}'
    )


@pytest.mark.parametrize("prefix", [")]}'\n", ")]}',\n", "for(;;);", "while(1);"])
def test_guard_prefixes_are_kept(prefix: str) -> None:
    assert protect(prefix + '{"a":"L\\u00e9a Martin"}') == (prefix + '{"a":"zq1aaaa"}').encode()


def test_what_the_strict_parser_refuses_is_still_json() -> None:
    body = '{"a": NaN, "b": 123456789012345678901234567890, "c": "\\ud83d L\\u00e9a Martin"}'
    assert b"zq1aaaa" in protect(body, "application/json")


def test_a_declared_json_that_is_a_form_or_markup_is_read_as_what_it_is() -> None:
    assert protect("a=Jean+Dupont&b=1", "application/json") == b"a=zq1bbbb&b=1"
    assert protect("<p>L&eacute;a Martin</p>", "application/json") == b"<p>zq1aaaa</p>"


def test_nesting_beyond_the_limit_is_refused_and_left_alone_in_answers() -> None:
    text = "Jean Dupont"
    for _ in range(12):
        text = json.dumps([text])
    with pytest.raises(Refused) as refused:
        run(text.encode(), "application/json")
    assert refused.value.reason is Reason.UNDECODABLE
    answer = text.replace("Jean Dupont", "x").encode()
    assert run(answer, "application/json", answer=True).body is answer


def test_a_hundred_brackets_deep_is_read() -> None:
    body = "[" * 100 + '"Jean Dupont"' + "]" * 100
    assert protect(body, "application/json") == body.replace("Jean Dupont", "zq1bbbb").encode()


_KEYS = st.sampled_from(["a", "b", "c", "é", 'q"', "a\\", "x y"])
_TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=20,
)
_PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "é", ELEMENT]), min_size=1, max_size=3).map(tuple),
    min_size=1,
    max_size=4,
)


@settings(max_examples=500, deadline=None)
def _by_value(text: str, state: FieldState, value: Any) -> list[Any] | None:
    met = json_fields._met(value, state)
    return None if met is None else json_fields._by_value(text, met, met)


@given(tree=_TREES, paths=_PATHS, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_both_ways_of_finding_fields_agree(
    tree: Any, paths: list[tuple[str, ...]], ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    state: FieldState = automaton(*((path, RULE) for path in paths))
    try:
        text.encode()
        parsed = json.loads(text)
    except UnicodeEncodeError:
        return
    quick = _by_value(text, state, parsed) if parsed is not None else None
    slow = [spot for spot in json_fields._by_tokens(text, state) if spot[2] != "null"]
    if quick is not None:
        assert sorted(spot[1:] for spot in quick) == [spot[1:] for spot in slow]


def test_the_quick_way_is_taken_for_ordinary_documents() -> None:
    text = '{"users":[{"name":"A","m":1},{"name":"B"}],"total":2}'
    state = automaton((("users", ELEMENT, "name"), RULE))
    assert _by_value(text, state, json.loads(text)) == json_fields._by_tokens(text, state)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"x","a":"y"}',
        '{"a":"x","b":{"a":"y"}}',
        '{"\\u0061":"x","b":{"a":"x"}}',
        '{"k\\"a":"x","\\u0061":"x"}',
    ],
)
def test_the_quick_way_gives_up_when_it_cannot_be_sure(text: str) -> None:
    state = automaton((("a",), RULE))
    assert _by_value(text, state, json.loads(text)) is None
