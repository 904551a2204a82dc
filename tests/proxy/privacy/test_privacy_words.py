"""What administrators write: words, mistakes, and the list of ways round the school's resolver."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.blocking import Category, build, discover
from proxy.engine.decide import View, decide_host
from proxy.policy.policy import load_policy, read_policy
from proxy.policy.privacy_schema import PrivacyFile, parse_resolver, setting
from proxy.privacy import Rule

POLICIES = Path(__file__).parents[3] / "policies"
SITE = "site: x\n"


def problems(folder: Path, text: str) -> str:
    (folder / "site.yaml").write_text(SITE + text)
    reading = read_policy(folder, {})
    assert reading.policy is None
    return "\n".join(map(str, reading.problems))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("privacy: {referer: trmi}\n", "did you mean 'trim'?"),
        ("privacy: {referrer: trim}\n", "did you mean 'referer'?"),
        ("privacy:\n  third_party_cookies_kept_for: ['https://x.example']\n", "site.yaml:3"),
        ("dns: {resolvers: [dns.example]}\n", "expected a resolver such as 10.0.0.53"),
        ("dns: {resolvers: ['10.0.0.53:0']}\n", "expected a resolver such as 10.0.0.53"),
        ("dns: {wait_ms: 60000}\n", "wait_ms"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, expected: str) -> None:
    told = problems(tmp_path, text)
    assert expected in told
    assert "site.yaml:" in told


def test_every_rule_has_a_key_that_says_what_it_does() -> None:
    for rule in Rule:
        described = PrivacyFile.model_fields[setting(rule)].description
        assert described
        assert len(described) > 40


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("10.0.0.53", ("10.0.0.53", 53)),
        ("10.0.0.53:5353", ("10.0.0.53", 5353)),
        ("fd00::53", ("fd00::53", 53)),
        ("[fd00::53]", ("fd00::53", 53)),
        ("[fd00::53]:5353", ("fd00::53", 5353)),
    ],
)
def test_resolvers_as_people_write_them(text: str, server: tuple[str, int]) -> None:
    assert parse_resolver(text) == server


def test_the_shipped_site_spells_out_the_defaults() -> None:
    """Whoever reads site.yaml sees every rule, and what is in force without a line."""
    policy = load_policy(POLICIES, {})
    assert policy.site.dns.uncloak
    for service in policy.services.values():
        assert service.privacy.on == set(Rule)
        assert {ref.file for ref in service.privacy.refs.values()} == {"site.yaml"}
        assert not any("(default)" in ref.text for ref in service.privacy.refs.values())


def test_known_resolvers_and_relays_are_closed_by_name_even_where_nothing_is_read() -> None:
    lists = list(discover(POLICIES / "lists" / "block", POLICIES))
    blocker = build(lists)
    report = next(one for one in blocker.reports if one.name == "dns-over-https")
    assert not report.problems
    assert report.rules > 50
    for host in ("dns.google", "mozilla.cloudflare-dns.com", "use-application-dns.net"):
        block = blocker.check_host(host)
        assert block is not None
        assert block.category is Category.BYPASS
    verdict = decide_host(View(load_policy(POLICIES, {}), blocker), "mask.icloud.com")
    assert verdict.word == "block"  # although Apple's hosts are passed unread
    assert decide_host(View(load_policy(POLICIES, {}), blocker), "www.icloud.com").word == "tunnel"
