"""The page of traps names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/mitmproxy-traps.md").read_text(encoding="utf-8")
PLACES = (
    "addons/mends/test_mends_{}.py",
    "addons/test_addons_{}.py",
    "faults/test_faults_{}.py",
    "faults/test_chaos_{}.py",
    "conform/test_conform_{}.py",
    "proxy/supervisor/test_{}.py",
    "deploy/test_deploy_{}.py",
)


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(\w+)::(test_\w+)`", PAGE)
    assert len(named) > 90
    for file, test in named:
        texts = [path.read_text() for p in PLACES if (path := TESTS / p.format(file)).exists()]
        assert any(f"def {test}(" in text for text in texts), f"{file}::{test}"


def test_every_trap_has_a_test() -> None:
    rows = re.findall(r"(?m)^\| (?!trap|---)(.+?) \| (.+) \|$", PAGE)
    assert len(rows) > 50
    assert [trap for trap, tests in rows if "::test_" not in tests] == []
