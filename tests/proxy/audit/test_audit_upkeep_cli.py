"""``preau audit prune``, ``preau keys rotate`` and what they leave in the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proxy.audit import query, verify
from proxy.cli import main

SITE = """\
site: Collège Essai
audit: {retention_months: 6, administration_months: 12}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(SITE)
    assert main(["keys", "init", "--site", str(tmp_path)]) == 0
    return tmp_path


def types(site: Path) -> list[str]:
    return [str(one.event["type"]) for one in query(site / "state/audit")]


def test_making_and_changing_keys_is_recorded(site: Path) -> None:
    assert main(["keys", "rotate", "--yes", "--site", str(site)]) == 0
    assert main(["keys", "rotate", "--audit", "--site", str(site)]) == 0
    assert main(["ca", "init", "--site", str(site)]) == 0
    found = query(site / "state/audit", {"type": "key-rotated"})
    assert [(one.event["key"], one.event["key_version"]) for one in found] == [
        ("root", 1),
        ("root", 2),
        ("audit", 2),
        ("ca", 1),
    ]
    assert verify(site / "state/audit").problems == []
    assert main(["audit", "verify", "--site", str(site)]) == 0


def test_prune_destroys_the_keys_of_old_days(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = site / "state/audit/client-keys"
    keys.mkdir(exist_ok=True)
    secret = b"k" * 32
    (keys / "2020-01-01.key").write_bytes(secret)
    capsys.readouterr()
    assert main(["audit", "prune", "--dry-run", "--json", "--site", str(site)]) == 0
    assert json.loads(capsys.readouterr().out)["client_keys_destroyed"] == 0
    assert main(["audit", "prune", "--json", "--site", str(site)]) == 0
    assert json.loads(capsys.readouterr().out)["client_keys_destroyed"] == 1
    assert not any(secret in path.read_bytes() for path in site.rglob("*") if path.is_file())
    assert "admin-act" in types(site)


@pytest.mark.parametrize("months", ["retention_months: 24", "blocking_months: 3"])
def test_more_or_less_than_advised_needs_a_reason(site: Path, months: str) -> None:
    (site / "site.yaml").write_text(f"site: Collège Essai\naudit: {{{months}}}\n")
    assert main(["audit", "prune", "--site", str(site)]) == 2
    (site / "site.yaml").write_text(
        f"site: Collège Essai\naudit: {{{months}, reason: asked for}}\n"
    )
    assert main(["audit", "prune", "--site", str(site)]) == 0
