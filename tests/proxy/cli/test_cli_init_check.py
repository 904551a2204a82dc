"""``preau init`` and ``preau check`` from the command line, as people and programs run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proxy.cli import init, main


def test_a_new_site_checks_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "new"
    assert main(["init", str(site)]) == 0
    assert f"preau serve --site {site}" in capsys.readouterr().out
    assert main(["check", "--site", str(site)]) == 0
    out = capsys.readouterr().out
    services = len(list((site / "services").glob("*.yaml")))
    assert f"Good: {services} services" in out
    assert "services/google-classroom.yaml:" in out
    assert not (site / "state").exists()
    first = (site / "services" / "apple.yaml").read_text().splitlines()[0]
    schema = site / "services" / first.partition("$schema=")[2]
    assert json.loads(schema.read_text())["title"].startswith("Préau")


def test_check_tells_every_problem_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "new"
    main(["init", str(site)])
    with (site / "site.yaml").open("a") as stream:
        stream.write("unknown_servise: deny\n")
    pack = site / "services" / "apple.yaml"
    pack.write_text(pack.read_text().replace("treatment: tunnel", "treatment: tunel"))
    capsys.readouterr()
    assert main(["check", "--site", str(site)]) == 1
    out = capsys.readouterr().out
    assert "did you mean 'tunnel'?" in out
    assert "did you mean 'unknown_service'?" in out
    assert "2 problems: this site cannot be applied." in out
    assert main(["check", "--json", "--site", str(site)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["digest"]) == (False, None)
    assert [problem["file"] for problem in document["problems"]] == [
        "services/apple.yaml",
        "site.yaml",
    ]
    assert all(problem["line"] > 1 for problem in document["problems"])


def test_init_refuses_a_folder_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious")
    assert main(["init", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "mine")]) == 2
    assert (tmp_path / "mine").read_text() == "precious"


def test_check_of_no_site_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--site", str(tmp_path / "absent")]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"preau init {tmp_path / 'absent'}" in shown.err


def test_an_installed_wheel_carries_its_own_default_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "proxy"
    shutil.copytree(init.default_site(), package / "_policies")
    monkeypatch.setattr(init, "_PACKAGE", package)
    assert init.default_site() == package / "_policies"
    assert "site.yaml" in init.write_site(tmp_path / "new")
