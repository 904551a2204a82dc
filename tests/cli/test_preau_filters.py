"""``explain``, ``pseudonymise`` and ``restore`` from outside, as scripts call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxy.cli import main
from tests.sim.school import HOST, SERVICE, TRACKER, School
from tests.sim.served import inside, preau


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("filters"), count=40)


def filtered(school: School, verb: str, stdin: bytes, *options: str) -> Any:
    return inside(verb, *of(school), *options, stdin=stdin)


def of(school: School) -> tuple[str | Path, ...]:
    return "--site", school.root, "--service", SERVICE


def work_of(school: School) -> str:
    pupil, friend = school.people[:2]
    student = {"name": pupil.full_name, "email": pupil.email, "score": 1.50}
    return json.dumps({"student": student, "text": f"Avec {friend.full_name}"}, ensure_ascii=False)


URL = ("--url", f"https://{HOST}/v1/classwork")


def test_out_and_back_is_the_identity(school: School) -> None:
    work = work_of(school)
    out = preau("pseudonymise", *of(school), *URL, stdin=work.encode())
    assert (out.returncode, out.stderr) == (0, b"")
    assert json.loads(out.stdout)["student"]["score"] == 1.5
    for person in school.people[:2]:
        for value in (person.full_name, person.email, person.family_name):
            assert value.lower() not in out.stdout.decode().lower()
    back = preau("restore", *of(school), *URL, stdin=out.stdout)
    assert (back.returncode, back.stdout.decode()) == (0, work)


def test_out_and_back_as_json(school: School) -> None:
    work = work_of(school)
    out = json.loads(filtered(school, "pseudonymise", work.encode(), "--json", *URL).stdout)
    assert out["target"] == "/v1/classwork"
    counts = {(one["kind"], one["action"]): one["count"] for one in out["identifiers"]}
    assert counts == {("full_name", "pseudonymise"): 2, ("email", "pseudonymise"): 1}
    back = filtered(school, "restore", out["body"].encode(), "--json", *URL)
    assert json.loads(back.stdout)["body"] == work


def test_rotation_keeps_old_pseudonyms_restorable(tmp_path: Path) -> None:
    school = School(tmp_path, count=20)
    work = work_of(school)
    old = filtered(school, "pseudonymise", work.encode(), *URL).stdout
    without_yes = inside("keys", "rotate", "--site", school.root)
    assert (without_yes.returncode, without_yes.stdout) == (2, b"")
    assert b"--yes" in without_yes.stderr
    assert inside("keys", "rotate", "--yes", "--site", school.root).returncode == 0
    new = filtered(school, "pseudonymise", work.encode(), *URL).stdout
    assert new != old
    for body in (old, new):
        assert filtered(school, "restore", body, *URL).stdout.decode() == work


@pytest.mark.parametrize(
    ("body", "options", "reason"),
    [
        (b'{"student": {"secret": "x"}}', (), "field-refused"),
        (
            b"\x89PNG\r\n\x1a\n\x00" + b"\x93\xff\x80" * 9,
            ("--content-type", "application/octet-stream"),
            "opaque-content",
        ),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_refused_is_1_with_the_reason_and_nothing_on_stdout(
    school: School, body: bytes, options: tuple[str, ...], reason: str, as_json: bool
) -> None:
    words = (*URL, *options, *(("--json",) if as_json else ()))
    done = filtered(school, "pseudonymise", body, *words)
    assert (done.returncode, done.stdout) == (1, b"")
    error = done.stderr.decode()
    assert (json.loads(error)["error"] if as_json else error).count(reason) == 1
    incident = error.partition("incident ")[2][:9]
    found = inside("audit", "query", "--site", school.root, "--incident", incident)
    assert reason in found.stdout.decode()


def test_a_service_or_address_that_is_not_there(school: School) -> None:
    done = inside("pseudonymise", "--site", school.root, "--service", "nuage-clase")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "did you mean 'nuage-classe'?" in done.stderr.decode()
    done = filtered(school, "pseudonymise", b"{}", "--url", "https://elsewhere.example/")
    assert done.stdout == b""
    assert done.returncode in (1, 2)


def test_explain_for_people_and_programs(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"https://{TRACKER}/x.js"
    site = ("--site", str(school.root))
    assert main(["explain", url, "--type", "script", *site]) == 0
    shown = capsys.readouterr().out
    assert "BLOCK  tracker-blocked" in shown
    assert "lists/block/test.txt:2" in shown
    assert main(["explain", f"https://{HOST}/v1/classwork", "--json", *site]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["decision"], document["service"]) == ("forward", SERVICE)
    assert document["file"] == f"services/{SERVICE}.yaml"
    assert document["line"] > 1


def test_explain_batch_answers_every_line_and_names_the_bad_ones(school: School) -> None:
    good = {"url": f"https://{TRACKER}/p.gif", "type": "image", "source": f"https://{HOST}/"}
    lines = [json.dumps(good), "not json", '{"url": 5}', "[]", '{"nothing": 1}', "", '"text"']
    lines += ['{"url": "https://a.example/", "type": "nonsense"}', "null", "1" * 5000]
    lines += [json.dumps({"url": f"https://{HOST}/", "method": "POST", "client": "127.0.0.1"})]
    stdin = "\n".join(lines).encode() + b"\n\xff\xfe\n"
    done = inside("explain", "--batch", "--site", school.root, stdin=stdin)
    assert (done.returncode, done.stderr) == (2, b"")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines) - 1 + 1  # the empty line has none, the last one is no text
    assert answers[0]["decision"] == "block"
    assert answers[-2]["decision"] == "forward"
    bad = [answer["error"] for answer in answers if "error" in answer]
    assert [error.partition(":")[0] for error in bad] == [
        f"line {number}" for number in (2, 3, 4, 5, 7, 8, 9, 10, 12)
    ]
    good_only = inside("explain", "--batch", "--site", school.root, stdin=lines[0].encode())
    assert good_only.returncode == 0
