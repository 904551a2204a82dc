"""``preau report``: where it goes, in what language, of what period."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reports_scene import make_site, write_log

from proxy.audit import make_event
from proxy.cli import main

WHAT = {"service": "nuage", "policy": "0" * 16, "counts": {"email": 1}}
IN = {"2025-10": 1_760_000_000, "2026-03": 1_773_000_000, "2026-11": 1_793_900_000}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = make_site(tmp_path / "site")
    log = [make_event("request-pseudonymised", at=at, **WHAT) for at in IN.values()]
    write_log(root / "state/audit", log)
    return root


@pytest.mark.parametrize("kind", ["families", "transfers", "record", "dpia", "year", "supplier"])
def test_each_report_is_a_page_or_a_document(
    kind: str, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", kind, *(["Nuage Inc."] if kind == "supplier" else []), "--site", str(site)]
    assert main(words) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert '<html lang="fr">' in page
    assert main([*words, "--language", "en", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["preau_report"], document["language"]) == (kind, "en")
    for name in ("report.html", "report.json"):
        assert main([*words, "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "report.html").read_text() == page
    assert json.loads((tmp_path / "report.json").read_text())["language"] == "fr"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], 3),
        (["2026"], 2),
        (["2025-2026"], 2),
        (["--since", "2026-03", "--until", "2026-04"], 1),
        (["2024"], 0),
    ],
)
def test_the_year_counts_what_is_in_it(
    words: list[str], count: int, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "year", *words, "--site", str(site), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["events"] == count


@pytest.mark.parametrize("year", ["26", "2026-2028", "soon", "2026 --since 2026"])
def test_a_year_that_is_none_is_a_clear_error(
    year: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "year", *year.split(), "--site", str(site)]) == 2
    assert "year" in capsys.readouterr().err


def test_a_site_without_a_log_still_informs_families(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_site(tmp_path / "site")
    assert main(["report", "families", "--site", str(root)]) == 0
    assert "ce rapport ne dit que ce que prévoit la politique" in capsys.readouterr().out
    assert main(["report", "supplier", "nuage", "--site", str(root)]) == 2
    assert main(["report", "year", "--site", str(root), "--dir", str(tmp_path / "no")]) == 2


def test_an_evidence_file_is_made_in_the_sites_own_log_only(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", "supplier", "nuage", "--site", str(site), "--out", str(tmp_path / "e.zip")]
    assert main([*words, "--dir", str(site / "state/audit")]) == 2
    assert "leave --dir out" in capsys.readouterr().err
    assert not (tmp_path / "e.zip").exists()
