"""``preau ca``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509

from proxy.ca import ca_info
from proxy.cli import main


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of which only what the verb needs is there."""
    (tmp_path / "site.yaml").write_text("site: Exemple\npseudonym_domain: p.exemple.example\n")
    return tmp_path


def run(site: Path, *words: str) -> int:
    return main([*words, "--site", str(site)])


def test_init_makes_it_once_and_shows_the_fingerprint(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(site, "ca", "init", "--name", "Exemple") == 0
    info = ca_info(site / "state" / "ca")
    assert info.subject == "Exemple"
    assert info.fingerprint in capsys.readouterr().out
    assert run(site, "ca", "init") == 2
    assert "never overwritten" in capsys.readouterr().err


def test_init_confines_it(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site, "ca", "init", "--permit", "a.example", "--permit", "b.example", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["permitted"] == ["a.example", "b.example"]
    assert document["fingerprint_sha256"] == ca_info(site / "state" / "ca").fingerprint


def test_export_writes_the_certificate_only(
    site: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    run(site, "ca", "init")
    capsysbinary.readouterr()
    assert run(site, "ca", "export", "--format", "der") == 0
    captured = capsysbinary.readouterr()
    assert x509.load_der_x509_certificate(captured.out)
    assert ca_info(site / "state" / "ca").fingerprint.encode() in captured.err


def test_export_to_a_file(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(site, "ca", "init")
    file = site / "ca.pem"
    assert run(site, "ca", "export", "--output", str(file)) == 0
    assert x509.load_pem_x509_certificate(file.read_bytes())
    assert str(file) in capsys.readouterr().out
    assert run(site, "ca", "export", "--output", str(site / "no" / "ca.pem")) == 2


def test_export_as_json_is_one_document(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(site, "ca", "init")
    capsys.readouterr()
    assert run(site, "ca", "export", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert x509.load_pem_x509_certificate(document["pem"].encode())
    assert "PRIVATE" not in document["pem"]


def test_export_before_init_is_a_refusal(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site, "ca", "export") == 1
    assert "run preau ca init" in capsys.readouterr().err
