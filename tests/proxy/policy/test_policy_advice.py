"""Warnings: each is given when deserved, at its line, and not otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.policy import read_policy

GOOD_SITE = """\
site: Test
contact: {name: X, address: dpo@school.example}
networks: [{network: 10.0.0.0/8, school: A, group: pupils}]
pseudonym_domain: p.school.example
school_domains: [school.example]
"""


def warnings(root: Path) -> str:
    reading = read_policy(root, {})
    assert reading.policy is not None, reading.problems
    return "\n".join(map(str, reading.warnings))


@pytest.fixture
def good(root: Path, write_service) -> Path:
    (root / "site.yaml").write_text(GOOD_SITE)
    write_service("one", "a.example.com", more="fields:\n- {at: a, is: email}\n")
    return root


def test_a_good_site_has_no_warning(good: Path) -> None:
    assert warnings(good) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("unknown_service: tunnel", "site.yaml:6:1: these connections pass unread"),
        ("unidentified: tunnel", "site.yaml:6:1: these connections pass unread"),
        ("require_charter: false", "site.yaml:6:1: suppliers that never adhered"),
        ("audit: {retention_months: 24, reason: asked for}", "site.yaml:6:1: the CNIL"),
        ("status: 0.0.0.0:9090", "site.yaml:6:1: status and metrics can be reached"),
    ],
)
def test_a_doubtful_setting_is_warned_about(good: Path, line: str, expected: str) -> None:
    (good / "site.yaml").write_text(f"{GOOD_SITE}{line}\n")
    assert warnings(good).startswith(expected)


def test_a_bare_site_is_told_what_it_lacks(root: Path) -> None:
    for expected in ("pseudonym_domain", "list them", "contact.address", "there is no service"):
        assert expected in warnings(root)


def test_charters(good: Path, write_service) -> None:
    write_service("one", "a.example.com", adhered="no")
    assert "one is denied everywhere" in warnings(good)
    write_service("one", "a.example.com", adhered="to-confirm")
    assert "services/one.yaml:5:11: nobody has confirmed that Supplier adhered" in warnings(good)
    path = write_service("one", "a.example.com", adhered="yes")
    path.write_text(path.read_text().replace("folder 12", "''"))
    assert "adhesion without evidence" in warnings(good)
    path.write_text(path.read_text().replace("inspect", "deny"))
    assert warnings(good) == ""


BASIS = "transfer: {basis: standard-clauses, evidence: x}"


def test_laws_outside_the_eu_need_a_note(good: Path) -> None:
    path = good / "services" / "one.yaml"
    path.write_text(path.read_text().replace("[FR]", "[FR, NO, US, GB]"))
    assert "services/one.yaml:4:41: laws outside the EU (US, GB)" in warnings(good)
    path.write_text(path.read_text().replace("GB]", "GB], note: why, " + BASIS))
    assert warnings(good) == ""


def test_rules_that_cannot_apply(good: Path, write_service) -> None:
    write_service("one", "a.example.com", "tunnel", more="fields:\n- {at: a, is: email}\n")
    assert "services/one.yaml:8:1: field rules cannot apply" in warnings(good)


def test_hosts_that_are_never_inspected(good: Path, write_service) -> None:
    (good / "lists" / "never-inspect.txt").write_text("*.example.com\n")
    write_service("one", 'a.example.com, "*.b.example.com", c.example.org')
    found = warnings(good)
    assert "services/one.yaml:6:9: a.example.com is never inspected" in found
    assert "*.b.example.com is never inspected" in found
    assert "on any of its hosts" not in found
    write_service("one", "a.example.com")
    assert "services/one.yaml:7:1: one is never inspected on any of its hosts" in warnings(good)


def test_shadowed_rules_and_ties(good: Path, write_service) -> None:
    more = """\
fields:
- {at: a, is: email}
- {at: a, is: email, do: drop}
requests:
- match: POST /x
  body: [{at: a, is: phone}]
- match: POST /y
  body: [{at: b, is: phone}]
"""
    write_service("one", "a.example.com", more=more)
    assert warnings(good).splitlines() == [
        "services/one.yaml:10:3: as precise as the rule at line 9 for a same value, which wins: "
        "join them",
        "services/one.yaml:10:3: this rule never decides: others always win over it",
    ]


def test_a_file_that_is_not_read_is_named(good: Path) -> None:
    for name in ("services/two.YAML", "services/.hidden", "services/old.yaml~", "lists/mine.txt"):
        (good / name).write_text("x")
    assert warnings(good).splitlines() == [
        "lists/mine.txt:1:1: this file is not read, expected a name such as never-inspect-ours.txt",
        "services/two.YAML:1:1: this file is not read, expected a name such as name.yaml",
    ]


def test_a_class_scope_where_no_class_is_known(good: Path) -> None:
    path = good / "site.yaml"
    path.write_text(f"{GOOD_SITE}restore_scope: class\n")
    assert warnings(good).startswith("site.yaml:3:12: with 'restore_scope: class'")
    for more in ("classes: [3A]", "restore_scope: site"):
        site = GOOD_SITE.replace("group: pupils", f"group: pupils, {more}")
        path.write_text(f"{site}restore_scope: class\n")
        assert warnings(good) == ""
