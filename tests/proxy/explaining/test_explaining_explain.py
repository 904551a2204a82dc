"""``explain`` asks what the gateway asks, so it cannot say anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.errors import InputError
from proxy.explaining import Question, explain
from proxy.runtime import open_snapshot

POLICIES = Path(__file__).parents[3] / "policies"


@pytest.mark.parametrize(
    ("url", "decision", "reason", "file"),
    [
        ("https://www.google-analytics.com/g/collect", "block", "tracker-blocked", "lists/block/"),
        ("https://classroom.googleapis.com/v1/courses", "forward", "", "services/google-class"),
        ("https://unknown.example/", "refuse", "unknown-service", "site.yaml"),
        ("https://10.1.2.3/", "refuse", "ip-literal", "site.yaml"),
        ("https://gateway.icloud.com/", "tunnel", "", "lists/never-inspect.txt"),
    ],
)
def test_decisions_name_file_and_line(url: str, decision: str, reason: str, file: str) -> None:
    answer = explain(open_snapshot(POLICIES), Question(url, type="script"))
    assert (answer.decision, answer.reason) == (decision, reason)
    assert answer.file.startswith(file)
    line = (POLICIES / answer.file).read_text().splitlines()[answer.line - 1]
    assert line.strip()


@pytest.mark.parametrize("url", ["", "nothing", "ftp://x.example/", "https://", "https://[::1"])
def test_what_is_not_a_url_is_an_input_error(url: str) -> None:
    with pytest.raises(InputError):
        explain(open_snapshot(POLICIES), Question(url))


def test_an_unknown_type_lists_the_known() -> None:
    with pytest.raises(InputError, match="document"):
        explain(open_snapshot(POLICIES), Question("https://x.example/", type="scrpt"))
