"""Lists without some of them, and how often each decided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.blocking import Blocker, ListFile, RequestType, build
from proxy.blocking.tallies import FILE, Tallies, Tally, read_tallies
from proxy.blocking.variants import MAX_VARIANTS, OnDemand, Switched, open_variants, without
from proxy.timetable import Person, Timetable
from proxy.timetable.plan import Switches
from tests.proxy.timetable.conftest import MakeTimetable
from tests.proxy.timetable.conftest import timetable as timetable

WriteList = Callable[..., ListFile]
A = """\
! category: social
||s.example^
||both.example^
@@||c.example/fine^
! category: analytics
||a.example^
"""
B = "||both.example^\n||c.example^\n||d.example^$badfilter\n||d.example^\n"
C = "||d.example^\n"


def blocks(blocker: Blocker, host: str, path: str = "/") -> str:
    """The list that blocks, or nothing."""
    found = blocker.check(f"https://{host}{path}", "page.example", RequestType.SCRIPT)
    return found.list if found else ""


def test_a_list_that_is_off_is_as_if_it_were_not_there(write_list: WriteList) -> None:
    lists = [write_list(A, "a"), write_list(B, "b"), write_list(C, "c")]
    on = build(lists)
    assert (blocks(on, "both.example"), blocks(on, "d.example")) == ("a", "")
    assert blocks(on, "c.example", "/fine") == ""
    off_a = build(without(lists, Switches(frozenset({"a"}))))
    assert blocks(off_a, "both.example") == "b"  # another list says so too
    assert blocks(off_a, "c.example", "/fine") == "b"  # its exception is off as well
    assert blocks(off_a, "s.example") == ""
    off_b = build(without(lists, Switches(frozenset({"b"}))))
    assert blocks(off_b, "d.example") == "c"  # and so is its $badfilter
    social = build(without(lists, Switches(categories=frozenset({"social"}))))
    assert (blocks(social, "s.example"), blocks(social, "a.example")) == ("", "a")
    assert blocks(social, "both.example") == "b"
    every = build(without(lists, Switches(every=True, kept=frozenset({"c"}))))
    assert (blocks(every, "a.example"), blocks(every, "d.example")) == ("", "c")


def test_variants_are_compiled_once_taken_over_and_tidied(
    write_list: WriteList, tmp_path: Path
) -> None:
    lists = [write_list(A, "a"), write_list(B, "b")]
    off_a, off_b = Switches(frozenset({"a"})), Switches(frozenset({"b"}))
    made = open_variants(lists, {off_a, off_b}, tmp_path, {})
    again = open_variants(lists, {off_a}, tmp_path, made)
    assert again[off_a] is made[off_a]
    assert len(list((tmp_path / "lists-without").iterdir())) == 1
    assert blocks(OnDemand(lists)[off_a], "both.example") == blocks(again[off_a], "both.example")


def test_there_are_never_more_variants_than_memory_is_meant_for(
    write_list: WriteList, tmp_path: Path
) -> None:
    lists = [write_list(f"||h{n}.example^\n", f"l{n}") for n in range(MAX_VARIANTS + 2)]
    wanted = {Switches(frozenset({one.name})) for one in lists}
    assert len(open_variants(lists, wanted, tmp_path, dict.fromkeys(wanted, build([])))) == (
        MAX_VARIANTS
    )


def test_new_lists_leave_no_variant_of_the_old_ones(
    write_list: WriteList, tmp_path: Path, timetable: MakeTimetable
) -> None:
    lists = [write_list(A, "a"), write_list(B, "b")]
    rule = timetable("rules: [{rule: r, who: {groups: staff}, lists: a, blocking: off}]")
    off_a, staff = Switches(frozenset({"a"})), Person("S", "staff")
    switched, first, second = Switched(tmp_path), build(lists), build(lists)

    def plan(made: Timetable, blocker: Blocker) -> None:
        switched.plan(made, [staff], blocker, lambda: lists, 0.0)

    plan(rule, first)
    old = switched.variants[off_a]
    plan(rule, first)
    assert switched.variants[off_a] is old
    plan(timetable(), second)
    assert switched.variants == {}
    plan(rule, second)
    assert switched.variants[off_a] is not old


def test_counts_of_workers_add_up_and_survive(tmp_path: Path) -> None:
    one, two = Tallies(tmp_path, 100.0), Tallies(tmp_path, 100.0)
    for worker in (one, two):
        worker.hit("a", 150.0)
        worker.hit("gone", 150.0)
        worker.flush_if_due(["a", "b"], 159.0)
    assert read_tallies(tmp_path) == {}
    one.flush_if_due(["a", "b"], 160.0)
    two.hit("a", 170.0)
    two.flush_if_due(["a", "b"], 99.0)  # a clock put back is no reason to wait
    assert read_tallies(tmp_path) == {"a": Tally(160.0, 3, 170.0), "b": Tally(160.0)}
    one.flush(["a"], 400.0)
    assert read_tallies(tmp_path) == {"a": Tally(160.0, 3, 170.0)}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"x": 1}}', "\0"])
def test_a_damaged_count_begins_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_tallies(tmp_path) == {}
    tallies = Tallies(tmp_path, 0.0)
    tallies.hit("a", 1.0)
    tallies.flush(["a"], 2.0)
    assert read_tallies(tmp_path) == {"a": Tally(2.0, 1, 1.0)}


def test_days_without_a_hit() -> None:
    day = 86_400.0
    assert Tally(0.0).quiet_days(3.5 * day) == 3
    assert Tally(0.0, 2, 3 * day).quiet_days(3.5 * day) == 0
