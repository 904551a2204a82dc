"""CNAME uncloaking: which names bring which decision, and how long they are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking import Blocker, Category, ListFile, RequestFacts, RequestType, build
from proxy.blocking.cname import MAX_CHAIN, Answered, Names, Outcome, follow, uncloak
from proxy.blocking.lists import Syntax

PAGE = "www.school.example"
URL = "https://metrics.school.example/collect/v1.js?id=1"
SCRIPT = RequestFacts(RequestType.SCRIPT, False, PAGE)

LIST = """\
! Title: t
||tracker.example^
||cdn.example/collect/
||exact.example/collect/v1.js$script
||font.example^$font
||third.example^$third-party
||spared.example^
@@||spared.example/collect/
@@||metrics.own.example^
/generic/*$third-party
||both.example^
"""


@pytest.fixture(scope="module")
def blocker(tmp_path_factory: pytest.TempPathFactory) -> Blocker:
    folder = tmp_path_factory.mktemp("cname")
    (folder / "t.txt").write_text(LIST)
    (folder / "c.txt").write_text("# targets\ntarget.example\nallowed-target.example\n")
    (folder / "e.txt").write_text("! Title: e\n@@||allowed-target.example^\n")
    return build(
        [
            ListFile("t", folder / "t.txt", "lists/t.txt", Category.ADVERTISING),
            ListFile("c", folder / "c.txt", "lists/c.txt", syntax=Syntax.CNAME),
            ListFile("e", folder / "e.txt", "lists/e.txt"),
        ]
    )


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (["a.tracker.example"], "||tracker.example^"),
        (["edge.other.example", "a.tracker.example"], "||tracker.example^"),
        (["x.cdn.example"], "||cdn.example/collect/"),
        (["exact.example"], "||exact.example/collect/v1.js$script"),
        (["third.example"], "||third.example^$third-party"),
        (["deep.target.example"], "target.example"),
        # type and exceptions hold for the other name too
        (["font.example"], ""),
        (["spared.example"], ""),
        (["allowed-target.example"], ""),
        ([], ""),
    ],
)
def test_which_name_brings_which_rule(blocker: Blocker, names: list[str], rule: str) -> None:
    assert blocker.check(URL, PAGE, RequestType.SCRIPT) is None
    found = uncloak(blocker, URL, SCRIPT, names)
    assert (found.block.rule if found else "") == rule
    if found:
        assert found.name == names[-1]
        assert found.block.file
        assert found.block.line


def test_a_rule_that_names_no_host_does_not_speak_of_a_name_that_no_page_calls(
    blocker: Blocker,
) -> None:
    url = "https://assets.school.example/generic/x.js"
    assert blocker.check("https://other.example/generic/x.js", PAGE, RequestType.SCRIPT)
    assert uncloak(blocker, url, SCRIPT, ["d1.cloud.example"]) is None
    found = uncloak(blocker, url, SCRIPT, ["both.example"])
    assert found is not None
    assert found.block.rule == "||both.example^"


def test_an_exception_for_the_hosts_own_name_wins(blocker: Blocker) -> None:
    facts = RequestFacts(RequestType.SCRIPT, False, "www.own.example")
    url = "https://metrics.own.example/x.js"
    assert uncloak(blocker, url, facts, ["a.tracker.example"]) is None


hosts = st.sampled_from([f"n{number}.example" for number in range(30)])


@given(hosts, st.dictionaries(hosts, hosts, max_size=30))
def test_a_chain_is_walked_once_and_never_for_ever(host: str, aliases: dict[str, str]) -> None:
    names = follow(host, aliases)
    assert len(names) <= MAX_CHAIN
    assert len({host, *names}) == len(names) + 1
    for owner, target in zip((host, *names), names, strict=False):
        assert aliases[owner] == target


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_only_names_of_other_sites_are_kept() -> None:
    names = Names(Clock())
    found = ("lb.school.example", "x.tracker.example", "www.school.example")
    names.learn("metrics.school.example", Answered(Outcome.FOUND, found, 300))
    assert names.known("metrics.school.example") == ("x.tracker.example",)


@pytest.mark.parametrize(
    ("answered", "seconds"),
    [
        (Answered(Outcome.FOUND, ("x.tracker.example",), 300), 300),
        (Answered(Outcome.FOUND, ("x.tracker.example",), 1), 60),
        (Answered(Outcome.FOUND, ("x.tracker.example",), 10**9), 3600),
        (Answered(Outcome.PLAIN, (), 0), 60),
        (Answered(Outcome.FAILED), 30),
        (Answered(Outcome.LATE), 30),
    ],
)
def test_how_long_an_answer_serves(answered: Answered, seconds: float) -> None:
    clock = Clock()
    names = Names(clock)
    assert names.is_due("a.example")
    names.learn("a.example", answered)
    clock.now += seconds - 1
    assert not names.is_due("a.example")
    clock.now += 2
    assert names.is_due("a.example")
    assert names.known("a.example") == answered.names


def test_a_failure_does_not_take_away_what_was_known() -> None:
    clock = Clock()
    names = Names(clock)
    names.learn("a.example", Answered(Outcome.FOUND, ("x.tracker.example",), 60))
    clock.now += 100
    names.learn("a.example", Answered(Outcome.FAILED))
    assert names.known("a.example") == ("x.tracker.example",)
    assert not names.is_due("a.example")


@given(st.lists(st.integers(0, 500), max_size=300))
def test_memory_is_bounded_whatever_is_asked(numbers: list[int]) -> None:
    names = Names(Clock(), most=16)
    for number in numbers:
        names.learn(f"n{number}.example", Answered(Outcome.PLAIN))
        assert names.known(f"n{number}.example") == ()
        assert len(names._known) <= 16


def test_no_path_in_a_list_is_needed(tmp_path: Path) -> None:
    """A URL without a path is one with ``/``."""
    (tmp_path / "h.txt").write_text("0.0.0.0 tracker.example\n")
    built = build([ListFile("h", tmp_path / "h.txt", "h.txt")])
    found = uncloak(built, "https://m.school.example", SCRIPT, ["tracker.example"])
    assert found is not None
