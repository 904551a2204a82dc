from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking.rules import Use, abp_line, domain_line, hosts_line


@pytest.mark.parametrize(
    ("raw", "use"),
    [
        ("||a.example^", Use.HOST_BLOCK),
        ("||a.example^$important", Use.HOST_BLOCK),
        ("||a.example^$all", Use.HOST_BLOCK),
        ("@@||a.example^", Use.HOST_ALLOW),
        ("||a.example^$badfilter", Use.HOST_CANCEL),
        ("||a.example^$third-party", Use.ENGINE),
        ("||a.example", Use.ENGINE),
        ("||a.example^$document", Use.ENGINE),
        ("||192.0.2.1^", Use.ENGINE),
        ("/banner/*$image,domain=x.example|~y.x.example", Use.ENGINE),
        (r"/^https:\/\/x\.example\/[a-z]{8}$/", Use.ENGINE),
        ("! comment", Use.COMMENT),
        ("[Adblock Plus 2.0]", Use.COMMENT),
        ("", Use.COMMENT),
        ("# comment", Use.COMMENT),
        ("##.ad", Use.COSMETIC),
        ("x.example,y.example##.ad", Use.COSMETIC),
        ("x.example#@#.ad", Use.COSMETIC),
        ("x.example#?#.ad:has(b)", Use.COSMETIC),
        ("x.example##+js(set, a, 1)", Use.COSMETIC),
        ("@@||x.example^$generichide", Use.COSMETIC),
        ("||x.example/#/ad", Use.ENGINE),
        ("*$ping,third-party", Use.ENGINE),
        ("$script,domain=x.example", Use.ENGINE),
    ],
)
def test_what_becomes_of_a_line(raw: str, use: Use):
    assert abp_line(raw).use is use


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("||x.example^$removeparam=|utm", "option removeparam in an old form"),
        ("||x.example^$removeparam=utm,app=x", "option app with removeparam"),
        ("$removeparam=/a(?!b)/", "regular expression too costly or not understood"),
        ("/((a{1,900}){1,900}){1,900}/", "regular expression too costly or not understood"),
        ("||x.example/" + "$a=" * 9000 + "\\", "too many $"),
        ("||x.example^$denyallow=y.example", "option denyallow"),
        ("||x.example^$from=y.example", "option from"),
        ("||x.example^$csp=default-src 'none'", "option csp"),
        ("||x.example^$popup,third-party", "option popup"),
        ("@@||x.example^$document", "page exception"),
        ("/ad$script,domain=google.*", "option domain with a wildcard suffix"),
        (r"/ad(?!s)[0-9]/$script", "regular expression with look-around"),
        ("*", "matches nearly everything"),
        ("$important", "matches nearly everything"),
        ("*$script,third-party", "matches nearly everything"),
        ("*$image,domain=~x.example", "matches nearly everything"),
        ("||", "no host after ||"),
        ("||/collect", "no host after ||"),
        ("*a" * 2000 + "b", "too many wildcards"),
        ("x" * 70_000, "line too long"),
    ],
)
def test_what_cannot_work_is_said(raw: str, reason: str):
    assert abp_line(raw) == (Use.IGNORED, reason, "", False, False)


def test_hosts_lines():
    assert hosts_line("0.0.0.0 Tracker.example # why").host == "tracker.example"
    assert hosts_line("127.0.0.1\ttracker.example").use is Use.HOST_BLOCK
    assert hosts_line("# 0.0.0.0 tracker.example").use is Use.COMMENT
    for odd in ("192.0.2.1 a.example", "0.0.0.0 a.example b.example", "::1 localhost", "0.0.0.0"):
        assert hosts_line(odd).use is Use.IGNORED


def test_domain_lines():
    assert domain_line("*.Tracker.example.").host == "tracker.example"
    assert domain_line("été.example").host == "xn--t-9fab.example"
    for odd in ("com", "192.0.2.1", "a b.example", "-a.example", "a..example", "https://a.example"):
        assert domain_line(odd).use is Use.IGNORED


@given(st.text(max_size=200))
def test_no_line_makes_it_fail(raw: str):
    for understand in (abp_line, hosts_line, domain_line):
        assert understand(raw).use in Use
