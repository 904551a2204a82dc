"""Every type of the catalogue is made where what it speaks of happens.

One site lives through everything an administrator and the engine do, and its log is read.
What needs a peer, a crash or another day has its own tests; those types are shown to be
made by the code, and named with the test that sees them.
"""

from __future__ import annotations

import ast
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import proxy
from proxy.audit import query, serialise
from proxy.audit.events import TYPES
from proxy.cli import main
from proxy.engine import Client, Head
from proxy.engine.exchange import Exchange
from proxy.engine.ruling import Ruling
from proxy.reasons import Reason
from proxy.runtime import Runtime
from tests.sim.school import BANK, HOST, SERVICE, TRACKER, School

LIVED = frozenset(
    """
    request-pseudonymised answer-restored answer-refused field-minimised request-refused
    tracker-blocked
    parameters-stripped opaque-allowed connection-tunnelled connection-denied
    policy-loaded policy-rejected list-updated key-rotated keys-destroyed directory-imported
    roster-exported gateway-started gateway-stopped log-opened log-sealed evidence-made admin-act
    """.split()
)
"""What the site below lives through."""

ELSEWHERE = {
    "list-rejected": "tests/cli/test_preau_lists.py",
    "log-repaired": "tests/proxy/audit/test_audit_crash.py",
    "log-pruned": "tests/proxy/audit/test_audit_pruning.py",
    "clock-jump": "tests/proxy/audit/test_audit_log.py",
    "checkpoint-published": "tests/proxy/audit/test_audit_outgoing.py",
    "checkpoint-witnessed": "tests/proxy/audit/test_audit_outgoing.py",
    "witness-refused": "tests/proxy/audit/test_audit_outgoing.py",
    "canary-seen": "tests/proxy/rights/test_rights_canaries.py",
    "objection-enforced": "tests/proxy/rights/test_rights_objections.py",
    "photo-refused": "tests/proxy/rights/test_rights_photos.py",
    "subject-erased": "tests/proxy/rights/test_rights_desk.py",
    "exception-used": "tests/proxy/engine/test_engine_who_when.py",
    "request-spared": "tests/proxy/engine/test_engine_who_when.py",
    "privacy-filtered": "tests/proxy/privacy/test_privacy_gateway.py",
    "profiling-blocked": "tests/proxy/profiling/test_profiling_engine.py",
    "profiling-observed": "tests/proxy/profiling/test_profiling_engine.py",
    "traffic-counted": "tests/proxy/audit/test_audit_volumes.py",
    "events-counted": "tests/proxy/audit/test_audit_figures.py",
    "pruning-held": "tests/proxy/audit/test_audit_lived.py",
    "console-login": "tests/proxy/audit/test_audit_operators.py",
}
"""Made in other circumstances, and the test that sees them."""

ACTS = ("ca-export", "audit-export", "pseudonymise", "restore")

SITE_MORE = """\
  - match: POST /v1/files
query: {eleve: {is: full_name}}
roster: oneroster
opaque: allow
"""


def _made_in_code() -> set[str]:
    """Types written as a literal in a module that makes events."""
    root = Path(proxy.__file__).parents[1]
    found: set[str] = set()
    for path in [*(root / "proxy").rglob("*.py"), *(root / "addons").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        is_catalogue = path.name in ("events.py", "retention.py") and path.parent.name == "audit"
        if "make_event" not in text or is_catalogue:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and node.value in TYPES:
                found.add(str(node.value))
    return found


def test_every_type_is_made_and_seen_by_a_test() -> None:
    assert set(TYPES) == _made_in_code()
    root = Path(proxy.__file__).parents[1]
    for name, test in ELSEWHERE.items():
        assert name in (root / test).read_text(encoding="utf-8"), name


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    made = School(tmp_path_factory.mktemp("school"), count=20)
    text = (made.root / f"services/{SERVICE}.yaml").read_text()
    made.write(f"services/{SERVICE}.yaml", text + SITE_MORE)
    made.write("lists/block/strip.txt", "! category: analytics\n$removeparam=utm_source\n")
    return made


@pytest.fixture
def runtime(school: School) -> Iterator[Runtime]:
    runtime = Runtime.open(school.root)
    yield runtime
    runtime.close()


def head(target: str, *, host: str = HOST, type: bytes = b"application/json") -> Head:
    headers = ((b"host", host.encode()), (b"content-type", type))
    return Head("POST", "https", host, 443, target, headers, host)


def begun(runtime: Runtime, client: Client, *args: str, **options: bytes) -> Exchange:
    ruling = record(runtime, runtime.engine.begin(head(*args, **options), client))
    assert ruling.exchange is not None
    return ruling.exchange


def record(runtime: Runtime, ruling: Ruling) -> Ruling:
    runtime.audit.record_sync(ruling.events)
    return ruling


def _traffic(runtime: Runtime, name: str) -> None:
    client = runtime.client("127.0.0.1")
    engine = runtime.engine
    student = {"name": name, "photo": "x.png", "birthDate": "2012-03-04"}
    body = json.dumps({"student": student}).encode()
    exchange = begun(runtime, client, "/v1/classwork?utm_source=mail")
    forward = record(runtime, engine.protect(exchange, body)).decision
    answer = forward.body  # type: ignore[union-attr]
    record(runtime, engine.restore(exchange, ((b"content-type", b"application/json"),), answer))
    refused = begun(runtime, client, "/v1/classwork")
    record(runtime, engine.protect(refused, b'{"student": {"secret": "x"}}'))
    opaque = begun(runtime, client, "/v1/files", type=b"application/octet-stream")
    record(runtime, engine.protect(opaque, bytes(range(128, 256)) * 2 + bytes(8)))
    record(runtime, engine.begin(head("/collect", host=TRACKER), client))
    record(runtime, engine.refuse(exchange, Reason.UPSTREAM_UNREACHABLE, answer=True))
    for sni in (BANK, None):
        record(runtime, engine.hello(BANK, 443, sni, client))


def test_a_site_that_lives_through_everything_has_it_all_in_its_log(
    school: School, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = Runtime.open(school.root)
    runtime.started()
    _traffic(runtime, school.people[0].full_name)
    pack = school.root / f"services/{SERVICE}.yaml"
    good = pack.read_text()
    for at, text in enumerate((good.replace("treatment: inspect", "treatment: x"), f"{good}# a\n")):
        pack.write_text(text)
        os.utime(pack, (at, at))  # settled long ago
        runtime.refresh()
    school.write("lists/block/more.txt", "! category: ads\n||reklame.example^\n")
    runtime.refresh()
    keys = school.root / "state/audit/client-keys"
    (keys / "2020-01-01.key").write_bytes(b"k" * 32)
    runtime.close()
    _administration(school, monkeypatch, tmp_path)
    found = list(query(school.root / "state/audit"))
    assert {str(one.event["type"]) for one in found} >= LIVED
    acts = {one.event["act"] for one in found if one.event["type"] == "admin-act"}
    assert acts >= {*ACTS, "audit-prune"}


def _administration(school: School, monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    """Every command that takes something out or changes something."""
    site = ["--site", str(school.root)]
    for words in (
        ["ca", "export", "--output", str(out / "ca.pem")],
        ["audit", "export"],
        ["audit", "prune"],
        ["keys", "rotate", "--audit"],
        ["roster", "export", "--service", SERVICE, "--output", str(out / "roster.zip")],
        ["report", "supplier", SERVICE, "--out", str(out / "evidence.zip")],
    ):
        assert main([*words, *site]) == 0, words
    for verb in ("pseudonymise", "restore"):
        stdin = io.TextIOWrapper(io.BytesIO(b"{}"))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main([verb, "--service", SERVICE, *site]) == 0, verb


def test_nothing_is_exported_that_could_not_be_recorded(
    school: School, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from proxy.errors import AuditUnavailable

    def broken(*_: object, **__: object) -> None:
        raise AuditUnavailable("audit log: no space left")

    monkeypatch.setattr("proxy.runtime.open_log", broken)
    for words in (["ca", "export"], ["audit", "export"]):
        assert main([*words, "--site", str(school.root)]) == 2
        told = capsys.readouterr()
        assert "not done" in told.err
        assert not told.out


_SEGMENT = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", max_size=20).map("zq8".__add__)
"""Recognisable: no word of ours begins so."""


@given(
    segments=st.lists(_SEGMENT, min_size=1, max_size=5),
    pairs=st.dictionaries(_SEGMENT, _SEGMENT, max_size=4),
    host=st.sampled_from([HOST, TRACKER, "inconnu.example", BANK]),
    known=st.booleans(),
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_part_of_an_address_gets_into_an_event(
    runtime: Runtime, segments: list[str], pairs: dict[str, str], host: str, known: bool
) -> None:
    """A path is cut to its template, or to nothing; a query is never in it."""
    path = "/v1/classwork/" * known + "/".join(segments)
    query_text = "&".join(f"{name}={value}" for name, value in pairs.items())
    target = f"/{path.lstrip('/')}?{query_text}&utm_source={segments[0]}&x=1"
    client = runtime.client("127.0.0.1")
    ruling = runtime.engine.begin(head(target, host=host), client)
    events = list(ruling.events)
    if ruling.exchange is not None:
        events += runtime.engine.protect(ruling.exchange, b'{"student": {"secret": "x"}}').events
        events += runtime.engine.protect(ruling.exchange, b"\x00\x01").events
    events += runtime.engine.hello(host, 443, host, client).events
    told = b"\n".join(map(serialise, events)).decode()
    for secret in (*segments, *pairs, *pairs.values()):
        assert secret not in told
