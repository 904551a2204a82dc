"""A site with services of every sort, and logs drawn at random from the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from proxy.audit import AuditLog, Event, make_event, open_audit, serialise
from proxy.kinds import Kind
from proxy.reasons import Reason

ORIGIN = "preau.example/test"

SITE = """\
site: {name}
contact: {{name: Référente, address: referente@lycee-demo.example}}
require_charter: true
audit: {{retention_months: 12}}
"""

INSIDE = """\
service: cahier
title: Le cahier
purpose: Rendre ses devoirs
supplier: {name: Cahier Exemple, country: FR, jurisdictions: [FR]}
charter: {adhered: yes, since: 2026-09-01, evidence: armoire 3}
retention: Un an
hosts: [cahier.example]
treatment: inspect
fields:
  - {at: "**.nom", is: full_name}
  - {at: "**.naissance", is: birth_date, do: generalise, to: year, why: l'âge suffit}
  - {at: "**.portrait", is: photo, do: drop}
  - {at: "**.classe", is: text, do: allow}
"""

ABROAD = """\
service: nuage
title: Le nuage
purpose: Travailler à plusieurs
supplier:
  name: Nuage Inc.
  country: US
  jurisdictions: [IE, US]
  note: Le contrat est avec la filiale irlandaise.
  transfer: {basis: data-privacy-framework, evidence: inscription du 3 mars}
charter: {adhered: to-confirm}
hosts: [nuage.example, "*.nuage.example"]
treatment: inspect
opaque: allow
requests:
  - match: POST /v1/people/{id}
    path: {id: {is: email}}
    body:
      - {at: "name", is: full_name}
      - {at: "phone", is: phone, do: drop, why: sans objet}
"""

UNREAD = """\
service: lointain
title: Le lointain
purpose: Réviser
supplier: {name: Lointain Ltd, country: SG, jurisdictions: [SG], note: aucun autre}
charter: {adhered: yes, evidence: x}
hosts: [lointain.example]
treatment: tunnel
"""

DENIED = """\
service: refuse
title: Le refusé
purpose: Jouer
supplier: {name: Jeux SA, country: CN, jurisdictions: [CN]}
charter: {adhered: no}
hosts: [refuse.example]
treatment: inspect
"""

SERVICES = {"cahier": INSIDE, "nuage": ABROAD, "lointain": UNREAD, "refuse": DENIED}


def make_site(root: Path, name: str = "Lycée d'essai", **services: str) -> Path:
    """Write a site; the services above unless others are given."""
    for file, text in (services or SERVICES).items():
        path = root / f"services/{file}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "lists").mkdir(exist_ok=True)
    (root / "lists/never-inspect.txt").write_text("# banque\nbanque.example\n", encoding="utf-8")
    (root / "site.yaml").write_text(SITE.format(name=name), encoding="utf-8")
    return root


def write_log(directory: Path, events: Sequence[Event]) -> Path:
    """Bare segments, without checkpoint or key: all that counting needs."""
    (directory / "segments").mkdir(parents=True, exist_ok=True)
    for number in range(0, max(1, len(events)), 1024):
        lines = [serialise(event) + b"\n" for event in events[number : number + 1024]]
        (directory / f"segments/{number // 1024:08d}.jsonl").write_bytes(b"".join(lines))
    return directory


def open_log(root: Path) -> AuditLog:
    """The log of a site at ``root``, as the commands open it."""
    return open_audit(
        root / "state/audit", key_path=root / "state/keys/audit-ed25519.pem", origin=ORIGIN
    )


_NAMES = st.sampled_from([*SERVICES, "parti"])
_TIMES = st.integers(1_767_225_600, 1_798_761_599)  # the year 2026
_COUNTS = st.dictionaries(
    st.sampled_from([kind.value for kind in Kind]), st.integers(1, 9), min_size=1, max_size=3
)
_REASONS = st.sampled_from([reason.value for reason in Reason])
_POLICY = "0123456789abcdef"


@st.composite
def events(draw: st.DrawFn) -> Event:
    """One event, as the engine or a command would make it."""
    who: dict[str, Any] = {"group": draw(st.sampled_from(["pupils", "staff"]))}
    if draw(st.booleans()):
        who["school"] = draw(st.sampled_from(["0750001A", "0759999Z"]))
    what: dict[str, Any] = {"service": draw(_NAMES), "policy": _POLICY}
    where = {"endpoint": draw(st.sampled_from(["/v1/people/{id}", "/…"])), "method": "POST"}
    rule = {"rule": draw(st.sampled_from(["lists/a.txt:3", "lists/b.txt:9"]))}
    at = draw(_TIMES)
    type = draw(
        st.sampled_from(
            [
                "request-pseudonymised",
                "answer-restored",
                "field-minimised",
                "request-refused",
                "tracker-blocked",
                "parameters-stripped",
                "connection-tunnelled",
                "connection-denied",
                "opaque-allowed",
                "policy-loaded",
                "clock-jump",
            ]
        )
    )
    match type:
        case "request-pseudonymised" | "answer-restored":
            return make_event(type, at=at, counts=draw(_COUNTS), **who, **what, **where)
        case "field-minimised":
            action = draw(st.sampled_from(["drop", "generalise"]))
            return make_event(
                type, at=at, counts=draw(_COUNTS), action=action, **who, **what, **where
            )
        case "request-refused":
            return make_event(
                type, at=at, reason=draw(_REASONS), incident="0badcafe01", **who, **what
            )
        case "tracker-blocked":
            return make_event(
                type, at=at, list="essai", category="analytics", **rule, **who, **what
            )
        case "parameters-stripped":
            return make_event(type, at=at, count=draw(st.integers(1, 4)), **rule, **who, **what)
        case "connection-tunnelled":
            return make_event(type, at=at, **rule, **who, **what)
        case "connection-denied":
            return make_event(type, at=at, reason=draw(_REASONS), **who)
        case "opaque-allowed":
            return make_event(type, at=at, reason="opaque-content", **who, **what, **where)
        case "policy-loaded":
            return make_event(type, at=at, policy=_POLICY)
        case _:
            return make_event(type, at=at, milliseconds=draw(st.integers(-5000, 5000)))


def logs(most: int = 60) -> st.SearchStrategy[list[Event]]:
    """Whole logs."""
    return st.lists(events(), max_size=most)
