"""``explain`` asks what the gateway asks, so it cannot say anything else."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from proxy.cli import main
from proxy.errors import InputError
from proxy.explaining import Explanation, Question, explain
from proxy.explaining.ways import Way
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


RULES = """\
rules:
  - {rule: at-night, who: {groups: pupils}, when: night, services: google-classroom,
     treatment: deny}
  - {rule: widget, who: {schools: S1}, hosts: classroom.googleapis.com, blocking: off}
"""
CLASSROOM = "https://classroom.googleapis.com/v1/courses"
OWN = "||classroom.googleapis.com/beacon^$ping\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(POLICIES, tmp_path / "site", ignore=shutil.ignore_patterns("state"))
    return tmp_path / "site"


def ask(root: Path, url: str, **kwargs: str) -> Explanation:
    return explain(open_snapshot(root), Question(url, **kwargs))


def test_who_and_when_are_explained(root: Path) -> None:
    (root / "rules.yaml").write_text(RULES)
    night = ask(root, CLASSROOM, group="pupils", at="2026-11-24 23:00")
    assert (night.decision, night.reason) == ("refuse", "rule-denied")
    assert (night.who_when, night.who_when_at) == ("at-night", "rules.yaml:2")
    assert night.file == "rules.yaml"
    day = ask(root, CLASSROOM, group="pupils", at="2026-11-24 12:00")
    assert day.decision == "forward"
    assert [(one.where, one.why) for one in day.considered] == [
        ("rules.yaml:2", "it does not hold at this time"),
        ("rules.yaml:4", "it is for other schools"),
    ]
    staff = ask(root, CLASSROOM, group="staff", at="2026-11-24 23:00")
    assert staff.considered[0].why == "it is for another group"


def test_a_tunnelled_host_is_explained_too(root: Path) -> None:
    (root / "rules.yaml").write_text(
        "rules: [{rule: no-cloud, who: {groups: pupils}, hosts: gateway.icloud.com,"
        " treatment: deny}]"
    )
    assert ask(root, "https://gateway.icloud.com/", group="staff").decision == "tunnel"
    refused = ask(root, "https://gateway.icloud.com/", group="pupils")
    assert (refused.reason, refused.who_when) == ("rule-denied", "no-cloud")


def test_a_line_of_a_list_that_an_exception_spares_is_shown(root: Path) -> None:
    (root / "lists/block/own.txt").write_text(OWN + "@@||classroom.googleapis.com/beacon/ok$ping\n")
    url = "https://classroom.googleapis.com/beacon/ok"
    answer = ask(root, url, type="ping", source="x.example")
    assert answer.decision == "forward"
    (one,) = answer.considered
    assert one.where == "lists/block/own.txt:1"
    assert "lists/block/own.txt:2" in one.why


def test_the_body_shows_the_field_rules_it_meets_and_no_value(root: Path) -> None:
    body = b'{"profile": {"name": {"givenName": "Camille"}}, "userId": "camille@school.example"}'
    url = "https://classroom.googleapis.com/v1/courses/7/students"
    answer = explain(open_snapshot(root), Question(url, method="POST"), body)
    assert {one.kind for one in answer.fields} >= {"email"}
    assert all(one.file == "services/google-classroom.yaml" for one in answer.fields)
    assert "amille" not in str(answer.document())


@pytest.mark.parametrize(
    ("url", "kind", "group"),
    [
        ("https://classroom.googleapis.com/beacon/1", "ping", "pupils"),
        ("https://classroom.googleapis.com/beacon/1", "document", "pupils"),
        ("https://unknown.example/", "script", "staff"),
        (CLASSROOM, "xmlhttprequest", "pupils"),
    ],
)
def test_what_is_said_to_change_a_decision_does_change_it(
    root: Path, url: str, kind: str, group: str
) -> None:
    """Each way is followed to the letter, on a site of its own, and the decision asked again."""
    own = "! Top-level: yes\n||classroom.googleapis.com/beacon^\n"
    (root / "lists/block/own.txt").write_text(own)
    (root / "rules.yaml").write_text(RULES.replace(" when: night,", ""))
    question = {"type": kind, "group": group, "at": "2026-11-24 23:00"}
    if url != CLASSROOM:
        question["group"] = "staff"  # the rule for pupils is not what is asked about
    before = ask(root, url, **question)
    assert before.unblock
    for way in before.unblock:
        copy = root.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy)
        if follow(copy, way):
            after = ask(
                copy, url, **{**question, "at": ""} if "exception" in way.what else question
            )
            assert after.decision in ("forward", "tunnel"), way


def follow(site: Path, way: Way) -> bool:
    """Do what a way says; whether it is one that needs nobody's judgement."""
    file = site / way.where.partition(" ")[0].partition(":")[0] if way.where else None
    if file is None:
        words = shlex.split(way.what)[1:]
        return main(["--site", str(site), *(word.replace("…", "somebody") for word in words)]) == 0
    if way.where.startswith("lists/"):
        head = "! Top-level: yes\n" if "Top-level" in way.where else ""
        with file.open("a") as stream:
            stream.write(f"{head}{way.what}\n")
        return True
    if way.where == "rules.yaml":
        text = file.read_text().replace("rules:\n", f"rules:\n  {way.what}\n", 1)
        file.write_text(text.replace("NAME", "name"))
        return True
    return False


def test_a_moment_that_never_happens_is_an_input_error(root: Path) -> None:
    with pytest.raises(InputError, match="never happens"):
        ask(root, CLASSROOM, at="2026-03-29 02:30")
