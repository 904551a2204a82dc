"""What fields accept: the shape is chosen at load, or the file's line is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.kinds import Kind
from proxy.policy.accepts import TRAITS
from proxy.policy.policy import load_policy, read_policy
from proxy.policy.service_schema import Shape
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.options import UsedUp
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.shapes import AUTO
from proxy.store.memory import MemoryStore

type Write = Callable[..., Path]


def shape_of(root: Path, write: Write, kind: str, accepts: str, shape: str = "auto") -> str:
    more = f"accepts: {{{kind}: {{{accepts}}}}}\nquery: {{x: {{is: {kind}, shape: {shape}}}}}\n"
    write("one", "one.example", more=more)
    endpoint = load_policy(root).services["one"].endpoints.find("GET", "/")
    return endpoint.query_fields["x"].shape


@pytest.mark.parametrize(
    ("kind", "accepts", "expected"),
    [
        ("login", "max_length: 40", "token"),
        ("login", "max_length: 20", "short"),
        ("login", "letters_only: true", "short"),
        ("login", "max_length: 15", "tiny"),
        ("login", "digits_only: true", "number"),
        ("full_name", "max_length: 60, letters_only: true", "name"),
        ("family_name", "max_length: 25", "short"),
        ("given_name", "max_length: 12, no_hyphen: true", "tiny"),
        ("national_id", "max_length: 11", "ine"),
        ("national_id", "digits_only: true, max_length: 15", "number"),
        ("national_id", "no_capitals: true", "token"),
        ("phone", "digits_only: true", "phone"),
        ("uuid", "max_length: 36", "uuid"),
        ("email", "max_length: 113", "email"),
    ],
)
def test_the_first_shape_that_fits_is_taken(
    root: Path, write_service: Write, kind: str, accepts: str, expected: str
) -> None:
    assert shape_of(root, write_service, kind, accepts) == expected


@pytest.mark.parametrize(
    ("kind", "accepts", "shape", "why"),
    [
        ("login", "max_length: 8", "auto", "tiny has 12 characters, max_length is 8"),
        ("login", "max_length: 20", "token", "shape 'token' has 30 characters"),
        ("full_name", "letters_only: true", "uuid", "has digits, letters_only is set"),
        ("uuid", "no_hyphen: true", "auto", "uuid4 has hyphens"),
        ("full_name", "no_capitals: true", "auto", "name has a capital"),
        ("email", "letters_only: true", "auto", "no pseudonym of a email fits"),
        ("email", "max_length: 40", "auto", "with pseudonym_domain pseudonyme.invalid"),
    ],
)
def test_a_field_that_nothing_fits_is_a_mistake_with_its_line(
    root: Path, write_service: Write, kind: str, accepts: str, shape: str, why: str
) -> None:
    more = f"accepts:\n  {kind}: {{{accepts}}}\nquery:\n  x: {{is: {kind}, shape: {shape}}}\n"
    write_service("one", "one.example", more=more)
    problems = read_policy(root).problems
    assert [(problem.file, problem.line) for problem in problems] == [("services/one.yaml", 11)]
    assert why in problems[0].message


def test_a_rules_own_limits_win_over_the_services(root: Path, write_service: Write) -> None:
    more = """\
accepts: {login: {max_length: 20}}
fields:
  - {at: a, is: login}
  - {at: b, is: login, accepts: {max_length: 12}}
  - {at: c, is: login, do: drop, accepts: {max_length: 1}}
"""
    write_service("one", "one.example", more=more)
    body = load_policy(root).services["one"].endpoints.find("GET", "/").body
    shapes = [rule.shape for key in "abc" if (rule := body.step(key).rule)]
    assert shapes == ["short", "tiny", "auto"]


def test_the_engine_is_told_what_to_search_answers_for(root: Path, write_service: Write) -> None:
    more = """\
folds_case: true
phones_used_up: constant
query: {tel: phone, id: {is: login, shape: number}, mail: email}
"""
    write_service("one", "one.example", more=more)
    options = load_policy(root).services["one"].pseudonyms
    assert options.aliases == {"phone", "number"}
    assert options.folds_case
    assert options.phones_used_up is UsedUp.CONSTANT


def test_traits_say_what_pseudonyms_are() -> None:
    """Every shape, made for each kind: as long and of such letters as its traits say."""
    keys = Keys(bytes(32), {1: bytes(32)})

    class Empty:
        def plain(self, ref: int) -> None:
            return None

        def lookup(self, kind: Kind, text: str) -> None:
            return None

    engine = Pseudonymiser(keys, "s", Empty(), MemoryStore(), "a.fr")
    assert TRAITS.keys() == {shape.value for shape in Shape} - {"auto", "text"}
    assert set(AUTO.values()) <= TRAITS.keys()
    for shape, traits in TRAITS.items():
        for kind in Kind:
            for text in ("Léa-x 1", "léa"):
                made = engine.pseudonym(kind, text, shape).removesuffix("@a.fr")
                length = traits.length - (5 if shape == "email" else 0)
                assert len(made) == length, (shape, kind)
                assert traits.letters or not any(c.isalpha() for c in made)
                assert traits.digits or made.isalpha()
                assert traits.hyphens or "-" not in made
