"""The committed rules and alerts: each fires, each is silent, each has its runbook."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.cli import VERBS, build_parser
from proxy.metrics import EventType
from proxy.reasons import Reason

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
RUNBOOKS = ROOT / "docs/runbooks"


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((PROMETHEUS / name).read_text())


ALERTS: list[dict[str, Any]] = [
    rule for group in read("preau-alerts.yml")["groups"] for rule in group["rules"]
]
NAMES = [alert["alert"] for alert in ALERTS]


def promtool(*words: str) -> None:
    done = subprocess.run(
        ["promtool", *words], cwd=PROMETHEUS, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_promtool_accepts_rules_and_configuration() -> None:
    promtool("check", "rules", "preau-rules.yml", "preau-alerts.yml")
    promtool("check", "config", "prometheus.yml")


@pytest.mark.slow
@pytest.mark.needs("promtool")
@pytest.mark.parametrize("name", ["preau-alerts.test.yml", "preau-alerts-days.test.yml"])
def test_every_alert_fires_and_is_silent_as_written(name: str) -> None:
    promtool("test", "rules", name)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    cases = {
        case["name"]
        for name in ("preau-alerts.test.yml", "preau-alerts-days.test.yml")
        for case in read(name)["tests"]
    }
    assert cases == {f"{name} {what}" for name in NAMES for what in ("fires", "is silent")}


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert len(set(NAMES)) == len(NAMES)
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(NAMES)
    listed = set(re.findall(r"\]\((\w+)\.md\)", (RUNBOOKS / "README.md").read_text()))
    assert listed == set(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_says_what_is_wrong_in_two_languages_and_where_to_read_on(
    alert: dict[str, Any],
) -> None:
    told = alert["annotations"]
    assert set(told) == {
        "summary", "summary_fr", "description", "description_fr", "runbook_url",
    }  # fmt: skip
    assert all(len(text) > 15 for text in told.values())
    assert told["runbook_url"].endswith(f"docs/runbooks/{alert['alert']}.md")
    assert alert["labels"]["severity"] in ("critical", "warning")
    page = (RUNBOOKS / f"{alert['alert']}.md").read_text()
    for heading in ("## What is wrong", "## How to see it", "## What to do"):
        assert heading in page
    assert told["description"] in page
    assert told["description_fr"] in page


@pytest.mark.parametrize("name", ["preau-rules.yml", "preau-alerts.yml"])
def test_labels_in_expressions_are_words_of_the_closed_lists(name: str) -> None:
    text = (PROMETHEUS / name).read_text()
    for label, words in (("reason", Reason), ("type", EventType)):
        used = {
            word
            for found in re.findall(rf'\b{label}=~?"([^"]+)"', text)
            for word in found.split("|")
        }
        assert used <= {word.value for word in words}, label


def commands() -> set[str]:
    """Every command of ours that runbooks tell."""
    found = set()
    for page in RUNBOOKS.glob("*.md"):
        found.update(re.findall(r"`(preau [^`]+)`", page.read_text()))
    return found


@pytest.mark.parametrize("command", sorted(commands()))
def test_commands_that_runbooks_tell_exist(command: str) -> None:
    words = [word for word in command.split()[1:] if word not in ("URL",)]
    assert words[0] in VERBS
    try:
        build_parser(words).parse_args(words)
    except SystemExit:
        known = {
            "exception add",
            "ca export --format",
            "explain URL",
        }  # arguments left to the reader
        assert any(command.removeprefix("preau ").startswith(one) for one in known), command


def test_checks_that_runbooks_name_are_checks_of_the_doctor() -> None:
    rooms = "".join(p.read_text() for p in (ROOT / "proxy/doctor").glob("*.py"))
    for page in RUNBOOKS.glob("*.md"):
        for line in page.read_text().splitlines():
            if "`preau doctor`: line" in line:
                for name in re.findall(r"`([a-z-]+)`", line.partition("preau doctor`:")[2]):
                    stem = "store-" if name.startswith("store-") else f'"{name}"'
                    assert stem in rooms, (page.name, name)
