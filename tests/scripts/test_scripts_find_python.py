"""Finding an interpreter: only one that really runs counts, under whatever name it hides."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

FINDER = Path(__file__).parents[2] / "scripts" / "find-python"
GOOD = getattr(sys, "_base_executable", sys.executable)
BROKEN = "echo 'not found: set a version first' >&2; exit 127"
OLD = "case \"$3\" in *print*'%d'*) echo 3.11.2 ;; *) exit 1 ;; esac"


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def works() -> str:
    return f'exec {shlex.quote(GOOD)} "$@"'


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A PATH of its own: the few programs the finder uses, and no Python at all."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("env", "sort", "cat"):
        os.symlink(f"/usr/bin/{name}", folder / name)
    return folder


def find(bin_folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    home = str(bin_folder.parent / "home")
    return subprocess.run(
        ["/bin/sh", str(FINDER)],
        env={"PATH": str(bin_folder), "HOME": home, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def expect_good(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).resolve() == Path(GOOD).resolve()


def test_a_program_that_exists_and_fails_is_passed_over(bin_folder: Path) -> None:
    for name in ("python3.13", "python3.12", "python3"):
        program(bin_folder, name, BROKEN)
    program(bin_folder, "python", works())
    expect_good(find(bin_folder))


def test_an_old_python3_is_passed_over(bin_folder: Path) -> None:
    program(bin_folder, "python3", OLD)
    program(bin_folder, "python3.12", works())
    expect_good(find(bin_folder))


def test_a_version_that_only_pyenv_knows_is_found(bin_folder: Path) -> None:
    program(bin_folder, "pyenv", "printf '3.9.1\\n3.13.0\\n3.11.2\\n'")
    shim = f'case "${{PYENV_VERSION:-}}" in 3.13.0) {works()} ;; *) {BROKEN} ;; esac'
    program(bin_folder, "python", shim)
    program(bin_folder, "python3", shim)
    expect_good(find(bin_folder))


def test_a_python_that_uv_keeps_is_found(bin_folder: Path, tmp_path: Path) -> None:
    program(tmp_path / "managed", "python", works())
    program(bin_folder, "uv", f"echo {shlex.quote(str(tmp_path / 'managed' / 'python'))}")
    expect_good(find(bin_folder))


def test_a_python_under_home_is_found_when_the_shell_was_not_told(bin_folder: Path) -> None:
    folder = bin_folder.parent / "home" / ".pyenv" / "versions" / "any" / "bin"
    program(folder, "python", works())
    expect_good(find(bin_folder))


def test_a_named_python_is_tried_first(bin_folder: Path, tmp_path: Path) -> None:
    program(tmp_path / "mine", "snake", works())
    program(bin_folder, "python3", BROKEN)
    expect_good(find(bin_folder, PYTHON=str(tmp_path / "mine" / "snake")))


def test_a_named_python_that_does_not_fit_is_said_so(bin_folder: Path) -> None:
    program(bin_folder, "python3", works())
    result = find(bin_folder, PYTHON="no-such-python")
    expect_good(result)
    assert "PYTHON=no-such-python does not fit" in result.stderr


def test_when_none_fits_it_says_what_to_install(bin_folder: Path) -> None:
    program(bin_folder, "python3", OLD)
    result = find(bin_folder)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "python3 (3.11.2)" in result.stderr
    for word in ("3.12", "apt install", "dnf install", "brew install", "pyenv", "uv python"):
        assert word in result.stderr
