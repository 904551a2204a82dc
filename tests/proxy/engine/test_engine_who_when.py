"""Rules and exceptions in the engine: what they change, what they cannot, what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.blocking.tallies import read_tallies
from proxy.decisions import Buffer, Forward, Inspect, Refuse, Reply, Tunnel
from proxy.engine import Client
from proxy.engine.ruling import Ruling
from proxy.reasons import Reason
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.proxy.timetable.conftest import CALENDAR, at
from tests.sim.school import BANK, HOST, SERVICE, SERVICE_YAML, SITE_YAML, TRACKER, School

LATE = "tard.nuage.example"
UNSIGNED = "sans-charte.example"
PUPIL = Client("S1", "pupils", "0" * 16)
STAFF = Client("S1", "staff", "1" * 16)

RULES = f"""\
rules:
  - {{rule: not-at-night, who: {{groups: pupils}}, when: night, services: {SERVICE},
     treatment: deny}}
  - {{rule: no-bank, who: {{groups: pupils}}, hosts: {BANK}, treatment: deny}}
  - {{rule: open-bank, hosts: {BANK}, treatment: tunnel}}
  - {{rule: open-tracker, hosts: [{TRACKER}, {LATE}], treatment: tunnel}}
  - {{rule: open-unsigned, hosts: {UNSIGNED}, treatment: tunnel}}
  - {{rule: read-icloud, services: never-read, treatment: inspect}}
  - {{rule: staff-unlisted, who: {{groups: staff}}, lists: test, blocking: off}}
  - {{rule: staff-telemetry, who: {{groups: staff}}, categories: telemetry, blocking: off}}
"""
EXCEPTIONS = f"""\
exceptions:
  - id: press-week
    hosts: {HOST}
    blocking: off
    who: {{groups: pupils}}
    owner: Somebody
    reason: to test
    from: 2026-11-24 10:00
    until: 2026-11-24 10:30:05
"""
LIST = f"""\
! category: telemetry
||{HOST}/track^
! category: analytics
||{HOST}/stats^
"""
NOON = at("2026-11-24 12:00")


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def _service(name: str, host: str, adhered: str) -> str:
    text = SERVICE_YAML.replace(SERVICE, name).replace(HOST, host)
    return text.replace("adhered: yes", f"adhered: {adhered}")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    marker = "school_domains:"
    networks = """\
  - {network: 127.8.0.0/16, school: S1, group: pupils}
  - {network: 127.9.0.0/16, school: S1, group: staff}
"""
    site = SITE_YAML.replace(marker, networks + marker, 1)
    school = School(tmp_path_factory.mktemp("who-when"), 2, site)
    for name, text in {
        "calendar.yaml": CALENDAR,
        "rules.yaml": RULES,
        "exceptions.yaml": EXCEPTIONS,
        "lists/block/own.txt": LIST,
        "lists/never-inspect.txt": f"{BANK}\nnever.example\n",
        "services/unsigned.yaml": _service("unsigned", UNSIGNED, "no"),
        "services/never-read.yaml": _service("never-read", "never.example", "yes"),
        "services/other.yaml": _service("other", LATE, "yes"),
    }.items():
        school.write(name, text)
    return school.root


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def runtime(root: Path, clock: Clock) -> Iterator[Runtime]:
    opened = Runtime.open(root, clock)
    opened.started()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> None:
    clock.now = NOON


def begun(runtime: Runtime, client: Client, target: str = "/", host: str = HOST) -> Ruling:
    return runtime.engine.begin(head(target=target, host=host), client)


def told(ruling: Ruling) -> list[tuple[object, ...]]:
    events = [*ruling.events, *(ruling.exchange.events if ruling.exchange else ())]
    return [(event["type"], event.get("exception"), event.get("rule")) for event in events]


def test_a_service_is_denied_in_its_hours_and_the_event_names_the_rule(
    runtime: Runtime, clock: Clock
) -> None:
    assert isinstance(begun(runtime, PUPIL).decision, Buffer)
    clock.now = at("2026-11-24 22:00")
    ruling = begun(runtime, PUPIL)
    assert isinstance(ruling.decision, Refuse)
    assert ruling.decision.reason is Reason.RULE_DENIED
    assert told(ruling) == [("request-refused", None, "rules.yaml:2")]
    assert "heure" in ruling.decision.reply.body.decode()
    assert isinstance(begun(runtime, STAFF).decision, Buffer)


def test_a_host_that_is_not_decrypted_goes_by_the_same_who_and_when(runtime: Runtime) -> None:
    engine = runtime.engine
    assert isinstance(engine.connect(BANK, 443, STAFF).decision, Tunnel)
    assert isinstance(engine.connect(BANK, 443, PUPIL).decision, Inspect)  # ended here, with a page
    assert begun(runtime, PUPIL, host=BANK).decision.reason is Reason.RULE_DENIED  # type: ignore[union-attr]
    hello = engine.hello(TRACKER, 443, TRACKER, PUPIL)
    assert isinstance(hello.decision, Refuse)
    assert hello.decision.reason is Reason.TRACKER_BLOCKED
    passed = engine.hello(TRACKER, 443, TRACKER, STAFF)
    assert isinstance(passed.decision, Tunnel)
    assert ("request-spared", None, "rules.yaml:9") in told(passed)


def test_no_rule_decrypts_what_is_never_inspected(runtime: Runtime) -> None:
    assert isinstance(runtime.engine.connect("never.example", 443, PUPIL).decision, Tunnel)


def test_no_rule_opens_a_supplier_who_has_not_adhered(runtime: Runtime) -> None:
    assert isinstance(runtime.engine.connect(UNSIGNED, 443, PUPIL).decision, Inspect)
    ruling = begun(runtime, PUPIL, host=UNSIGNED)
    assert ruling.decision.reason is Reason.CHARTER_NOT_ADHERED  # type: ignore[union-attr]


def test_an_exception_lets_pass_until_its_very_second_without_a_reload(
    runtime: Runtime, clock: Clock
) -> None:
    for moment, passes in (
        ("2026-11-24 09:59:59", False),
        ("2026-11-24 10:00:00", True),
        ("2026-11-24 10:30:04", True),
        ("2026-11-24 10:30:05", False),
    ):
        clock.now = at(moment)
        ruling = begun(runtime, PUPIL, "/stats/1")
        assert isinstance(ruling.decision, Buffer if passes else Reply), moment
        used = ("exception-used", "press-week", "exceptions.yaml:2")
        assert (used in told(ruling)) is passes
        assert told(begun(runtime, PUPIL, "/other")) == []  # it made no difference there
    clock.now = at("2026-11-24 10:10")
    assert isinstance(begun(runtime, STAFF, "/stats/1").decision, Reply)


def test_a_category_is_off_for_some_and_the_rest_of_its_list_is_not(runtime: Runtime) -> None:
    assert isinstance(begun(runtime, PUPIL, "/track/1").decision, Reply)
    assert isinstance(begun(runtime, STAFF, "/stats/1").decision, Reply)
    ruling = begun(runtime, STAFF, "/track/1")
    assert isinstance(ruling.decision, Buffer)
    assert told(ruling) == [("request-spared", None, "rules.yaml:10")]


def test_a_websocket_ends_when_its_hours_do(runtime: Runtime, clock: Clock) -> None:
    clock.now = at("2026-11-24 21:59:59")
    exchange = begun(runtime, PUPIL).exchange
    assert exchange is not None
    assert isinstance(runtime.engine.message(exchange, True, True, b"hello").decision, Forward)
    clock.now += 1
    ruling = runtime.engine.message(exchange, True, True, b"hello")
    assert isinstance(ruling.decision, Refuse)
    assert ruling.decision.reason is Reason.RULE_DENIED


def test_the_end_of_an_exception_is_told_once_by_whichever_worker_sees_it(
    root: Path, clock: Clock
) -> None:
    clock.now = at("2026-11-24 10:30:04")
    told_ends = []
    for _ in range(2):
        with_clock = Runtime.open(root, clock)
        try:
            with_clock.refresh()
            clock.now = at("2026-11-24 10:30:05")
            with_clock.refresh()
            with_clock.refresh()
        finally:
            with_clock.close()
        lines = [
            line
            for segment in sorted((with_clock.site.audit_dir / "segments").iterdir())
            for line in segment.read_text().splitlines()
        ]
        told_ends.append([line for line in lines if "exception-expired" in line])
    assert [len(ends) for ends in told_ends] == [1, 1]
    assert '"exception":"press-week"' in told_ends[0][0]
    assert "Somebody" not in "".join(told_ends[0])


def test_hits_are_counted_by_list_and_kept(runtime: Runtime, clock: Clock) -> None:
    begun(runtime, PUPIL, "/stats/2")
    clock.now += 61
    runtime.refresh()
    tallies = read_tallies(runtime.site.state_dir)
    assert tallies["own"].hits >= 1
    assert tallies["own"].last <= clock.now
    assert 'preau_list_hits_total{list="own"}' in runtime.metrics.render().decode()
