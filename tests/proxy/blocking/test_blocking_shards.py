"""Engines in pieces decide as one engine of all their rules does."""

from __future__ import annotations

import gc
import random
import weakref
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking import ListFile, RequestType, build
from proxy.blocking.engine import AdblockEngine
from proxy.blocking.lines import Sieve, hashed, sieve_bytes
from proxy.blocking.resources import NAMES
from proxy.blocking.shards import ShardedEngine, anchor_of, piece_of, split

HOSTS = ("a.example", "b.a.example", "x.co.uk", "cdn.x.co.uk", "other.example")
WORDS = ("ads", "pixel", "app")
KINDS = (RequestType.SCRIPT, RequestType.IMAGE, RequestType.OTHER)

patterns = st.one_of(
    st.builds("||{}^{}".format, st.sampled_from(HOSTS), st.sampled_from(("", "*ads", "ads.js"))),
    st.builds("||{}/{}".format, st.sampled_from(HOSTS), st.sampled_from(WORDS)),
    st.builds("/{}/".format, st.sampled_from(WORDS)),
    st.sampled_from(("/^https:..[a-z.]*example.ads/", "ads.js", "||a.exam", "|https://x.co.uk/")),
)
OPTIONS = (
    "script", "~image", "third-party", "important", "domain=page.example", "badfilter",
    "redirect=noop.js", "redirect-rule=noop.js",
)  # fmt: skip
options = st.lists(st.sampled_from(OPTIONS), max_size=2, unique=True)
rules = st.builds(
    lambda exception, pattern, chosen: (
        ("@@" if exception else "") + pattern + ("$" + ",".join(chosen) if chosen else "")
    ),
    st.booleans(),
    patterns,
    options,
)
urls = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(HOSTS),
    st.sampled_from((*WORDS, "x/ads/y", "")),
    st.sampled_from(("", ".js", "/", ".js?ads")),
)


def sharded(texts: list[str]) -> ShardedEngine:
    parts, hosts = split(texts)
    compiled = [memoryview(AdblockEngine.compile(part, ()).serialize()) for part in parts]
    sieve = Sieve(memoryview(sieve_bytes(hosts)))
    return ShardedEngine.load(compiled, sieve, NAMES, lambda: None)


@given(
    st.lists(rules, min_size=1, max_size=12, unique=True),
    st.lists(st.tuples(urls, st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=12),
)
def test_pieces_decide_as_one_engine(texts: list[str], asked) -> None:
    one, many = AdblockEngine.compile(texts, NAMES), sharded(texts)
    for url, kind, blocked in asked:
        host = url.split("/")[2]
        whole = one.check(url, host, "page.example", kind, blocked=blocked)
        piece = many.piece_for(host, hashed(host))
        found = many.check(url, host, "page.example", kind, piece, blocked=blocked)
        assert (found.matched, found.important, found.redirect) == (
            whole.matched,
            whole.important,
            whole.redirect,
        )
        assert bool(found.exception) == bool(whole.exception)
        assert bool(found.rule) == bool(whole.rule)


@pytest.mark.parametrize(
    ("rule", "host"),
    [
        ("||a.example^", "a.example"),
        ("@@||A.example/x$script", "a.example"),
        ("||a.example|", "a.example"),
        ("||a.example:8080/x", "a.example"),
        ("||a.example", ""),  # a.example.com too
        ("||a.exam*/x", ""),
        ("||*.example^", ""),
        ("||example^", ""),
        ("||192.0.2.1/x", ""),
        ("|https://a.example/", ""),
        ("/ads/", ""),
        ("||a.example/x$script,redirect=noop.js", ""),  # they weigh on each other
        ("@@||a.example/x$redirect-rule", ""),
    ],
)
def test_a_rule_is_in_the_piece_of_the_host_that_it_must_have(rule: str, host: str) -> None:
    assert anchor_of(rule) == host


def test_a_host_and_all_below_it_are_in_one_piece() -> None:
    for host in ("a.example", "x.co.uk", "deep.a.example"):
        for below in ("", "b.", "c.d."):
            assert piece_of(below + host) == piece_of(host)


def test_lists_that_are_let_go_are_gone_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    rng = random.Random(3)
    path.write_text("! x\n" + "\n".join(f"||h{rng.random()}.example/x" for _ in range(50)))
    blocker = build([ListFile("list", path, "list.txt")])
    blocker.check("https://h1.example/x", "page.example", RequestType.SCRIPT)
    gone = weakref.ref(blocker)
    gc.disable()  # a circle would keep megabytes until the next long collection
    try:
        del blocker
        assert gone() is None
    finally:
        gc.enable()
