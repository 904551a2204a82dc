from __future__ import annotations

import argparse
import json
import os
import sys
import types
from pathlib import Path

import pytest

from proxy.cli import lists as lists_verb
from proxy.cli.common import add_common, with_defaults


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site folder, and a loader that knows nothing but its root."""
    loader = types.ModuleType("proxy.site")
    loader.load_site = lambda root: types.SimpleNamespace(root=root, state_dir=root / "state")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "proxy.site", loader)
    (tmp_path / "lists" / "block").mkdir(parents=True)
    return tmp_path


def run(site: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    add_common(parser)
    lists_verb.add_arguments(parser)
    return lists_verb.run(with_defaults(parser.parse_args([*words, "--site", str(site)])))


def test_status_says_what_is_in_force_and_what_is_not(site, capsys):
    path = site / "lists" / "block" / "mine.txt"
    path.write_text("! Expires: 4 days\n||a.example^\n/ad/*\n##.ad\n||b.example^$csp=x\n")
    os.utime(path, (0, 0))
    assert run(site, "status") == 0
    out = capsys.readouterr().out
    assert "lists/block/mine.txt  (adblock; blocks what pages load)" in out
    assert "2 rules, 1 of them on whole hosts" in out
    assert "older than the 4 days" in out
    assert "lists/block/mine.txt:5: option csp: ||b.example^$csp=x" in out
    assert out.endswith("2 rules in force\n")


def test_status_as_json(site, capsys):
    (site / "lists" / "block" / "hosts.txt").write_text("0.0.0.0 a.example\n1.2.3.4 b.example\n")
    assert run(site, "status", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    (row,) = document["lists"]
    assert document["rules"] == row["rules"] == 1
    assert (row["syntax"], row["top_level"], row["file"]) == (
        "hosts", True, "lists/block/hosts.txt",
    )  # fmt: skip
    assert row["ignored"] == {"does not point at this machine": 1}
    assert row["problems"][0]["line"] == 2
    assert row["age_seconds"] < 60


def test_a_site_without_lists_says_where_to_put_one(site, capsys):
    assert run(site, "status") == 0
    assert "lists/block; add a .txt file there" in capsys.readouterr().out
