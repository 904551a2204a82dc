"""Canaries: nobody's names, treated as everybody's, and an alarm where they should not be."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from proxy.decisions import Forward
from proxy.kinds import Kind
from tests.proxy.rights.conftest import JSON, OTHER, OTHER_HOST, begun, sent
from tests.sim.school import SERVICE
from tests.sim.served import inside


def plant(scene, count=3):
    with scene.desk() as desk:
        desk.canaries_planted(count, "")
        return {
            canary.name: {value.kind: value.shown for value in held}
            for canary, held in desk.planted()
        }


def alarms(ruling):
    return [
        (e["canary"], e.get("origin", ""), e["service"])
        for e in ruling.events
        if e["type"] == "canary-seen"
    ]


def test_a_canary_in_clear_raises_an_alarm_and_the_sender_sees_nothing(scene, opened):
    (name, values), *_ = plant(scene).items()
    runtime = opened()
    person = scene.alone()
    for field, kind in (("name", Kind.FULL_NAME), ("email", Kind.EMAIL), ("login", Kind.LOGIN)):
        ruling = sent(runtime, {field: values[kind]})
        assert alarms(ruling) == [(name, "", SERVICE)]
        assert isinstance(ruling.decision, Forward)
        assert values[kind].encode() not in ruling.decision.body
        like = sent(runtime, {"name": person.full_name}).decision
        if field == "name":
            assert len(like.body) == len(ruling.decision.body)
            assert like.headers == ruling.decision.headers
    text = f"Liste : {values[Kind.FULL_NAME]}, {person.full_name}"
    assert alarms(sent(runtime, {"work": text})) == [(name, "", SERVICE)]
    assert alarms(sent(runtime, {"work": "rien de tel"})) == []


def test_one_services_pseudonym_at_another_raises_an_alarm(scene, opened):
    (name, values), *_ = plant(scene).items()
    runtime = opened()
    pseudonymous = sent(runtime, {"name": values[Kind.FULL_NAME], "email": values[Kind.EMAIL]})
    body = pseudonymous.decision.body
    again = runtime.engine.protect(begun(runtime), body)
    assert alarms(again) == []  # a service's own pseudonym, sent to it: as every day
    given_away = runtime.engine.protect(begun(runtime, host=OTHER_HOST), body)
    assert alarms(given_away) == [(name, SERVICE, OTHER)]
    published = runtime.engine.restore(begun(runtime, host=OTHER_HOST), JSON, body.upper())
    assert alarms(published) == [(name, SERVICE, OTHER)]
    own = runtime.engine.restore(begun(runtime), JSON, body)
    assert alarms(own) == []


def test_canaries_are_nobody_and_leave_again(scene, opened):
    before = [person.full_name for person in scene.people]
    planted = plant(scene, 4)
    assert len(planted) == 4
    families = Counter(p.family_name for p in scene.people)
    with scene.desk() as desk:
        for values in planted.values():
            assert values[Kind.FULL_NAME] not in before
            assert values[Kind.FAMILY_NAME] not in families
            assert desk.find(values[Kind.FULL_NAME]) == []
            assert desk.find(values[Kind.EMAIL]) == []
        assert desk.canaries_removed() == 4
        assert desk.planted() == []
    runtime = opened()
    for values in planted.values():
        assert runtime.snapshot().index.lookup(Kind.EMAIL, values[Kind.EMAIL]) is None
        assert alarms(sent(runtime, {"name": values[Kind.FULL_NAME]})) == []
    assert runtime.snapshot().index.lookup(Kind.EMAIL, scene.alone().email)


def test_a_roster_for_a_service_carries_canaries(scene, tmp_path, opened):
    planted = plant(scene)
    out = tmp_path / "roster.csv"
    words = ("roster", "export", "--service", SERVICE, "--format", "google-csv", "--output", out)
    done = inside(*words, "--site", scene.root)
    assert done.returncode == 0, done.stderr
    runtime = opened()
    roster = out.read_bytes()
    shared = begun(runtime, host=OTHER_HOST, headers=((b"content-type", b"text/csv"),))
    seen = {canary for canary, origin, _ in alarms(runtime.engine.protect(shared, roster))}
    assert seen == set(planted)


def test_the_command_line(scene, opened):
    def run(*words):
        return inside("canary", *words, "--site", scene.root, "--json")

    assert run("report").returncode == 0
    assert json.loads(run("plant", "-n", "2").stdout) == {"planted": 2}
    listed = json.loads(run("list").stdout)["canaries"]
    assert len(listed) == 2
    assert run("plant", "-n", "0").returncode == 2
    assert run("plant", "--school", "0000000X").returncode == 2
    runtime = opened()
    ruling = sent(runtime, {"name": listed[0]["values"]["full_name"]})
    runtime.audit.record_sync(ruling.events)
    reported = run("report")
    assert reported.returncode == 1
    (seen,) = json.loads(reported.stdout)["seen"]
    assert seen["canary"] == listed[0]["canary"]
    assert listed[0]["values"]["full_name"].encode() not in reported.stdout
    assert json.loads(run("remove").stdout) == {"removed": 2}


SHAPED = ("uuid", "uuid4", "number", "ine", "tiny")
LOGIN = "{{at: student.login, is: login, shape: {shape}}}"


@pytest.mark.parametrize("shape", SHAPED)
def test_a_pseudonym_of_any_shape_at_another_service_raises_an_alarm(scene, opened, shape):
    """Ids and numbers carry no marker; they are looked for all the same."""
    pack = scene.root / f"services/{SERVICE}.yaml"
    pack.write_text(
        pack.read_text().replace("{at: student.login, is: login}", LOGIN.format(shape=shape))
    )
    (name, values), *_ = plant(scene).items()
    runtime = opened()
    body = sent(runtime, {"login": values[Kind.LOGIN]}).decision.body
    assert values[Kind.LOGIN].encode() not in body
    elsewhere = begun(runtime, host=OTHER_HOST)
    assert alarms(runtime.engine.protect(elsewhere, body)) == [(name, SERVICE, OTHER)]
    published = runtime.engine.restore(begun(runtime, host=OTHER_HOST), JSON, body.upper())
    assert alarms(published) == [(name, SERVICE, OTHER)]
    assert alarms(runtime.engine.restore(begun(runtime), JSON, body)) == []
    longer = re.sub(rb'("login": ")([^"]*)(")', rb"\g<1>1\g<2>7\g<3>", body)
    assert longer != body
    if shape in ("number", "ine"):
        assert alarms(runtime.engine.protect(begun(runtime, host=OTHER_HOST), longer)) == []


def test_a_number_that_stands_as_a_number_is_seen_too(scene, opened):
    pack = scene.root / f"services/{SERVICE}.yaml"
    pack.write_text(
        pack.read_text().replace("{at: student.login, is: login}", LOGIN.format(shape="number"))
    )
    (name, values), *_ = plant(scene).items()
    runtime = opened()
    body = sent(runtime, {"login": values[Kind.LOGIN]}).decision.body
    number = json.loads(body)["student"]["login"]
    given = json.dumps({"student": {"age": int(number)}}).encode()
    ruling = runtime.engine.protect(begun(runtime, host=OTHER_HOST), given)
    assert alarms(ruling) == [(name, SERVICE, OTHER)]
