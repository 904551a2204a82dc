"""The endpoint tree finds what a slow comparison of all templates finds."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proxy.policy.endpoints import EndpointTree
from proxy.policy.model import Endpoint
from proxy.policy.templates import Template, is_parameter, parse_match

DEFAULT = Endpoint("/…")


def tree_of(*matches: str, ignore_case: bool = False) -> EndpointTree:
    tree = EndpointTree(DEFAULT, ignore_case=ignore_case)
    for match in matches:
        assert tree.add(parse_match(match), Endpoint(match)) is None
    return tree


def naive(templates: list[tuple[str, Template]], method: str, path: str) -> str:
    """The most specific template that fits: left to right, written > {parameter} > …."""
    segments = path[1:].split("/") if path != "/" else []
    best: tuple[tuple[int, ...], bool, str] | None = None
    for match, template in templates:
        if method not in template.methods and "ANY" not in template.methods:
            continue
        n = len(template.segments)
        if len(segments) < n or (len(segments) > n and not template.tail):
            continue
        if not all(
            is_parameter(s) or s == given
            for s, given in zip(template.segments, segments[:n], strict=True)
        ):
            continue
        # A path that ends here beats a tail that starts here.
        rank = (
            *(1 if is_parameter(s) else 2 for s in template.segments),
            0 if template.tail else 3,
        )
        key = (rank, method in template.methods, match)
        if best is None or key[:2] > best[:2]:
            best = key
    return best[2] if best else "/…"


SEGMENT = st.sampled_from(["a", "b", "c", "{x}"])


@st.composite
def matches(draw: st.DrawFn) -> str:
    segments = draw(st.lists(SEGMENT, max_size=4))
    named = [f"{{x{i}}}" if s == "{x}" else s for i, s in enumerate(segments)]
    tail = ["..."] if draw(st.booleans()) else []
    method = draw(st.sampled_from(["GET", "POST", "GET|POST", "ANY"]))
    return f"{method} /{'/'.join([*named, *tail])}"


@settings(max_examples=250)
@given(
    st.lists(matches(), max_size=8),
    st.sampled_from(["GET", "POST", "PUT"]),
    st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5),
)
def test_the_tree_finds_what_comparing_every_template_finds(
    written: list[str], method: str, segments: list[str]
) -> None:
    tree = EndpointTree(DEFAULT)
    templates = []
    for match in written:
        template = parse_match(match)
        assume(tree.add(template, Endpoint(match)) is None)
        templates.append((match, template))
    path = "/" + "/".join(segments)
    assert tree.find(method, path).template == naive(templates, method, path)


def test_the_search_goes_back_when_a_written_part_leads_nowhere() -> None:
    tree = tree_of("GET /users/me", "GET /users/{id}/photo", "GET /{any}/me/mail")
    assert tree.find("GET", "/users/me/photo").template == "GET /users/{id}/photo"
    assert tree.find("GET", "/users/me/mail").template == "GET /{any}/me/mail"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/users/x", "GET /v1/users/{id}"),
        ("/v1/users/x/", "GET /v1/users/{id}"),
        ("/v1/%75sers/a%40b.c", "GET /v1/users/{id}"),
        ("/v1/users/a%2Fb", "GET /v1/users/{id}"),
        ("/v1/Users/x", "/…"),
        ("/v1//users/x", "/…"),
        ("/v1/users/", "/…"),
        ("/v1/users//", "/…"),
        ("/", "/…"),
        ("", "/…"),
        ("*", "/…"),
    ],
)
def test_paths_as_they_stand_on_the_wire(path: str, expected: str) -> None:
    assert tree_of("GET /v1/users/{id}").find("GET", path).template == expected


@given(st.text("aé/%?#.@ \x00", min_size=1, max_size=8))
def test_any_value_fits_a_parameter_once_encoded(value: str) -> None:
    tree = tree_of("GET /u/{id}/x")
    path = f"/u/{quote(value, safe='')}/x"
    assert tree.find("GET", path).template == "GET /u/{id}/x"


def test_letter_case_may_be_ignored() -> None:
    tree = tree_of("GET /v1.0/Users/{id}", ignore_case=True)
    assert tree.find("GET", "/V1.0/uSERS/X").template == "GET /v1.0/Users/{id}"


def test_a_second_endpoint_for_the_same_request_is_told() -> None:
    tree = tree_of("GET|POST /a/{x}")
    there = tree.add(parse_match("POST /a/{y}"), Endpoint("second"))
    assert there is not None
    assert there.template == "GET|POST /a/{x}"


@pytest.mark.parametrize(
    "text",
    [
        "/v1",
        "GET",
        "get /v1",
        "GET v1",
        "GET /a?b=c",
        "GET /a//b",
        "GET /a/.../b",
        "GET /a/{x}{y}",
        "GET /a/{x",
        "GET /a/{x};v",
        "GET /{x}/{x}",
        "GET|/a",
        "GET /" + "/".join("a" * 41),
    ],
)
def test_a_match_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_match(text)
