"""Finding somebody, their report, and that nothing of them gets into the log."""

from __future__ import annotations

import json
import re
import stat
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.rights.handles import handle, parse
from proxy.rights.sightings import KEEP_DAYS, MOST, Sightings, of
from tests.proxy.rights.conftest import sent
from tests.sim.school import SERVICE
from tests.sim.served import inside


@given(st.integers(1, 2**64 - 1))
def test_every_handle_means_one_subject_however_it_is_typed(ref) -> None:
    text = handle(ref)
    assert parse(text) == ref
    assert parse(f" {text.upper().replace('-', '')[1:]} ") == ref
    assert parse(text.replace("0", "O").replace("1", "l")) == ref


@given(st.integers(1, 2**64 - 1), st.integers(2, 18), st.integers(1, 31))
def test_a_slip_of_the_pen_is_no_other_subject(ref, place, by) -> None:
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    text = list(handle(ref))
    if text[place] != "-":
        text[place] = letters[(letters.index(text[place]) + by) % 32]
        assert parse("".join(text)) is None


@given(st.integers(1, 2**64 - 1), st.integers(0, 12))
def test_neighbours_that_changed_places_are_no_other_subject(ref, place) -> None:
    text = list(handle(ref)[2:].replace("-", ""))
    text[place : place + 2] = text[place : place + 2][::-1]
    assert parse("".join(text)) in (None, ref)


@pytest.mark.parametrize(
    "text", ["", "s-", "jean.martin@x.example", "s-0000-0000-0000-00", "é" * 14]
)
def test_what_is_no_handle(text) -> None:
    assert parse(text) is None


def run(scene, *words, stdin=b""):
    return inside("subject", *words, "--site", scene.root, stdin=stdin)


def test_somebody_is_found_by_all_they_are_called(scene):
    person = scene.alone()
    texts = [
        person.full_name,
        f"{person.family_name.upper()} {person.given_name}",
        person.email,
        person.login,
        person.national_id,
        person.student_number,
        scene.handle(person),
    ]
    for text in filter(None, texts):
        done = run(scene, "find", "-", "--json", stdin=text.encode() + b"\n")
        assert done.returncode == 0, text
        found = json.loads(done.stdout)
        assert [s["handle"] for s in found["subjects"]] == [scene.handle(person)]
        assert person.family_name.encode() not in done.stdout


def test_namesakes_are_told_apart_by_school_and_class(scene):
    people = scene.namesakes()
    done = run(scene, "find", people[0].full_name, "--json")
    found = json.loads(done.stdout)["subjects"]
    assert {s["handle"] for s in found} == {scene.handle(person) for person in people}
    refused = run(scene, "report", people[0].full_name)
    assert refused.returncode == 2
    assert all(s["handle"].encode() in refused.stderr for s in found)
    one = run(scene, "find", people[0].family_name, "--json")
    assert len(json.loads(one.stdout)["subjects"]) >= len(people)


def test_nobody_is_no_error_of_input(scene):
    done = run(scene, "find", "Personne Inconnue", "--json")
    assert (done.returncode, json.loads(done.stdout)["found"]) == (1, 0)
    assert run(scene, "report", "Personne Inconnue").returncode == 1
    assert run(scene, "object", scene.handle(scene.alone())).returncode == 2
    assert run(scene, "erase", scene.handle(scene.alone())).returncode == 2


def test_a_report_tells_all_and_is_private(scene, opened, tmp_path):
    person, runtime = scene.alone(), opened()
    for _ in range(3):
        assert sent(runtime, {"name": person.full_name, "email": person.email})
    runtime.close()
    known = run(scene, "report", person.email, "--json")
    document = json.loads(known.stdout)
    held = {value["kind"]: value["value"] for value in document["held"]}
    assert held["email"] == person.email
    service = next(s for s in document["services"] if s["service"] == SERVICE)
    seen = {s["kind"]: s for s in service["seen"]}
    assert seen["full_name"]["requests"] == 3
    assert seen["email"]["first"] == seen["email"]["last"]
    assert date.fromisoformat(seen["email"]["last"])
    other = next(s for s in document["services"] if s["service"] != SERVICE)
    assert other["seen"] == []
    page = tmp_path / "report.html"
    assert run(scene, "report", person.email, "--output", page, "--language", "en").returncode == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text()
    assert person.email in text
    assert 'lang="en"' in text
    assert not re.search(r"<script|src=|href=\"[^#]", text)
    assert run(scene, "report", person.email, "--output", page).returncode == 2
    assert person.email in run(scene, "report", person.email).stdout.decode()


def test_pseudonyms_of_a_report_are_those_that_services_see(scene, opened):
    person, runtime = scene.alone(), opened()
    document = json.loads(run(scene, "report", person.email, "--json").stdout)
    service = next(s for s in document["services"] if s["service"] == SERVICE)
    shown = {p["pseudonym"] for p in service["pseudonyms"]}
    body = json.loads(sent(runtime, {"email": person.email}).decision.body)
    assert body["student"]["email"] in shown


def test_every_act_is_an_event_and_none_names_anybody(scene, opened):
    person = scene.alone()
    mine = scene.handle(person)
    for words in (
        ("find", person.full_name),
        ("report", mine),
        ("object", mine, "--service", SERVICE),
        ("object", mine, "--all"),
        ("withdraw", mine, "--all"),
        ("consent", mine, "--give", "--until", "2031-07-05"),
        ("consent", mine, "--withdraw"),
        ("erase", mine, "--yes"),
    ):
        done = run(scene, *words, "--json")
        assert done.returncode == 0, (words[0], done.stderr)
    log = b"".join(p.read_bytes() for p in (scene.root / "state/audit").rglob("*") if p.is_file())
    acts = [b"subject-reported", b"objection-recorded", b"objection-withdrawn"]
    for word in (*acts, b"consent-recorded", b"subject-erased"):
        assert word in log
    for value in (person.family_name, person.email, person.login, person.national_id, mine):
        assert value.encode() not in log


def test_sightings_expire_by_the_day_and_are_in_no_report_before():
    from proxy.pseudonyms.keys import Keys
    from proxy.pseudonyms.values import ValueSealer
    from proxy.store.memory import MemoryStore

    store, sealer = MemoryStore(), ValueSealer(Keys(bytes(32), {1: bytes(32)}))
    day = 20_000
    sightings = Sightings(store, sealer, clock=lambda: day * 86_400.0)
    sightings.add("a", [1, 2])
    sightings.write()
    day += KEEP_DAYS - 1
    sightings.add("b", [2])
    sightings.write()
    assert sightings.expire() == 0
    day += 1
    assert set(of(store, sealer, [1, 2], day * 86_400.0)) == {2}  # not swept yet, and not shown
    assert sightings.expire() == 2
    assert dict(store.notes.every("s")).keys() == {2}
    assert set(of(store, sealer, [2], day * 86_400.0)[2]) == {"b"}
    assert sightings.expire() == 0


def test_sightings_are_bounded_and_survive_a_store_that_is_away(caplog):
    from proxy.errors import StoreUnavailable
    from proxy.pseudonyms.keys import Keys
    from proxy.pseudonyms.values import ValueSealer
    from proxy.store.memory import MemoryStore

    store, sealer = MemoryStore(), ValueSealer(Keys(bytes(32), {1: bytes(32)}))
    day = 20_000
    sightings = Sightings(store, sealer, clock=lambda: day * 86_400.0)
    sightings.add("a", [1, 2])
    sightings.add("b", [1])
    store.close()
    with pytest.raises(StoreUnavailable):
        sightings.write()
    store._closed = False
    sightings.add("a", [1])
    sightings.write()
    now = day * 86_400.0
    assert of(store, sealer, [1, 2, 3], now) == {
        1: {"a": (day, day, 2), "b": (day, day, 1)},
        2: {"a": (day, day, 1)},
    }
    day += 3
    sightings.add("a", [1])
    sightings.write()
    assert of(store, sealer, [1], now)[1]["a"] == (day - 3, day, 3)
    sightings.add("a", range(1, MOST + 11))
    assert len(sightings._counts) == MOST
