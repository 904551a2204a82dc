"""A site as ``preau init`` writes it, filled in as an administrator would, with its cast."""

from __future__ import annotations

from pathlib import Path

from proxy.cli import main
from proxy.demo.people import Person, cast
from proxy.demo.rosters import write_oneroster
from proxy.demo.site import DOMAIN, SCHOOL

EDITS = {
    "networks:\n": f"networks:\n  - {{network: 127.0.0.0/8, school: {SCHOOL}, group: staff}}\n",
    "school_domains:\n": f"school_domains: [{DOMAIN}]\n",
    "# pseudonym_domain: pseudonymes.academie.example": f"pseudonym_domain: p.{DOMAIN}",
    "  uncloak: true": "  uncloak: false",
    "  # address: dpd@academie.example": f"  address: dpd@{DOMAIN}",
}


def make_site(root: Path, upstream_ca: Path, count: int = 40) -> list[Person]:
    """Write the site with the command line, give the people in its directory."""
    run("init", root)
    file = root / "site.yaml"
    text = file.read_text()
    for old, new in EDITS.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text + f"upstream_ca: {upstream_ca}\n")
    run("keys", "init", "--site", root)
    run("ca", "init", "--site", root)
    people = cast(count, school=SCHOOL)
    roster = root.parent / "roster"
    write_oneroster(people, roster)
    run("directory", "import", "--site", root, roster)
    return people


def run(*words: str | Path) -> None:
    """A verb that must succeed."""
    assert main([str(word) for word in words]) == 0
