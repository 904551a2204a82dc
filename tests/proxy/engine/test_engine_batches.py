"""Requests inside a request: each goes by the rules of its own endpoint, or none goes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.decisions import Forward, Refuse, Stream
from proxy.engine import Client
from proxy.engine.ruling import Ruling
from proxy.engine.sub_requests import places
from proxy.reasons import Reason
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import School

GRAPH = "graph.microsoft.com"
GOOGLE = "classroom.googleapis.com"
ODATA = "notes.nuage.example"
PACKS = Path("policies/services")
JSON = ((b"content-type", b"application/json"),)
MIXED = ((b"content-type", b"multipart/mixed; boundary=batch_1"),)
NOTES = f"""\
service: notes
title: Notes
purpose: Noter
supplier: {{name: Nuage Exemple, country: FR, jurisdictions: [FR]}}
charter: {{adhered: yes, since: 2026-09-01, evidence: test}}
hosts: [{ODATA}]
treatment: inspect
telling_names: ignore
requests:
  - match:
      - POST /v4/Eleves
      - PATCH /v4/Eleves('{{cle}}')
      - POST /scim/Users
    path: {{cle: student_number}}
    query: {{qui: full_name}}
    headers: {{x-auteur: full_name}}
    body:
      - {{at: Appellation, is: full_name}}
      - {{at: Secret, is: text, do: refuse}}
    form: {{auteur: full_name}}
  - match: POST /v4/$batch
    body:
      - {{at: "requests[].body.Tuteur", is: full_name}}
"""


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    school = School(tmp_path_factory.mktemp("batches"), 20)
    for name in ("microsoft-graph", "google-classroom"):
        school.write(f"services/{name}.yaml", (PACKS / f"{name}.yaml").read_text())
    school.write("services/notes.yaml", NOTES)
    school.write("lists/block/own.txt", "! category: telemetry\n/v4/mesures^\n")
    with contextlib.closing(Runtime.open(school.root)) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def pupil(batches: Runtime) -> Client:
    return batches.client("127.0.0.1")


def ask(
    runtime: Runtime,
    client: Client,
    host: str,
    target: str,
    body: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = JSON,
    *,
    exact: bool = True,
) -> Any:
    """The decision on a batch; what leaves, echoed, must come back as it was if nothing was
    dropped (``exact``)."""
    begun: Ruling = runtime.engine.begin(head("POST", target, host, headers), client)
    assert begun.exchange is not None, begun.decision
    decision = runtime.engine.protect(begun.exchange, body).decision
    if isinstance(decision, Forward) and exact:
        back = runtime.engine.restore(begun.exchange, headers, decision.body or b"").decision
        assert isinstance(back, Forward)
        assert back.body == body
    return decision


def graph(runtime: Runtime, client: Client, *requests: dict[str, Any], **style: Any) -> Any:
    document = json.dumps({"requests": list(requests)}, **style).encode()
    decision = ask(runtime, client, GRAPH, "/v1.0/$batch", document, exact=False)
    if isinstance(decision, Forward):
        return json.loads(decision.body or b"")["requests"]
    return decision


CREATED = {
    "displayName": "Ysolde Quermeur",
    "mailNickname": "ysolde.q",
    "city": "Quimper",
    "passwordProfile": {"password": "Ysolde-1"},
}


@pytest.mark.parametrize("style", [{}, {"indent": 1}, {"separators": (",", ":")}])
def test_a_request_of_a_graph_batch_goes_by_its_own_endpoint(
    batches: Runtime, pupil: Client, style: dict[str, Any]
) -> None:
    document = {"displayName": "Groupe Lecture", "mailNickname": "lecture"}
    user, team, got = graph(
        batches,
        pupil,
        {"id": "1", "method": "POST", "url": "/users", "body": CREATED},
        {"id": "2", "method": "POST", "url": "/groups", "body": document},
        {"id": "3", "method": "GET", "url": "users/ysolde.quermeur@mail.example?$top=1"},
        **style,
    )
    assert team["body"] == document  # a group keeps its name: alone it would
    assert user["body"]["displayName"] != CREATED["displayName"]
    assert user["body"]["mailNickname"] != CREATED["mailNickname"]
    assert user["body"]["city"] == ""
    assert user["body"]["passwordProfile"] == CREATED["passwordProfile"]
    assert "ysolde" not in got["url"]
    assert got["url"].endswith("?$top=1")
    assert [one["id"] for one in (user, team, got)] == ["1", "2", "3"]


def test_what_leaves_in_a_batch_is_what_leaves_alone(batches: Runtime, pupil: Client) -> None:
    body = json.dumps(CREATED).encode()
    alone = ask(batches, pupil, GRAPH, "/v1.0/users", body, exact=False)
    inner = {"id": "1", "method": "POST", "url": "/users", "body": CREATED}
    (batched,) = graph(batches, pupil, inner)
    assert batched["body"] == json.loads(alone.body)


def test_answers_of_a_batch_are_restored(batches: Runtime, pupil: Client) -> None:
    request = {"id": "7", "method": "POST", "url": "/users", "body": CREATED}
    begun = batches.engine.begin(head("POST", "/v1.0/$batch", GRAPH, JSON), pupil)
    assert begun.exchange is not None
    decision = batches.engine.protect(
        begun.exchange, json.dumps({"requests": [request]}).encode()
    ).decision
    assert isinstance(decision, Forward)
    made = json.loads(decision.body or b"")["requests"][0]["body"]
    answers = {"responses": [
        {"id": "8", "status": 404, "body": {"error": {"message": f"no {made['mailNickname']}"}}},
        {"id": "7", "status": 201, "headers": {"Location": f"/users/{made['mailNickname']}"},
         "body": made},
    ]}  # fmt: skip
    told = batches.engine.restore(begun.exchange, JSON, json.dumps(answers).encode()).decision
    assert isinstance(told, Forward)
    first, second = json.loads(told.body or b"")["responses"]
    assert first == {"id": "8", "status": 404, "body": {"error": {"message": "no ysolde.q"}}}
    assert second["headers"] == {"Location": "/users/ysolde.q"}
    assert second["body"] == {**CREATED, "city": ""}


def notes(runtime: Runtime, client: Client, *requests: dict[str, Any], exact: bool = True) -> Any:
    document = json.dumps({"requests": list(requests)}, ensure_ascii=False).encode()
    decision = ask(runtime, client, ODATA, "/v4/$batch", document, exact=exact)
    return json.loads(decision.body)["requests"] if isinstance(decision, Forward) else decision


@pytest.mark.parametrize(
    "url",
    ["Eleves('O''Brien-7')?qui=Ysolde%20Q", "/v4/Eleves('O''Brien-7')?qui=Ysolde%20Q",
     f"https://{ODATA}/v4/Eleves('O''Brien-7')?qui=Ysolde%20Q"],
)  # fmt: skip
def test_paths_queries_headers_and_bodies_in_strings(
    batches: Runtime, pupil: Client, url: str
) -> None:
    inner = {
        "id": "1",
        "method": "patch",
        "url": url,
        "headers": {"X-Auteur": "Ysolde Quermeur", "content-type": "application/json"},
        "body": json.dumps({"Appellation": "Ysolde Quermeur", "Nom": "Ysolde Quermeur ?"}),
    }
    (sent,) = notes(batches, pupil, inner)
    assert "Brien" not in sent["url"]
    assert "Ysolde" not in json.dumps(sent)
    assert sent["url"].startswith(url.partition("O''")[0])


def test_a_form_in_a_string_goes_by_the_rules_of_its_endpoint(
    batches: Runtime, pupil: Client
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    inner = {"id": "1", "method": "POST", "url": "Eleves", "headers": form,
             "body": "auteur=Gwenole+Tanguy&n=1"}  # fmt: skip
    (sent,) = notes(batches, pupil, inner, exact=False)  # nobody echoes a form
    assert sent["body"].endswith("&n=1")
    assert "Tanguy" not in sent["body"]


def test_what_no_rule_names_goes_by_the_rules_of_the_batch(batches: Runtime, pupil: Client) -> None:
    body = {"Tuteur": "Ysolde Quermeur", "Appellation": "Ysolde Quermeur"}
    (sent,) = notes(batches, pupil, {"id": "1", "method": "POST", "url": "Autres", "body": body})
    assert "Quermeur" not in sent["body"]["Tuteur"]


SCIM = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
    "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "q", "data": {"Appellation": "Ysolde Q"}},
        {"method": "POST", "path": "/Groups", "bulkId": "r", "data": {"Appellation": "Lecture"}},
    ],
}


def test_scim_bulk_is_a_batch(batches: Runtime, pupil: Client) -> None:
    decision = ask(batches, pupil, ODATA, "/scim/Bulk", json.dumps(SCIM).encode())
    first, second = json.loads(decision.body)["Operations"]
    assert first["data"]["Appellation"] != "Ysolde Q"
    assert second["data"] == {"Appellation": "Lecture"}


REFUSED = [
    ({"method": "POST", "url": "Eleves", "body": {"Secret": "x"}}, Reason.FIELD_REFUSED),
    ({"method": "POST", "url": "Eleves", "body": '{"Secret": "x"}'}, Reason.FIELD_REFUSED),
    ({"method": "POST", "url": "/mesures", "body": {}}, Reason.PROFILING_BLOCKED),
    ({"method": "GET", "url": "https://graph.microsoft.com/v1.0/me"}, Reason.HOST_MISMATCH),
    ({"method": "GET", "url": "https://autre.example/x"}, Reason.SERVICE_DENIED),
    ({"method": "GET", "url": "/x", "headers": {"Host": "autre.example"}}, Reason.SERVICE_DENIED),
    ({"method": "POST", "url": "/g/collect?v=2&tid=G-ABCDEFG123&cid=1.2&en=page_view"},
     Reason.PROFILING_BLOCKED),
]  # fmt: skip


@pytest.mark.parametrize(("inner", "reason"), REFUSED)
def test_what_alone_would_not_pass_refuses_the_whole(
    batches: Runtime, pupil: Client, inner: dict[str, Any], reason: Reason
) -> None:
    harmless = {"id": "0", "method": "GET", "url": "Eleves"}
    decision = notes(batches, pupil, harmless, {"id": "1", **inner})
    assert isinstance(decision, Refuse), decision
    if reason is not Reason.SERVICE_DENIED:
        assert decision.reason is reason


@pytest.mark.parametrize(
    "body",
    [
        '{"requests":[{"method":"GET","url":"/x","url":"Eleves"}]}',
        '{"requests":[{"method":"GET","method":"POST","url":"Eleves"}]}',
        '{"requests":[{"method":"POST","url":"Eleves","body":{},"Body":{"Appellation":"Y Q"}}]}',
    ],
)
def test_what_may_be_read_either_way_is_refused(batches: Runtime, pupil: Client, body: str) -> None:
    decision = ask(batches, pupil, ODATA, "/v4/$batch", body.encode())
    assert isinstance(decision, Refuse)
    assert decision.reason is Reason.UNDECODABLE


@pytest.mark.parametrize(
    "body",
    [
        '{"r\\u0065quests":[{"m\\u0065thod":"POST","url":"El\\u0065ves","body":{NAME}}]}',
        '{"requests":[{"body":{NAME},"method":"POST","url":"Eleves"}],"requests":[]}',
        ' {"requests" : [ {"method":"POST", "body":{"a":[{}],NAME}, "url":"Eleves"} ] }',
    ],
)
def test_a_batch_is_one_however_it_is_written(batches: Runtime, pupil: Client, body: str) -> None:
    body = body.replace("NAME", '"Appellation":"Y Q"')
    decision = ask(batches, pupil, ODATA, "/v4/$batch", body.encode())
    assert b"Y Q" not in decision.body


@pytest.mark.parametrize(
    "document",
    [
        {"jsonrpc": "2.0", "method": "Appellation", "params": {"Appellation": "Y Q"}},
        {"requests": [{"method": "fade", "url": "Eleves", "body": {"Appellation": "Y Q"}}]},
        {"requests": [{"url": "Eleves", "body": {"Appellation": "Y Q"}}]},
    ],
)
def test_what_is_no_batch_is_left_alone(
    batches: Runtime, pupil: Client, document: dict[str, Any]
) -> None:
    body = json.dumps(document).encode()
    assert ask(batches, pupil, ODATA, "/v4/autre", body).body == body


def test_a_batch_too_long_to_be_read_whole_is_refused(batches: Runtime, pupil: Client) -> None:
    begun = batches.engine.begin(head("POST", "/v4/$batch", ODATA, JSON), pupil)
    assert begun.exchange is not None
    one = '{"id":"1","method":"POST","url":"Eleves","body":{"Appellation":"Y Q"}},'
    begins = ('{"requests":[' + one * 9000).encode()
    decision = batches.engine.protect_passing(begun.exchange, begins).decision
    assert isinstance(decision, Refuse)
    assert decision.reason is Reason.BODY_TOO_LARGE


def http(line: str, body: str = "", more: str = "") -> str:
    inner = f"{line}\r\n{more}"
    if body:
        inner += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
    return (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <item-1>\r\n\r\n{inner}\r\n{body}\r\n"
    )


def mixed(*parts: str, boundary: str = "batch_1") -> str:
    return "".join(f"--{boundary}\r\n{part}" for part in parts) + f"--{boundary}--\r\n"


MADE = json.dumps({"Appellation": "Ysolde Quermeur", "note": 12})


@pytest.mark.parametrize(
    "line",
    [
        "POST Eleves HTTP/1.1",
        "POST /v4/Eleves HTTP/1.1",
        f"POST https://{ODATA}/v4/Eleves HTTP/1.1",
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_request_of_an_odata_batch_goes_by_its_own_endpoint(
    batches: Runtime, pupil: Client, line: str, nested: bool
) -> None:
    part = http(line, MADE, "X-Auteur: Ysolde Quermeur\r\n")
    if nested:
        inside = mixed(part, boundary="change_1")
        part = f"Content-Type: multipart/mixed; boundary=change_1\r\n\r\n{inside}"
    body = mixed(part, http("GET Eleves('O''Brien')?qui=Y%20Q HTTP/1.1")).encode()
    decision = ask(batches, pupil, ODATA, "/v4/$batch", body, MIXED)
    for word in (b"Ysolde", b"Quermeur"):
        assert word not in decision.body
    sent = next(one for one in decision.body.split(b"\r\n\r\n") if one.startswith(b"{"))
    length = int(decision.body.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(sent.split(b"\r\n")[0]) == length


def test_a_google_batch_goes_by_its_own_endpoints(batches: Runtime, pupil: Client) -> None:
    body = mixed(
        http("GET /v1/userProfiles/ysolde.q@mail.example?alt=json HTTP/1.1"),
        http("GET /v1/courses?studentId=ysolde.q%40mail.example HTTP/1.1"),
        http(
            "POST /v1/courses HTTP/1.1", json.dumps({"name": "Lecture", "ownerId": "y@q.example"})
        ),
    ).encode()
    decision = ask(batches, pupil, GOOGLE, "/batch/classroom/v1", body, MIXED)
    assert b"ysolde" not in decision.body
    assert b"y@q.example" not in decision.body
    assert b'"name": "Lecture"' in decision.body


@pytest.mark.parametrize(
    ("line", "more"),
    [("POST mesures HTTP/1.1", ""), ("POST /v4/mesures HTTP/1.1", ""),
     ("GET https://graph.microsoft.com/v1.0/me HTTP/1.1", ""),
     ("POST Eleves HTTP/1.1", "Host: graph.microsoft.com\r\n"),
     ("POST Eleves HTTP/1.1", "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n")],
)  # fmt: skip
def test_a_part_that_alone_would_not_pass_refuses_the_whole(
    batches: Runtime, pupil: Client, line: str, more: str
) -> None:
    body = mixed(http("GET Eleves HTTP/1.1"), http(line, MADE, more)).encode()
    assert isinstance(ask(batches, pupil, ODATA, "/v4/$batch", body, MIXED), Refuse)


def test_a_long_batch_of_parts_passes_by_the_same_rules(batches: Runtime, pupil: Client) -> None:
    filler = json.dumps({"Appellation": "Ysolde Quermeur", "texte": "bien " * 400})
    body = mixed(*[http("POST Eleves HTTP/1.1", filler)] * 400).encode()
    begun = batches.engine.begin(head("POST", "/v4/$batch", ODATA, MIXED), pupil)
    assert begun.exchange is not None
    decision = batches.engine.protect_passing(begun.exchange, body[:600_000]).decision
    assert isinstance(decision, Stream), decision
    passed = b"".join(
        [*decision.first, *decision.transform(body[600_000:]), *decision.transform(b"")]
    )
    assert b"Quermeur" not in passed
    whole = ask(batches, pupil, ODATA, "/v4/$batch", body, MIXED)
    assert passed == whole.body


@pytest.mark.parametrize(
    ("batch", "url", "first"),
    [
        ("/v1.0/$batch", "/users/x", "/v1.0/users/x"),
        ("/v1.0/$batch?x=1", "users/x?y=/z", "/v1.0/users/x?y=/z"),
        ("/v1.0/$batch", "/v1.0/users", "/v1.0/users"),
        ("/$batch", "/users", "/users"),
        ("/batch", "/v1/x", "/v1/x"),
        ("/a/b/$batch", "https://H.example:443/c?d", "/c?d"),
    ],
)
def test_where_an_inner_url_leads(batch: str, url: str, first: str) -> None:
    assert places("h.example", batch, url)[0][:2] == ("h.example", first)
