"""The environment: made from the lock alone, whatever pip was told, and only once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import venv

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an empty lock, so that making its environment needs no registry."""
    for name in ("run", "dev", "bench"):
        lock = tmp_path / "requirements" / f"{name}.txt"
        lock.parent.mkdir(exist_ok=True)
        lock.write_text(f"# {name}\n")
    for package in ("proxy", "proxy/cli"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "proxy/cli/__main__.py").write_text("import sys; print(sys.argv[1:])")
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    return tmp_path


def test_settings_that_say_where_packages_come_from_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "kept")
        assert venv.pip_environment()[name] == "kept"


@pytest.mark.parametrize(
    "name", ["PIP_TARGET", "PIP_PREFIX", "PIP_NO_BINARY", "PIP_PRE", "PIP_ROOT", "PYTHONPATH"]
)
def test_settings_that_bend_the_lock_go(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "bent")
    assert name not in venv.pip_environment()


def test_a_constraint_or_user_setting_is_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONSTRAINT", "elsewhere.txt")
    monkeypatch.setenv("PIP_USER", "1")
    environment = venv.pip_environment()
    assert environment["PIP_CONSTRAINT"] != "elsewhere.txt"
    assert environment["PIP_USER"] == "0"


@pytest.mark.slow
def test_an_environment_is_made_once_per_lock(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not venv.is_ready("dev")
    assert venv.main(["--check", "dev"]) == 1
    assert venv.main(["dev"]) == 0
    assert venv.is_ready("dev")
    assert venv.is_ready("run"), "dev holds all of run"
    assert not venv.is_ready("bench")
    assert "Ready in" in capsys.readouterr().out
    assert venv.main(["dev"]) == 0
    assert capsys.readouterr().out == "", "nothing to do, nothing said"
    # The command runs the sources, from any folder, without that folder on its path.
    elsewhere = tmp_path / "elsewhere" / "proxy"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("raise SystemExit('the wrong proxy')")
    program = str(house / ".venv" / "bin" / "preau")
    arguments = ["a b", "--once"]
    result = subprocess.run(
        [program, *arguments], cwd=elsewhere.parent, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == str(arguments)
    # Another lock, another environment.
    (house / "requirements" / "dev.txt").write_text("# dev, changed\n")
    assert not venv.is_ready("dev")
    assert venv.is_ready("run")


def test_a_stamp_of_another_python_does_not_count(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house / ".venv").mkdir()
    venv.stamp_file("run").write_text(venv.stamp("run"))
    assert venv.is_ready("run")
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert not venv.is_ready("run")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of one package, in a folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "preau_probe-1.0.dist-info"
    with zipfile.ZipFile(folder / "preau_probe-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: preau-probe\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.parametrize("given", ["", f" --hash=sha256:{'0' * 64}"], ids=["none", "another"])
def test_a_package_without_its_own_hash_is_not_installed(
    house: Path, wheels: Path, capfd: pytest.CaptureFixture[str], given: str
) -> None:
    (house / "requirements" / "run.txt").write_text(f"preau-probe==1.0{given}\n")
    assert venv.install(Path(sys.executable), "run") != 0
    assert "hash" in capfd.readouterr().err.lower()
