from __future__ import annotations

import random
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking import RequestFacts, RequestType
from proxy.blocking.stripping import Stripper

T = RequestType
PAGE = RequestFacts(T.DOCUMENT, True, "")
FETCH = RequestFacts(T.XMLHTTPREQUEST, False, "page.example")


def stripped(rules: list[str], url: str, facts: RequestFacts = FETCH) -> str:
    found = Stripper(rules).strip(url, facts)
    return found.url if found else url


@pytest.mark.parametrize(
    ("rules", "url", "clean"),
    [
        (["$removeparam=utm_source"], "https://a.example/?utm_source=x&q=1", "https://a.example/?q=1"),
        (["$removeparam=utm_source"], "https://a.example/p?utm_source=x", "https://a.example/p"),
        (["$removeparam=a"], "https://a.example/?a=1&b=2&a=3#f?a=4", "https://a.example/?b=2#f?a=4"),
        (["$removeparam=a"], "https://a.example/?%61=1&b", "https://a.example/?b"),
        (["$removeparam=a"], "https://a.example/?a&b=%20+&&c", "https://a.example/?b=%20+&&c"),
        (["$removeparam=a"], "https://a.example/?A=1&aa=2", "https://a.example/?A=1&aa=2"),
        (["$removeparam=/^utm_/"], "https://a.example/?utm_x=1&outm_x=2", "https://a.example/?outm_x=2"),
        (["$removeparam=/^ID=[0-9]+$/i"], "https://a.example/?id=1&id=x", "https://a.example/?id=x"),
        (["$removeparam=/x&y/"], "https://a.example/?a=x%26y&x&y", "https://a.example/?x&y"),
        (["$removeparam=/^a=/", "$removeparam=/^B/i"], "https://a.example/?c&b=1&A=1&a=1", "https://a.example/?c&A=1"),
        (["$removeparam=~q"], "https://a.example/?a=1&q=2&b=3", "https://a.example/?q=2"),
        (["||a.example^$removeparam"], "https://s.a.example/x?a=1&q=2", "https://s.a.example/x"),
        (["||a.example^$removeparam=q"], "https://b.example/x?q=2", "https://b.example/x?q=2"),
        (["||a.example/x^$removeparam=q"], "https://a.example/x?q=2", "https://a.example/x"),
        (["||a.example/x^$removeparam=q"], "https://a.example/xy?q=2", "https://a.example/xy?q=2"),
        (["/go/*/out?$removeparam=q"], "https://a.example/go/1/out?q=2", "https://a.example/go/1/out"),
        (["$removeparam=q,domain=page.example"], "https://a.example/?q=2", "https://a.example/"),
        (["$removeparam=q,domain=~page.example"], "https://a.example/?q=2", "https://a.example/?q=2"),
        (["$removeparam=q,from=other.example"], "https://a.example/?q=2", "https://a.example/?q=2"),
        (["$removeparam=q,to=a.example"], "https://x.a.example/?q=2", "https://x.a.example/"),
        (["$removeparam=q,script"], "https://a.example/?q=2", "https://a.example/?q=2"),
        (["$removeparam=q,~script"], "https://a.example/?q=2", "https://a.example/"),
        (["$removeparam=q", "@@||a.example^$removeparam=q"], "https://a.example/?q=2", "https://a.example/?q=2"),
        (["$removeparam=q", "@@||a.example^$removeparam"], "https://a.example/?q=2", "https://a.example/?q=2"),
        (["$removeparam=q", "@@||b.example^$removeparam=q"], "https://a.example/?q=2", "https://a.example/"),
        (["$removeparam=q", "@@||a.example^$removeparam=r"], "https://a.example/?q=2", "https://a.example/"),
        (["$removeparam=q,important", "@@||a.example^$removeparam=q"], "https://a.example/?q=2", "https://a.example/"),
        (["||a.example^$queryprune=q"], "https://a.example/?q=2", "https://a.example/"),
    ],
)  # fmt: skip
def test_what_a_rule_takes_out(rules: list[str], url: str, clean: str) -> None:
    assert stripped(rules, url) == clean


def test_types_without_a_word_are_pages_frames_fetch_and_the_unknown() -> None:
    held = {
        kind
        for kind in T
        if stripped(["$removeparam=q"], "https://a.example/?q", RequestFacts(kind, False, ""))
        == "https://a.example/"
    }
    assert held == {T.DOCUMENT, T.SUBDOCUMENT, T.XMLHTTPREQUEST, T.OTHER}


def test_a_page_that_is_opened_is_its_own_site() -> None:
    rules = ["$removeparam=q,domain=a.example"]
    assert stripped(rules, "https://www.a.example/?q=1", PAGE) == "https://www.a.example/"
    assert stripped(rules, "https://b.example/?q=1", PAGE) == "https://b.example/?q=1"


def test_through_a_list_it_names_the_line_and_badfilter_takes_it_back(blocker_of) -> None:
    blocker = blocker_of(
        a="! x\n||a.example^$removeparam=x\n$removeparam=y,third-party\n$removeparam=z\n",
        b="! y\n$removeparam=z,badfilter\n",
    )
    found = blocker.strip("https://a.example/?x=1&y=2&z=3", FETCH)
    assert found is not None
    assert (found.url, found.count) == ("https://a.example/?z=3", 2)
    assert [(r.rule, r.list, r.line) for r in found.rules] == [
        ("||a.example^$removeparam=x", "a", 2),
        ("$removeparam=y,third-party", "a", 3),
    ]
    own = RequestFacts(T.XMLHTTPREQUEST, False, "www.a.example")
    assert blocker.strip("https://a.example/?y=2", own) is None
    assert [report.strips for report in blocker.reports] == [2, 0]
    assert blocker.reports[1].rules == 1


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "utm_x", "%61"]), st.text("ab%=;+", max_size=4))),
    st.sampled_from([["$removeparam=a"], ["$removeparam=/^utm/"], ["$removeparam=~b"]]),
)
def test_what_stays_stays_byte_for_byte_and_in_order(
    pairs: list[tuple[str, str]], rules: list[str]
) -> None:
    url = "https://h.example/p?" + "&".join(f"{name}={value}" for name, value in pairs)
    after = stripped(rules, url)
    left = after.partition("?")[2].split("&") if "?" in after else []
    parts = iter(url.partition("?")[2].split("&"))
    assert all(part in parts for part in left)  # a subsequence
    assert after.startswith("https://h.example/p")
    names = {name for name, _ in parse_qsl(urlsplit(after).query, keep_blank_values=True)}
    gone = {"$removeparam=a": {"a"}, "$removeparam=/^utm/": {"utm_x"}, "$removeparam=~b": {"a"}}
    assert not names & gone[rules[0]]


def test_cost_does_not_grow_with_the_number_of_rules() -> None:
    def seconds(count: int) -> float:
        rng = random.Random(3)
        rules = [f"$removeparam=p{rng.randrange(10**6)}" for _ in range(count)]
        rules += [f"||h{n}.example^$removeparam=q" for n in range(count)]
        stripper = Stripper(rules)
        best = 9.0
        for _ in range(5):
            started = time.process_time()
            for n in range(300):
                stripper.strip(f"https://x.example/?a={n}&b=2&c=3", FETCH)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(5_000) < 3 * seconds(50)
