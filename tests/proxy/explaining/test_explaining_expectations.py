"""``preau test``: what a site expects, and the exit code that says whether it is so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proxy.cli import main

POLICIES = Path(__file__).parents[3] / "policies"

GOOD = """\
tests:
  - name: denied at night
    given: {url: https://classroom.googleapis.com/, group: pupils, at: 2026-11-24 23:30}
    expect: {decision: refuse, reason: rule-denied, who_when: at-night}
  - name: open by day
    given: {url: https://classroom.googleapis.com/, group: pupils, at: 2026-11-24 10:05}
    expect: forward
  - name: nobody's
    given: https://unknown.example/
    expect: refuse
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    shutil.copytree(POLICIES, tmp_path / "site", ignore=shutil.ignore_patterns("state"))
    (tmp_path / "site/rules.yaml").write_text(
        "rules: [{rule: at-night, who: {groups: pupils}, when: night,"
        " services: google-classroom, treatment: deny}]"
    )
    (tmp_path / "site/tests/own.yaml").write_text(GOOD)
    return tmp_path / "site"


def test_all_as_expected_is_0(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--site", str(site), "-v"]) == 0
    out = capsys.readouterr().out
    assert "denied at night" in out
    assert "rules.yaml:1" in out
    assert "10 good, 0 not as expected" in out


def test_what_is_not_as_expected_is_1_and_says_what_is(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site / "tests/own.yaml"
    file.write_text(GOOD.replace("23:30", "21:30"))
    assert main(["test", "--site", str(site), str(file)]) == 1
    out = capsys.readouterr().out
    assert "tests/own.yaml:2" in out
    assert "decision: 'forward', expected 'refuse'" in out
    assert main(["test", "--site", str(site), str(file), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["ok"] for one in document["tests"]] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "tests:\n  - {name: a, given: https://x.example/, expect: {decision: open}}",
            "own.yaml:2",
        ),
        ("tests:\n  - {name: a, given: {ur: x}, expect: forward}", "did you mean 'url'"),
        ("tests:\n  - {name: a, given: {url: x, at: soon}, expect: forward}", "2026-11-24 10:05"),
        ("tests: []", "at least one"),
    ],
)
def test_a_file_that_cannot_be_read_is_2(
    site: Path, text: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "tests/own.yaml").write_text(text)
    assert main(["test", "--site", str(site)]) == 2
    assert why in capsys.readouterr().err


def test_a_question_that_is_none_is_not_as_expected(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "tests/own.yaml").write_text("tests: [{name: a, given: nothing, expect: forward}]")
    assert main(["test", "--site", str(site)]) == 1
    assert "not a URL" in capsys.readouterr().out


def test_the_shipped_tests_are_good() -> None:
    assert main(["test", "--site", str(POLICIES)]) == 0
