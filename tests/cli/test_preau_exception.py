"""``preau exception``, ``check`` and ``block log`` from outside, on a site with a log."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pytest

from proxy.cli import block
from proxy.cli.common import with_defaults
from proxy.engine import Client
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import HOST, School
from tests.sim.served import inside

OWNER, REASON = "Madame Exemple", "semaine de la presse"


@pytest.fixture
def school(tmp_path: Path) -> School:
    school = School(tmp_path, 2)
    school.write("lists/block/own.txt", f"! category: analytics\n||{HOST}/stats^\n")
    return school


def preau(school: School, *words: str) -> tuple[int, dict, str]:
    done = inside(*words, "--site", school.root, "--json")
    text = done.stdout.decode()
    return done.returncode, json.loads(text) if text else {}, done.stderr.decode()


def add(school: School, *words: str) -> tuple[int, dict, str]:
    return preau(school, "exception", "add", *words, "--owner", OWNER, "--reason", REASON)


def logged(school: School, kind: str) -> list[dict]:
    done = inside("audit", "query", "--site", school.root, "--type", kind, "--json")
    return json.loads(done.stdout)


def test_its_whole_life_is_in_the_log_without_a_persons_word(school: School) -> None:
    code, row, _ = add(school, HOST, "--for", "30m", "--group", "pupils", "--id", "presse")
    assert (code, row["id"], row["state"]) == (0, "presse", "in force")
    runtime = Runtime.open(school.root)
    try:
        ruling = runtime.engine.begin(head(target="/stats/1"), Client("S", "pupils", "0" * 16))
        assert ruling.exchange is not None
        assert [event["exception"] for event in ruling.exchange.events] == ["presse"]
    finally:
        runtime.close()
    code, document, _ = preau(school, "exception", "list")
    assert (document["exceptions"][0]["owner"], document["exceptions"][0]["reason"]) == (
        OWNER,
        REASON,
    )
    assert preau(school, "exception", "revoke", "presse")[0] == 0
    assert preau(school, "exception", "revoke", "presse")[0] == 2
    code, document, _ = preau(school, "exception", "list")
    assert document["exceptions"] == []
    (added,), (revoked,) = logged(school, "exception-added"), logged(school, "exception-revoked")
    assert (added["exception"], added["group"], added["milliseconds"]) == (
        "presse",
        "pupils",
        1_800_000,
    )
    assert revoked["exception"] == "presse"
    assert OWNER not in json.dumps([added, revoked])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((HOST, "--for", "2 weeks"), "30m, 2h"),
        ((HOST, "--until", "2020-01-01 10:00"), "over already"),
        ((HOST, "--for", "1h", "--service", "nuage-classe"), "exactly one"),
        (("--service", "nobody", "--treatment", "deny", "--for", "1h"), "no service"),
        ((HOST, "--for", "999d"), "year"),
        (("https://x.example/", "--for", "1h"), "expected a host"),
        ((HOST, "--for", "1h", "--group", "pupil"), "pupils"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    school: School, words: tuple[str, ...], why: str
) -> None:
    code, _, said = add(school, *words)
    assert code == 2
    assert why in said
    assert not (school.root / "exceptions.yaml").exists()
    assert logged(school, "exception-added") == []


def test_without_an_end_an_owner_or_a_reason_there_is_no_exception(school: School) -> None:
    for words in (
        ("--owner", OWNER, "--reason", REASON),
        ("--for", "1h", "--reason", REASON),
        ("--for", "1h", "--owner", OWNER),
    ):
        assert preau(school, "exception", "add", HOST, *words)[0] == 2


def test_check_tells_of_ended_shadowed_and_idle_entries(school: School) -> None:
    end = "owner: o, reason: r, from: 2026-01-24 10:00, until: 2026-01-24 11:00"
    school.write("exceptions.yaml", f"exceptions:\n- {{id: e, hosts: h.e, blocking: off, {end}}}\n")
    school.write(
        "rules.yaml",
        "rules:\n"
        "- {rule: wide, hosts: [a.e, b.e], blocking: off}\n"
        "- {rule: never, who: {groups: staff}, hosts: a.e, blocking: on}\n"
        "- {rule: nobody, who: {schools: NOWHERE, classes: 9Z}, hosts: c.e, blocking: off}\n"
        "- {rule: no-list, lists: nothing, blocking: off}\n",
    )
    code, document, _ = preau(school, "check")
    assert code == 0
    said: dict[tuple[str, int], str] = {}
    for one in document["warnings"]:
        place = (one["file"], one["line"])
        said[place] = f"{said.get(place, '')} {one['message']}"
    assert "it ended at 2026-01-24 11:00:00" in said["exceptions.yaml", 2]
    assert "never decides" in said["rules.yaml", 3]
    assert "class 9Z" in said["rules.yaml", 4]
    assert "no block list nothing" in said["rules.yaml", 5]
    assert ("rules.yaml", 2) not in said


def test_the_block_log_shows_what_was_decided_and_goes_on_with_what_comes(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = Runtime.open(school.root)
    client = Client("S", "pupils", "0" * 16)

    def ask(target: str, **kwargs: str) -> None:
        ruling = runtime.engine.begin(head(target=target, **kwargs), client)  # type: ignore[arg-type]
        runtime.audit.record_sync(ruling.events)

    try:
        ask("/stats/Camille.js?who=Camille")
        ask("/", host="nobody.example")
        code, document, _ = preau(school, "block", "log")
        assert code == 0
        assert [one["decision"] for one in document["events"]] == ["block", "refuse"]
        blocked = document["events"][0]
        assert (blocked["host"], blocked["list"], blocked["request_type"]) == (
            HOST,
            "own",
            "script",
        )
        assert "Camille" not in json.dumps(document)
        for words, count in (
            (("--list", "own"), 1),
            (("--type", "image"), 0),
            (("--decision", "refuse"), 1),
            (("--group", "staff"), 0),
            (("--service", "nuage-classe"), 1),
        ):
            assert len(preau(school, "block", "log", *words)[1]["events"]) == count, words

        class Enough(Exception):
            pass

        rounds = iter([lambda: ask("/stats/2.gif"), lambda: None])

        def wait(_seconds: float) -> None:
            act = next(rounds, None)
            if act is None:
                raise Enough
            act()

        parser = argparse.ArgumentParser()
        block.add_arguments(parser)
        args = parser.parse_args(["log", "--follow", "--json"])
        args.site = school.root
        with pytest.raises(Enough):
            block.run(with_defaults(args), wait)
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["request_type"] == "image"
    finally:
        runtime.close()


def test_a_log_that_may_not_be_read_says_what_to_do(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object) -> None:
        raise PermissionError(13, "no", "segments/0")

    monkeypatch.setattr(block, "Tail", refused)
    code, _, said = preau(school, "block", "log")
    assert code == 2
    assert "join the group" in said


def test_a_tail_finds_the_segment_to_begin_with_and_crosses_segments(school: School) -> None:
    from proxy.audit import make_event
    from proxy.audit.tail import Tail

    runtime = Runtime.open(school.root)
    try:
        old = [make_event("gateway-started", at=time.time() - 9_000) for _ in range(1030)]
        runtime.audit.record_sync(old)
        tail = Tail(runtime.site.audit_dir, None)
        assert list(tail.read()) == []
        runtime.audit.record_sync([make_event("gateway-started") for _ in range(1030)])
        numbers = [number for number, _ in tail.read()]
        assert numbers == list(range(numbers[0], numbers[0] + 1030))
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3_000))
        first = next(iter(Tail(runtime.site.audit_dir, since).read()))[0]
        assert first == 1024
    finally:
        runtime.close()
