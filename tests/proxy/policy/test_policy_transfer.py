"""What a policy says of the basis on which data leaves the EU."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.policy import Reading, read_policy

SERVICE = """\
service: nuage
title: Le nuage
purpose: Essais
supplier:
  name: Nuage
  country: {country}
  jurisdictions: [{country}]
  note: essai
{transfer}
charter: {{adhered: yes, evidence: x}}
hosts: [nuage.example]
treatment: {treatment}
"""


def reading(root: Path, transfer: str, country: str = "US", treatment: str = "inspect") -> Reading:
    (root / "services").mkdir(parents=True, exist_ok=True)
    (root / "site.yaml").write_text("site: Essai\n")
    text = SERVICE.format(country=country, transfer=transfer, treatment=treatment)
    (root / "services/nuage.yaml").write_text(text)
    return read_policy(root)


def warned(root: Path, transfer: str, **options: str) -> list[str]:
    return [
        str(one) for one in reading(root, transfer, **options).warnings if "services/" in str(one)
    ]


@pytest.mark.parametrize(
    ("transfer", "country", "expected"),
    [
        ("", "US", "on what basis may data leave the EU (US)?"),
        ("", "FR", ""),
        ("", "RE", ""),
        ("  transfer: {basis: to-confirm}", "US", "nobody has confirmed on what basis"),
        ("  transfer: {basis: standard-clauses}", "US", "without evidence"),
        ("  transfer: {basis: standard-clauses, evidence: annexe 2}", "US", ""),
        ("  transfer: {basis: adequacy, evidence: x}", "FR", "no country outside the EU"),
    ],
)
def test_what_is_missing_is_warned_about_at_its_line(
    transfer: str, country: str, expected: str, tmp_path: Path
) -> None:
    found = warned(tmp_path, transfer, country=country)
    assert len(found) == bool(expected)
    assert all(expected in one for one in found)


def test_a_denied_service_needs_no_basis(tmp_path: Path) -> None:
    assert not warned(tmp_path, "", treatment="deny")


def test_the_american_framework_is_for_american_law_only(tmp_path: Path) -> None:
    transfer = "  transfer: {basis: data-privacy-framework, evidence: x}"
    assert not reading(tmp_path / "us", transfer).problems
    problems = reading(tmp_path / "sg", transfer, "SG").problems
    assert "write another basis" in str(problems[0])


def test_an_unknown_basis_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    (problem,) = reading(tmp_path, "  transfer: {basis: trust-us}").problems
    assert "standard-clauses" in str(problem)
