"""``preau lists update`` and ``status`` from outside, on a site with keys and a log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proxy.runtime import Runtime
from tests.sim.school import School
from tests.sim.served import inside

LIST = "! Expires: 4 days\n! Licence: CC BY-SA 3.0\n" + "".join(
    f"||t{n}.example^\n" for n in range(20)
)


@pytest.fixture
def school(tmp_path: Path) -> School:
    school = School(tmp_path, 2)
    text = "subscriptions:\n  - {name: mine, url: 'http://127.0.0.1:9/mine.txt', licence: free}\n"
    (school.root / "lists" / "subscriptions.yaml").write_text(text)
    return school


def lists(school: School, *words: str) -> tuple[int, dict]:
    done = inside("lists", *words, "--site", school.root, "--json")
    return done.returncode, json.loads(done.stdout)


def logged(school: School, kind: str) -> list[dict]:
    done = inside("audit", "query", "--site", school.root, "--type", kind, "--json")
    document = json.loads(done.stdout)
    return document["events"] if isinstance(document, dict) else document


def test_from_a_mirror_into_force_into_the_log(school: School, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "mine.txt").write_text(LIST)
    code, document = lists(school, "update", "--from", str(mirror))
    assert code == 0
    assert document["lists"][0]["state"] == "updated"
    (mirror / "mine.txt").write_text("||only.example^\n")
    code, document = lists(school, "update", "--from", str(mirror))
    assert code == 1
    assert document["lists"][0]["state"] == "rejected"
    code, document = lists(school, "status")
    assert code == 0
    (row,) = document["subscriptions"]
    assert row["licence"] == "free"
    assert row["age_seconds"] < 300
    assert "more than half" in row["problem"]
    mine = next(one for one in document["lists"] if one["name"] == "mine")
    assert (mine["rules"], mine["licence"]) == (20, "CC BY-SA 3.0")
    (updated,) = logged(school, "list-updated")
    assert (updated["list"], updated["entries"]) == ("mine", 20)
    (rejected,) = logged(school, "list-rejected")
    assert rejected["list"] == "mine"


def test_a_running_gateway_takes_the_new_list_and_says_so(school: School, tmp_path: Path) -> None:
    runtime = Runtime.open(school.root)
    try:
        assert runtime.snapshot().blocker.check_host("t3.example") is None
        file = tmp_path / "mine.txt"
        file.write_text(LIST)
        assert lists(school, "update", "mine", "--from", str(file))[0] == 0
        runtime.refresh()
        assert runtime.snapshot().blocker.check_host("t3.example").list == "mine"
        before = runtime.snapshot()
        yaml = school.root / "lists" / "subscriptions.yaml"
        yaml.write_text("subscriptions: [{name: x}]\n")
        runtime.refresh()
        runtime.refresh()
        assert runtime.snapshot().blocker is before.blocker
        yaml.write_text("subscriptions: []\n")
        runtime.refresh()
        assert runtime.snapshot().blocker.check_host("t3.example") is None
    finally:
        runtime.close()
    assert len(logged(school, "list-rejected")) == 1


def test_a_mistake_in_the_file_fails_the_check(school: School) -> None:
    yaml = school.root / "lists" / "subscriptions.yaml"
    assert inside("check", "--site", school.root).returncode == 0
    yaml.write_text("subscriptions:\n  - {name: x, url: nowhere}\n")
    done = inside("check", "--site", school.root)
    assert done.returncode == 1
    assert "lists/subscriptions.yaml:2:" in done.stdout.decode()
