"""The ``needs`` mark: a skip that is named on a person's machine, a failure in CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """
import pytest
from scripts import tools
tools.TOOLS["unobtainium"] = tools.Tool("unobtainium", ("no-such-program",), "an unobtainium mine")
pytest_plugins = ["tests.plugins.needs"]
"""
TESTS = """
import pytest

@pytest.mark.needs("unobtainium")
def test_that_cannot_run(): pass

def test_that_can(): pass
"""


def run(folder: Path, *options: str, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project of two tests, one of which needs what no machine has."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_two.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    marker = "markers=needs(tool): a program"
    return subprocess.run(
        [*command, "-o", marker, "-o", f"pythonpath={ROOT}", "--rootdir", str(folder), str(folder)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "CI": "true" if ci else ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one-process", "xdist"])
def test_a_missing_tool_skips_and_is_named_at_the_end(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = run(tmp_path, *options, ci=False)
    assert result.returncode == 0, result.stdout
    assert "1 passed, 1 skipped" in result.stdout
    line = "test_two.py::test_that_cannot_run: needs unobtainium. Install an unobtainium mine."
    assert line in result.stdout


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one-process", "xdist"])
def test_a_missing_tool_fails_in_ci(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = run(tmp_path, *options, ci=True)
    assert result.returncode == 1
    assert "skipped" not in result.stdout
    assert "install an unobtainium mine" in result.stdout


def test_a_tool_nobody_knows_is_an_error_not_a_skip(tmp_path: Path) -> None:
    (tmp_path / "test_typo.py").write_text(TESTS.replace("unobtainium", "unobtanium"))
    result = run(tmp_path, ci=False)
    assert result.returncode != 0
    assert "no tool ['unobtanium']" in result.stdout + result.stderr
