"""``preau keys``, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proxy.cli import main
from proxy.pseudonyms import keyfiles


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of which only what the verb needs is there."""
    (tmp_path / "site.yaml").write_text("site: Exemple\npseudonym_domain: p.exemple.example\n")
    return tmp_path


def run(site: Path, *words: str) -> int:
    return main(["keys", *words, "--site", str(site)])


def test_init_status_rotate(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site, "init") == 0
    assert "root-1" in capsys.readouterr().out
    assert run(site, "status", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [key["name"] for key in shown["keys"]] == ["site", "root-1"]
    secret = (site / "state" / "keys" / "root-1.key").read_text().splitlines()[4]
    assert run(site, "rotate") == 2
    assert "--yes" in capsys.readouterr().err
    assert run(site, "rotate", "--yes") == 0
    assert run(site, "status") == 0
    out = capsys.readouterr().out
    assert "root-2" in out
    assert secret not in out


def test_init_twice_is_an_input_error(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site, "init") == 0
    assert run(site, "init") == 2
    assert "holds erasure.key, root-1.key" in capsys.readouterr().err


def test_status_without_keys_or_with_others_fails(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "state").mkdir()
    assert run(site, "status") == 1
    assert "preau keys init" in capsys.readouterr().err
    assert run(site, "init") == 0
    assert run(site, "status") == 0
    folder = site / "state" / "keys"
    for path in folder.iterdir():
        path.unlink()
    keyfiles.initialise(folder)
    assert run(site, "status") == 1
    assert "another site.key" in capsys.readouterr().err
