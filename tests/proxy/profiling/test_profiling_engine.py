"""What becomes of a report on behaviour: policy's word, the answer, the event, the metric."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.decisions import Buffer, Drop, Forward, Reply
from proxy.engine import Client, Exchange, Head
from proxy.engine.ruling import Ruling
from proxy.explaining import Question, explain
from proxy.policy.problems import InvalidFiles
from proxy.profiling.formats import BY_NAME, DEMAND
from proxy.runtime import Runtime
from tests.proxy.profiling import profiling_payloads as sent
from tests.proxy.profiling.profiling_payloads import PAYLOADS, Fields, Payload, dumps
from tests.sim.school import HOST, SERVICE, SERVICE_YAML, SITE_YAML, School

STATEMENTS = "/data/xAPI/statements"
SERVICE_FILE = f"services/{SERVICE}.yaml"
LINE = SERVICE_YAML[: SERVICE_YAML.index("requests:")].count("\n") + 1
"""Where ``site`` writes what the service says besides."""
RULES = f"""\
! category: telemetry
||{HOST}/stats/
! category: analytics
||{HOST}/ads/
"""


@contextlib.contextmanager
def site(folder: Path, service: str = "", settings: str = "") -> Iterator[Runtime]:
    """An open site whose service says ``service`` besides."""
    school = School(folder, 3, SITE_YAML + settings)
    school.write(SERVICE_FILE, SERVICE_YAML.replace("requests:", f"{service}\nrequests:", 1))
    school.write("lists/block/ours.txt", RULES)
    with contextlib.closing(Runtime.open(school.root)) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with site(tmp_path_factory.mktemp("profiling")) as opened:
        yield opened


def head(method: str, target: str, headers: Fields = (), host: str = HOST) -> Head:
    fields = ((b"host", host.encode()), *headers)
    return Head(method, "https", host, 443, target, fields, host)


def who(runtime: Runtime) -> Client:
    return runtime.client("127.0.0.1")


def ask(
    runtime: Runtime, method: str, target: str, headers: Fields = (), body: bytes = b""
) -> tuple[Ruling, Exchange | None]:
    """The last ruling on a whole request."""
    begun = runtime.engine.begin(head(method, target, headers), who(runtime))
    if begun.exchange is None:
        return begun, None
    return runtime.engine.protect(begun.exchange, body), begun.exchange


@pytest.mark.parametrize("payload", PAYLOADS, ids=str)
def test_a_report_is_answered_with_its_success_and_recorded(
    runtime: Runtime, payload: Payload
) -> None:
    ruling, _ = ask(runtime, *payload[2:])
    assert isinstance(ruling.decision, Reply)
    assert 200 <= ruling.decision.status < 300
    (event,) = ruling.events
    assert event["type"] == "profiling-blocked"
    assert (event["demand"], event["service"]) == (DEMAND, SERVICE)
    assert (event["format"], event["category"]) == (
        payload.format,
        BY_NAME[payload.format].category,
    )
    assert event["rule"] == "site.yaml:1"


def test_programs_get_the_answer_that_they_wait_for(runtime: Runtime) -> None:
    origin = (b"Origin", b"https://x.example")
    for document, body in (
        (sent.MIXPANEL_EVENT, b"1"),
        (sent.ONECOLLECTOR_EVENT, b'{"acc":1}'),
        ([sent.INSIGHTS], b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'),
    ):
        reply = ask(runtime, "POST", "/x", (*sent.JSON, origin), dumps(document))[0].decision
        assert isinstance(reply, Reply)
        assert reply.body == body
        fields = dict(reply.headers)
        assert fields[b"Access-Control-Allow-Origin"] == b"https://x.example"
        assert fields[b"Cache-Control"] == b"no-store"
    put = ask(runtime, "PUT", STATEMENTS, sent.JSON, dumps(sent.STATEMENT))[0].decision
    assert isinstance(put, Reply)
    assert (put.status, put.body) == (204, b"")


def test_a_pixel_gets_an_image_and_a_socket_no_connection(runtime: Runtime) -> None:
    image = ((b"Sec-Fetch-Dest", b"image"), (b"Accept", b"image/avif,image/webp,*/*"))
    reply = ask(runtime, "GET", f"/m.php?{sent.MATOMO}", image)[0].decision
    assert isinstance(reply, Reply)
    assert reply.body.startswith(b"GIF8")
    socket = ((b"Upgrade", b"websocket"), (b"Sec-Fetch-Mode", b"websocket"))
    reply = ask(runtime, "GET", "/api/v2/client/ws?v=7&site_id=52", socket)[0].decision
    assert isinstance(reply, Reply)
    assert reply.status == 403


def test_a_page_that_a_person_opens_is_never_taken_for_a_collector(runtime: Runtime) -> None:
    page = ((b"Sec-Fetch-Dest", b"document"), (b"Sec-Fetch-Mode", b"navigate"))
    ruling, _ = ask(runtime, "GET", f"/stats?{sent.MATOMO}", page)
    assert isinstance(ruling.decision, Forward)


def test_a_body_too_long_to_be_read_whole_is_judged_by_its_beginning(runtime: Runtime) -> None:
    big = ((b"Content-Length", b"99999999"), *sent.JSON)
    begun = runtime.engine.begin(head("POST", "/up", big), who(runtime))
    assert isinstance(begun.decision, Buffer)
    assert begun.exchange is not None
    begins = dumps([sent.STATEMENT] * 3000)[: 512 << 10]
    ruling = runtime.engine.protect_passing(begun.exchange, begins)
    assert isinstance(ruling.decision, Reply)
    assert [event["format"] for event in ruling.events] == ["xapi"]


def test_a_message_is_left_out_and_the_next_one_goes_on(runtime: Runtime) -> None:
    upgrade = ((b"Upgrade", b"websocket"),)
    begun = runtime.engine.begin(head("GET", "/live", upgrade), who(runtime))
    exchange = begun.exchange
    assert exchange is not None
    engine = runtime.engine
    dropped = engine.message(exchange, True, True, dumps(sent.STATEMENT))
    assert isinstance(dropped.decision, Drop)
    assert [event["type"] for event in dropped.events] == ["profiling-blocked"]
    assert isinstance(engine.message(exchange, True, True, b'{"say":"oui"}').decision, Forward)
    back = engine.message(exchange, False, True, dumps(sent.STATEMENT))
    assert isinstance(back.decision, Forward)  # what the service says is not a report


def counted(runtime: Runtime, name: str, category: str) -> float:
    return runtime.metrics.registry.get_sample_value(name, {"category": category}) or 0.0


def test_metrics_count_by_category(tmp_path: Path) -> None:
    with site(tmp_path) as runtime:
        before = counted(runtime, "preau_blocks_total", "session-replay")
        ask(runtime, "POST", "/x", sent.JSON, dumps(sent.RRWEB))
        assert counted(runtime, "preau_blocks_total", "session-replay") == before + 1


@pytest.mark.parametrize(
    ("service", "settings", "line"),
    [
        ("profiling: observe", "", f"{SERVICE_FILE}:{LINE}"),
        ("", "profiling: observe\n", "site.yaml:10"),
    ],
)
def test_observed_reports_leave_and_are_recorded(
    tmp_path: Path, service: str, settings: str, line: str
) -> None:
    with site(tmp_path, service, settings) as runtime:
        ruling, _ = ask(runtime, "POST", "/x", sent.JSON, dumps(sent.STATEMENT))
        assert isinstance(ruling.decision, Forward)
        (event,) = [each for each in ruling.events if each["type"] == "profiling-observed"]
        assert (event["format"], event["rule"], event["demand"]) == ("xapi", line, DEMAND)
        assert counted(runtime, "preau_profiling_observed_total", "profiling") == 1
        ruling, _ = ask(runtime, "GET", "/stats/x")
        assert isinstance(ruling.decision, Forward)
        assert [(each["type"], each["list"]) for each in ruling.events] == [
            ("profiling-observed", "ours")
        ]
        assert isinstance(ask(runtime, "GET", "/ads/x")[0].decision, Reply)  # not a report


def test_allowed_reports_leave(tmp_path: Path) -> None:
    with site(tmp_path, "profiling: allow") as runtime:
        for payload in PAYLOADS:
            method, target, headers, body = payload[2:]
            if body[:1] in (b"{", b"[") and headers != sent.MULTIPART:
                ruling, _ = ask(runtime, method, target, headers, body)
                assert not [e for e in ruling.events if e["type"].startswith("profiling")]
        assert isinstance(ask(runtime, "GET", "/stats/x")[0].decision, Forward)
        assert isinstance(ask(runtime, "GET", "/ads/x")[0].decision, Reply)


def test_a_service_wins_over_the_site(tmp_path: Path) -> None:
    with site(tmp_path, "profiling: block", "profiling: allow\n") as runtime:
        ruling, _ = ask(runtime, "POST", "/x", sent.JSON, dumps(sent.STATEMENT))
        assert isinstance(ruling.decision, Reply)
        assert ruling.events[0]["rule"] == f"{SERVICE_FILE}:{LINE}"


def test_a_record_store_receives_learning_and_nothing_else(tmp_path: Path) -> None:
    with site(tmp_path, "lrs: yes") as runtime:
        for document in (sent.STATEMENT, sent.CALIPER):
            ruling, _ = ask(runtime, "POST", STATEMENTS, sent.JSON, dumps(document))
            assert isinstance(ruling.decision, Forward)
        ruling, _ = ask(runtime, "POST", "/x", sent.JSON, dumps(sent.AMPLITUDE_EVENT))
        assert isinstance(ruling.decision, Reply)


def test_a_format_may_be_spared(tmp_path: Path) -> None:
    with site(tmp_path, "profiling_except: [sentry, matomo]") as runtime:
        assert isinstance(ask(runtime, "GET", f"/m.php?{sent.MATOMO}")[0].decision, Forward)
        ruling, _ = ask(runtime, "POST", "/x", sent.JSON, dumps(sent.STATEMENT))
        assert isinstance(ruling.decision, Reply)


def test_a_format_that_does_not_exist_is_a_mistake_with_a_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles) as error, site(tmp_path, "profiling_except: [matomo, mato]"):
        pass
    (problem,) = error.value.problems
    assert f"{SERVICE_FILE}:{LINE}" in str(problem)
    assert "expected a format" in str(problem)


def test_block_rules_about_reports_name_the_demand(runtime: Runtime) -> None:
    events = [ask(runtime, "GET", target)[0].events[0] for target in ("/stats/x", "/ads/x")]
    assert [event["type"] for event in events] == ["tracker-blocked"] * 2
    assert [event.get("demand") for event in events] == [DEMAND, None]


def test_nothing_of_a_report_is_in_its_event(runtime: Runtime) -> None:
    ruling, _ = ask(runtime, "POST", f"{STATEMENTS}?agent=eleve7", sent.JSON, dumps(sent.STATEMENT))
    assert "eleve7" not in str(ruling.events)


def test_explain_shows_the_format_and_the_line(runtime: Runtime) -> None:
    snapshot = runtime.snapshot()
    url = f"https://{HOST}/save"
    answer = explain(snapshot, Question(url, method="POST"), dumps(sent.STATEMENT))
    assert (answer.decision, answer.reason) == ("block", "profiling-blocked")
    assert (answer.rule, answer.list, answer.file) == ("format: xapi", "formats", "site.yaml")
    assert explain(snapshot, Question(url), b'{"note":12}').decision == "forward"
    pixel = explain(snapshot, Question(f"https://{HOST}/p?{sent.MATOMO}", "image"))
    assert pixel.rule == "format: matomo"
