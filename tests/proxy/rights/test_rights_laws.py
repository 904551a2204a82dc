"""The law of objections: what names somebody who objects does not leave, however deep it stands."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.decisions import Forward, Refuse
from tests.proxy.rights.conftest import begun
from tests.sim.school import SERVICE

WRAPS = {
    "list": lambda text: [text, 1],
    "object": lambda text: {"note": text},
    "string": lambda text: json.dumps({"inner": text}),
    "base64": lambda text: base64.b64encode(f"Bonjour {text}, fin".encode()).decode(),
    "percent": lambda text: f"https://x.example/?q={quote(f'{text} fin')}",
    "prose": lambda text: f"Vu avec {text} hier.",
}
wraps = st.lists(st.sampled_from(sorted(WRAPS)), max_size=2)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["full_name", "email", "login", "national_id"]), wraps, st.data())
def test_no_identifier_of_who_objects_leaves_in_any_nesting(scene, opened, kind, names, data):
    """The engine's own word that it found it (a hit without the objection) is the oracle: with
    the objection exactly those requests are refused, and none other."""
    runtime, person, other = _stage(scene, opened)
    who = data.draw(st.sampled_from([person, other]))
    value: object = getattr(who, kind)
    for name in names:
        value = WRAPS[name](value if isinstance(value, str) else json.dumps(value))
    body = json.dumps({"work": value}).encode()
    ruling = runtime.engine.protect(begun(runtime), body)
    found = isinstance(ruling.decision, Refuse) or b"zq" in (ruling.decision.body or b"").lower()
    if who is other or not found:
        assert isinstance(ruling.decision, Forward)
    else:
        assert [event["type"] for event in ruling.events] == ["objection-enforced"]
    if kind in ("full_name", "email") and "base64" not in names:
        assert found


def _stage(scene, opened, made={}):  # noqa: B006 - one stage for all examples of a run
    if made.get("root") != scene.root:
        names = [p.full_name for p in scene.people]
        pupils = [p for p in scene.people if p.kind == "pupil" and names.count(p.full_name) == 1]
        with scene.desk() as desk:
            desk.object(desk.find(pupils[0].email)[0], [SERVICE], every=False)
        made.update(root=scene.root, stage=(opened(), pupils[0], pupils[1]))
    return made["stage"]
