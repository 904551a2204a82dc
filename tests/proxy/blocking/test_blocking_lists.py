from __future__ import annotations

from pathlib import Path

import pytest

from proxy.blocking import Category, build, discover
from proxy.blocking.lists import ListFile, Syntax, parse
from proxy.errors import InputError


def opened(text: str):
    return parse(ListFile("t", Path("t"), "t"), text.encode())


@pytest.mark.parametrize(
    ("text", "syntax", "top_level"),
    [
        ("! hello\n||a.example^\n", Syntax.ABP, False),
        ("! Top-level: yes\n||a.example^\n", Syntax.ABP, True),
        ("# c\n0.0.0.0 a.example\n0.0.0.0 b.example\n", Syntax.HOSTS, True),
        ("127.0.0.1 localhost\n::1 localhost\n0.0.0.0 a.example\n", Syntax.HOSTS, True),
        ("# c\na.example\nb.example\n", Syntax.DOMAINS, True),
        ("", Syntax.ABP, False),
    ],
)
def test_syntax_and_scope_are_told_from_the_list_itself(text, syntax, top_level):
    account, _ = opened(text)
    assert (account.syntax, account.top_level) == (syntax, top_level)


def test_every_line_is_accounted_for(write_list):
    text = (
        "\ufeff! Title: x\r\n! Expires: 4 days (update frequency)\n||a.example^\n"
        "||b.example^$third-party\n##.ad\n||c.example^$csp=x\n/dd?$~document,image\n\n*\n"
    )
    report = build([write_list(text)]).reports[0]
    assert (report.rules, report.whole_hosts, report.cosmetic) == (2, 1, 1)
    assert report.ignored == {
        "option csp": 1,
        "matches nearly everything": 1,
        "not taken by the engine": 1,
    }
    assert {(p.line, p.reason) for p in report.problems} == {
        (6, "option csp"),
        (7, "not taken by the engine"),
        (9, "matches nearly everything"),
    }
    assert report.expires_days == 4


def test_categories_hold_until_the_next_and_unknown_ones_fall_back(blocker_of):
    blocker = blocker_of(
        "||a.example^\n! category: session-replay\n||b.example^\n"
        "! Category: nonsense\n||c.example^\n"
    )
    categories = [blocker.check_host(f"{x}.example").category for x in "abc"]
    assert categories == [Category.TRACKING, Category.SESSION_REPLAY, Category.TRACKING]


def test_rules_for_other_blockers_do_not_count(blocker_of):
    blocker = blocker_of(
        "||a.example^\n!#if env_firefox\n||b.example^\n!#else\n||c.example^\n!#endif\n"
        "!#if !ext_ublock && !env_mobile\n||d.example^\n!#endif\n"
    )
    assert [bool(blocker.check_host(f"{x}.example")) for x in "abcd"] == [True, False, True, True]
    assert blocker.reports[0].ignored == {"for another blocker (!#if)": 1}


def test_discover_finds_text_files_by_name_and_names_them_from_the_site(tmp_path, write_list):
    write_list("||b.example^", "b")
    write_list("||a.example^", "a")
    (tmp_path / "lists" / "block" / "notes.md").write_text("no list")
    found = discover(tmp_path / "lists" / "block")
    assert [(f.name, f.file) for f in found] == [
        ("a", "lists/block/a.txt"),
        ("b", "lists/block/b.txt"),
    ]
    assert discover(tmp_path / "nowhere") == []


def test_a_list_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match=r"lists/block/gone\.txt: cannot be read"):
        build([ListFile("gone", tmp_path / "gone.txt", "lists/block/gone.txt")])


def test_binary_rubbish_is_counted_not_fatal(blocker_of, write_list):
    source = write_list("")
    source.path.write_bytes(bytes(range(256)) * 400 + b"\n||a.example^\n" + b"x" * 2_000_000)
    assert build([source]).check_host("a.example") is not None
