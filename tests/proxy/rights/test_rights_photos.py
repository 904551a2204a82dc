"""``photos: with_consent``: a picture leaves only if all whom its request names have consented."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

from PIL import Image

from proxy.decisions import Forward, Refuse
from proxy.reasons import Reason
from tests.proxy.rights.conftest import begun, sent

BOUNDARY = b"xx"
FORM = ((b"content-type", b"multipart/form-data; boundary=xx"),)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    return file.getvalue()


def form(**fields: str) -> bytes:
    parts = [
        b'--xx\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (n.encode(), v.encode())
        for n, v in fields.items()
    ]
    head = b'Content-Disposition: form-data; name="p"; filename="p.png"\r\nContent-Type: image/png'
    return b"".join(parts) + b"--xx\r\n" + head + b"\r\n\r\n" + picture() + b"\r\n--xx--\r\n"


def passes(runtime, **fields: str) -> bool:
    ruling = runtime.engine.protect(begun(runtime, headers=FORM), form(**fields))
    if isinstance(ruling.decision, Forward):
        return True
    assert isinstance(ruling.decision, Refuse)
    assert ruling.decision.reason is Reason.PHOTO_WITHOUT_CONSENT
    assert [event["type"] for event in ruling.events] == ["photo-refused"]
    return False


def consent(scene, person, until=None, by="guardian"):
    with scene.desk() as desk:
        desk.consent(desk.find(person.email)[0], by, until)


def test_only_with_the_consent_of_all_who_are_named(scene, opened):
    pupils = [p for p in scene.people if p.kind == "pupil"]
    names = [p.full_name for p in scene.people]
    one, two = [p for p in pupils if names.count(p.full_name) == 1][:2]
    runtime = opened()
    assert not passes(runtime, who=one.full_name)
    consent(scene, one)
    assert passes(runtime, who=one.full_name)  # at once: the store is asked each time
    assert passes(runtime, who=one.email, work=f"Par {one.full_name}")
    assert not passes(runtime, who=one.full_name, and_=two.full_name)
    assert not passes(runtime, work="une image")  # it names nobody
    consent(scene, two)
    assert passes(runtime, who=one.full_name, and_=two.full_name)
    with scene.desk() as desk:
        desk.withdraw_consent(desk.find(two.email)[0])
    assert not passes(runtime, who=one.full_name, and_=two.full_name)
    assert passes(runtime, who=one.full_name)


def test_a_shared_name_needs_all_who_bear_it_or_something_that_tells(scene, opened):
    one, *others = scene.namesakes()
    consent(scene, one)
    runtime = opened()
    assert not passes(runtime, who=one.full_name)
    assert passes(runtime, who=one.full_name, mail=one.email)
    for other in others:
        consent(scene, other)
    assert passes(runtime, who=one.full_name)


def test_a_stranger_among_them_has_consented_to_nothing(scene, opened):
    person = scene.alone()
    consent(scene, person)
    runtime = opened()
    assert passes(runtime, who=person.full_name)
    assert not passes(runtime, who=person.full_name, mail="inconnu@lycee-demo.example")


def test_the_services_own_pseudonym_in_the_path_names_somebody(scene, opened):
    """As services have it: the portrait of an account is put under the account's id."""
    person, runtime = scene.alone(), opened()
    sent_first = sent(runtime, {"email": person.email}).decision
    pseudonym = json.loads(sent_first.body)["student"]["email"]
    headers = ((b"content-type", b"image/png"),)

    def put() -> bool:
        exchange = begun(runtime, method="PUT", target=f"/people/{pseudonym}/p", headers=headers)
        return isinstance(runtime.engine.protect(exchange, picture()).decision, Forward)

    assert [put(), put()] == [False, False]
    consent(scene, person)
    assert [put(), put()] == [True, True]


def test_a_consent_ends(scene, opened):
    person = scene.alone()
    consent(scene, person, until=date.today())
    runtime = opened()
    assert passes(runtime, who=person.full_name)
    from proxy.rights.consents import Consent

    ended = Consent(date.today() - timedelta(9), date.today() - timedelta(1))
    assert not ended.holds(date.today())
    assert Consent(date.today()).holds(date.today())


def test_what_shows_no_picture_asks_for_no_consent(scene, opened):
    person, runtime = scene.alone(), opened()
    body = b'{"student": {"name": "%b"}}' % person.full_name.encode()
    assert isinstance(runtime.engine.protect(begun(runtime), body).decision, Forward)
