"""An objection is enforced on the next request, in every worker, and only for whom it is."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.decisions import Forward, Refuse, Stream
from proxy.engine.ruling import Ruling
from proxy.errors import InputError, Refused
from proxy.reasons import Reason
from tests.proxy.rights.conftest import JSON, OTHER_HOST, begun, sent
from tests.sim.school import SERVICE


def refused(ruling: Ruling) -> bool:
    if isinstance(ruling.decision, Forward):
        return False
    assert isinstance(ruling.decision, Refuse)
    assert ruling.decision.reason is Reason.OBJECTION
    assert [event["type"] for event in ruling.events] == ["objection-enforced"]
    assert ruling.events[0]["incident"] == ruling.decision.incident
    page = ruling.decision.reply.body.decode()
    assert ruling.decision.incident in page
    assert "objects" in page
    assert "opposée" in page
    return True


def objected(scene, person, *services, every=False):
    with scene.desk() as desk:
        (subject,) = desk.find(person.email)
        return desk.object(subject, services, every=every)


def test_every_worker_refuses_after_its_next_look(scene, opened):
    """Two gateways on one store: both knew nothing, both refuse, and only this service."""
    person = scene.alone()
    one, two = opened(), opened()
    said = {"name": person.full_name}
    assert not refused(sent(one, said))
    assert objected(scene, person, SERVICE) == [SERVICE]
    for runtime in (one, two):
        runtime.refresh()
        assert refused(sent(runtime, said))
        assert refused(sent(runtime, {"email": person.email}))
        assert refused(sent(runtime, {"work": f"Devoir de {person.full_name}, bravo"}))
        halves = {"givenName": person.given_name, "familyName": person.family_name}
        assert refused(sent(runtime, halves))
        assert not refused(sent(runtime, said, host=OTHER_HOST))
        assert not refused(sent(runtime, {"name": scene.alone("staff").full_name}))
    with scene.desk() as desk:
        assert desk.withdraw(desk.find(person.email)[0], [SERVICE], every=False) == [SERVICE]
    for runtime in (one, two):
        runtime.refresh()
        assert not refused(sent(runtime, said))


def test_an_objection_to_every_service_counts_for_each(scene, opened):
    person = scene.alone()
    objected(scene, person, every=True)
    runtime = opened()
    assert refused(sent(runtime, {"name": person.full_name}))
    assert refused(sent(runtime, {"name": person.full_name}, host=OTHER_HOST))


def test_a_field_that_policy_lets_through_is_looked_at_too(scene, opened):
    person = scene.alone()
    objected(scene, person, SERVICE)
    runtime = opened()
    assert refused(sent(runtime, {"kept": person.email}))
    assert not refused(sent(runtime, {"kept": "nobody@elsewhere.example"}))


def test_in_a_path_a_query_and_a_websocket(scene, opened):
    person = scene.alone()
    objected(scene, person, SERVICE)
    runtime = opened()
    exchange = begun(runtime, method="GET", target=f"/v1/search?q={person.email}")
    assert refused(runtime.engine.protect(exchange, b""))
    exchange = begun(runtime, method="GET", target=f"/v1/people/{person.email}")
    assert refused(runtime.engine.protect(exchange, b""))
    exchange = begun(runtime)
    message = f'{{"to": "{person.email}"}}'.encode()
    assert refused(runtime.engine.message(exchange, True, True, message))
    assert not refused(runtime.engine.message(exchange, True, True, b'{"to": "all"}'))


def test_a_body_that_passes_is_stopped(scene, opened):
    person = scene.alone()
    objected(scene, person, SERVICE)
    runtime = opened()
    exchange = begun(runtime)
    stream = runtime.engine.protect_passing(exchange, b'{"work": "' + b"devoir " * 2000).decision
    assert isinstance(stream, Stream)
    out = list(stream.first)

    def goes_on() -> None:
        for piece in (person.full_name.encode(), b" devoir" * 100_000, b'"}', b""):
            out.extend(stream.transform(piece))

    with pytest.raises(Refused) as caught:
        goes_on()
    assert person.family_name.encode() not in b"".join(out)
    events = runtime.engine.torn(exchange, caught.value, answer=False)
    assert [event["type"] for event in events] == ["objection-enforced"]


def test_what_the_service_holds_already_stays_a_pseudonym(scene, opened):
    person, runtime = scene.alone(), opened()
    exchange = begun(runtime)
    forward = sent(runtime, {"name": person.full_name, "email": person.email}).decision
    assert isinstance(forward, Forward)
    assert forward.body is not None
    back = runtime.engine.restore(exchange, JSON, forward.body).decision
    assert person.full_name.encode() in back.body
    objected(scene, person, SERVICE)
    runtime.refresh()
    after = runtime.engine.restore(begun(runtime), JSON, forward.body).decision
    assert isinstance(after, Forward)
    assert after.body == forward.body
    ask = runtime.engine.protect(begun(runtime), forward.body)
    assert not refused(ask)  # so that an account there can be deleted


def test_a_shared_name_counts_where_the_one_who_objects_is(scene, opened):
    """A name is a value: in the objector's school it is refused, elsewhere it means another."""
    one, other = scene.namesakes()[:2]
    objected(scene, one, SERVICE)
    runtime = opened()
    said = {"name": one.full_name}
    assert refused(sent(runtime, said))
    assert not refused(sent(runtime, said, "127.9.0.1"))
    assert refused(sent(runtime, said, "10.1.1.1"))  # nobody knows whose school that is
    assert refused(sent(runtime, {"email": one.email}, "127.9.0.1"))
    assert not refused(sent(runtime, {"email": other.email}))
    site = scene.root / "site.yaml"
    site.write_text(site.read_text() + "shared_names: ignore\n")
    runtime = opened()
    assert not refused(sent(runtime, said))
    assert refused(sent(runtime, {"email": one.email}))
    objected(scene, other, SERVICE)
    runtime.refresh()
    assert refused(sent(runtime, said)) is (len(scene.namesakes()) == 2)


def test_an_objection_outlives_a_new_import(scene, opened):
    from proxy.cli.directory import import_files

    person = scene.alone()
    objected(scene, person, SERVICE)
    import_files(scene.root, [scene.roster])
    assert refused(sent(opened(), {"email": person.email}))


def test_an_unknown_service_is_no_objection(scene):
    person = scene.alone()
    with pytest.raises(InputError, match="no service"):
        objected(scene, person, "nuage-clase")


def test_objecting_twice_says_so_and_keeps_the_first_day(scene):
    person = scene.alone()
    assert objected(scene, person, SERVICE) == [SERVICE]
    assert objected(scene, person, SERVICE) == []
    with scene.desk() as desk:
        known = desk.report(desk.find(person.email)[0])
    assert known.objections == {SERVICE: date.today().isoformat()}
