"""YAML with marks: places are right, traps are gone, bombs are refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from proxy.policy.document import MAX_VALUES, parse_document


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse_document(text.encode(), "f.yaml").problems]


def test_every_scalar_is_text_so_that_yaml_cannot_guess() -> None:
    document = parse_document(b"a: no\nb: 12:30\nc: 1.10\nd: '~'\ne: ~\nf:\ng: 007\n", "f.yaml")
    assert document.data == {
        "a": "no",
        "b": "12:30",
        "c": "1.10",
        "d": "~",
        "e": None,
        "f": None,
        "g": "007",
    }


def test_marks_say_where_keys_and_values_stand() -> None:
    document = parse_document(b"# one\na:\n  - b: x\n    c: [y, zz]\n", "f.yaml")
    assert document.key_mark(("a", 0, "c")) == (4, 5)
    assert document.mark(("a", 0, "c", 1)) == (4, 12)
    assert document.mark(("a", 0, "c", 9, "absent")) == (4, 8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key 'a' stands twice here (first at line 1)"),
        ("a: !!python/object:os.system x\n", "f.yaml:1:4: tags (!…) are not allowed"),
        ("a: !x {b: c}\n", "f.yaml:1:4: tags (!…) are not allowed"),
        ("a: *nothing\n", "f.yaml:1:4: the alias *nothing has no anchor above it"),
        ("a: &a [*a]\n", "f.yaml:1:8: the alias *a has no anchor above it"),
        ("? [a]\n: b\n", "f.yaml:1:3: a key must be plain text"),
        ("<<: x\n", "f.yaml:1:1: merge keys (<<) are not allowed"),
        ("a: b\n---\nc: d\n", "f.yaml:2:1: a second document starts here"),
        ("a: *.example.com\n", 'needs quotes: "*.example.com"'),
        ("a: [**.mail]\n", 'needs quotes: "*.example.com"'),
        ("@odata.id: x\n", 'needs quotes: "*.example.com"'),
        ("a: b: c\n", "f.yaml:1:5: not valid YAML: mapping values are not allowed"),
        ("[" * 100, "f.yaml:1:61: nested deeper than 60 levels"),
        ("a: \x00\n", "not valid YAML"),
    ],
)
def test_what_is_refused_is_refused_with_its_place(text: str, expected: str) -> None:
    assert expected in problems(text)[0]
    assert parse_document(text.encode(), "f.yaml").data is None


def test_text_that_is_not_utf8_is_refused_with_its_place() -> None:
    document = parse_document("a: b\nc: é\n".encode("latin-1"), "f.yaml")
    assert str(document.problems[0]).startswith("f.yaml:2:4: this byte is not UTF-8")


def test_a_file_that_is_too_large_is_refused() -> None:
    document = parse_document(b"# " + b"x" * 9 * 1024 * 1024, "f.yaml")
    assert "larger than" in str(document.problems[0])


def test_an_alias_bomb_is_refused_fast() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (problem,) = problems("\n".join(levels))
    assert f"more than {MAX_VALUES:,} values" in problem


def test_an_alias_stands_for_its_anchor() -> None:
    document = parse_document(b"a: &x {b: c}\nd: *x\n", "f.yaml")
    assert document.data == {"a": {"b": "c"}, "d": {"b": "c"}}
    assert document.mark(("d", "b")) == (2, 4)


TREES = st.recursive(
    st.text(
        st.characters(min_codepoint=0xA0, max_codepoint=0x2FF) | st.sampled_from("a b:#-'\"[]{}\n"),
        max_size=6,
    ),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text("abcdé '#:-", min_size=1, max_size=4), inside, max_size=3)
    ),
    max_leaves=12,
)


@given(TREES)
def test_what_a_dumper_wrote_is_read_back(tree: object) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True)
    document = parse_document(text.encode(), "f.yaml")
    assert document.problems == []
    assert document.data == tree


@given(st.binary(max_size=60) | st.text("a:-[]{}&*!#'\"\n |>?,%@`", max_size=40).map(str.encode))
def test_no_bytes_make_reading_raise(raw: bytes) -> None:
    document = parse_document(raw, "f.yaml")
    assert document.problems == [] or document.data is None
