"""The requirements files: everything fixed by hash, no word on where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("run", "dev", "bench")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines(name: str) -> list[str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def pins(name: str) -> dict[tuple[str, str], str]:
    """(package, marker) → version."""
    matches = (PIN.match(line) for line in lines(name))
    return {(m[1], m[3] or ""): m[2] for m in matches if m}


def normal(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>;\s]", requirement)[0]).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_pin_or_its_hash(name: str) -> None:
    before = ""
    for line in lines(name):
        assert PIN.match(line) or HASH.match(line), line
        if PIN.match(line):
            assert not before.endswith("\\"), f"no hash above {line}"
        before = line
    assert HASH.match(before)


@pytest.mark.parametrize("name", LOCKS)
def test_no_line_says_where_packages_come_from(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host| @ |^-e|^/", text, re.MULTILINE)


def test_dev_has_the_very_versions_that_run_has() -> None:
    dev = pins("dev")
    assert {key: dev.get(key) for key in pins("run")} == pins("run")


def test_every_requirement_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {"run": project["project"]["dependencies"], **project["dependency-groups"]}
    for name, requirements in groups.items():
        locked = {package for package, _ in pins(name)}
        assert {normal(requirement) for requirement in requirements} <= locked, name
