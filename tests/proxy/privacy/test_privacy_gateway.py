"""The privacy rules through the real gateway: what the service received, what the client saw."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proxy.audit import query
from proxy.privacy import Rule
from tests.sim.h2_peers import Fields, H2Answer, H2Server
from tests.sim.raw_server import RawServer, answer, wait_for
from tests.sim.school import HOST, SERVICE_YAML, OpenSchool, School

CROSS: Fields = [
    (b"sec-fetch-site", b"cross-site"),
    (b"sec-fetch-mode", b"no-cors"),
    (b"sec-fetch-dest", b"image"),
]
ASKED: Fields = [
    (b"user-agent", b"Mozilla/5.0"),
    (b"x-twice", b"1"),
    *CROSS,
    (b"cookie", b"id=7"),
    (b"referer", b"https://news.example/class/3A?pupil=12"),
    (b"sec-ch-ua", b'"Chromium";v="140"'),
    (b"sec-ch-ua-model", b'"Pixel 9"'),
    (b"device-memory", b"8"),
    (b"x-client-data", b"CIa2yQE="),
    (b"sec-browsing-topics", b"(1 2);v=chrome.1:1:2, ();p=P0000"),
    (b"dnt", b"1"),
    (b"x-twice", b"2"),
]
LEFT: Fields = [
    (b"user-agent", b"Mozilla/5.0"),
    (b"x-twice", b"1"),
    *CROSS,
    (b"referer", b"https://news.example/"),
    (b"sec-ch-ua", b'"Chromium";v="140"'),
    (b"dnt", b"1"),
    (b"x-twice", b"2"),
    (b"sec-gpc", b"1"),
]
GIVEN: Fields = [
    (b"content-type", b"application/json"),
    (b"set-cookie", b"id=8; Secure; SameSite=None"),
    (b"set-cookie", b"part=1; Secure; Partitioned"),
    (b"accept-ch", b"Sec-CH-UA-Model, Sec-CH-UA-Mobile"),
    (b"alt-svc", b'h3=":443"; ma=86400'),
    (b"observe-browsing-topics", b"?1"),
    (b"nel", b'{"report_to":"n","max_age":60}'),
    (b"report-to", b'{"group":"n","endpoints":[{"url":"https://r.elsewhere.example/"}]}'),
    (b"x-kept", b"1"),
    (b"x-kept", b"2"),
]
SHOWN: Fields = [
    (b"content-type", b"application/json"),
    (b"set-cookie", b"part=1; Secure; Partitioned"),
    (b"accept-ch", b"Sec-CH-UA-Mobile"),
    (b"x-kept", b"1"),
    (b"x-kept", b"2"),
]
SERVICE_FILE = "services/nuage-classe.yaml"
TARGET = "/v1/x?utm_source=news&keep=1"
WORDS = {
    Rule.REFERER: "keep",
    Rule.PRIVACY_SIGNAL: "omit",
    Rule.DNS_OVER_HTTPS: "allow",
    Rule.CLOAKED_NAMES: "ignore",
}
H1_ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    + b"".join(b"%s: %s\r\n" % field for field in GIVEN)
    + b"content-length: 2\r\n\r\n{}"
)


def setting(rule: Rule) -> str:
    return rule.value.replace("-", "_")


def write_words(school: School, words: str) -> None:
    """The service's own words; the file has settled already, so that a reload takes it."""
    school.write(SERVICE_FILE, SERVICE_YAML + f"privacy: {{{words}}}\n")
    os.utime(school.root / SERVICE_FILE, (time.time() - 5, time.time() - 5))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    made = School(tmp_path_factory.mktemp("privacy"), 3)
    made.write("lists/block/params.txt", "! Title: p\n*$removeparam=utm_source,image\n")
    return made


@contextmanager
def opened(school: School, cloud: object) -> Iterator[OpenSchool]:
    with school.open_to(cloud) as one:
        yield one


def raw_fields(head: bytes) -> Fields:
    lines = head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    pairs = [line.partition(b":") for line in lines]
    return [(name.lower(), value.strip()) for name, _, value in pairs]


def h1_request(target: str = TARGET, fields: Fields = ASKED) -> bytes:
    lines = b"".join(b"%s: %s\r\n" % field for field in fields)
    return b"GET %s HTTP/1.1\r\nhost: %s\r\n%s\r\n" % (target.encode(), HOST.encode(), lines)


def events(one: OpenSchool) -> list[dict[str, object]]:
    found = query(one.runtime.site.audit_dir, {"type": "privacy-filtered"})
    return [dict(item.event) for item in found]


def without(fields: Fields, *names: bytes) -> Fields:
    return [field for field in fields if field[0] not in names]


def test_over_http_1_only_what_the_rules_name_changes(school: School) -> None:
    write_words(school, "")
    with RawServer(answer(H1_ANSWER), school.tls(HOST)) as cloud, opened(school, cloud) as one:
        with one.client() as client:
            head, body, _ = client.ask(h1_request())
        received = bytes(cloud.connections[0].received)
        assert received.startswith(b"GET /v1/x?keep=1 HTTP/1.1\r\n")
        assert without(raw_fields(received), b"host") == LEFT
        assert without(raw_fields(head), b"content-length", b"date") == SHOWN
        assert body == b"{}"
        assert wait_for(lambda: len(events(one)) == 2)
        assert sorted((e["removed"] for e in events(one)), key=str) == sorted(
            [
                {"third-party-cookies": 1, "referer": 1, "client-hints": 2,
                 "browser-identifiers": 1, "ad-measurement": 1},
                {"third-party-cookies": 1, "client-hints": 1, "alternative-services": 1,
                 "ad-measurement": 1, "third-party-reports": 2},
            ],
            key=str,
        )  # fmt: skip
        text = json.dumps(events(one))
        for value in ("news.example", "Pixel", "CIa2", "id=7", "elsewhere"):
            assert value not in text
        metrics = one.runtime.metrics.render().decode()
        assert 'preau_privacy_removed_total{rule="client-hints"} 3.0' in metrics
        assert 'preau_privacy_removed_total{rule="tracking-parameters"} 1.0' in metrics
        assert "news.example" not in metrics


def test_over_http_2_the_same(school: School) -> None:
    write_words(school, "")

    def respond(message: object) -> H2Answer:
        return H2Answer(body=b"{}", fields=list(GIVEN))

    tls = school.tls(HOST, alpn=("h2",))
    with H2Server(tls, respond) as cloud, opened(school, cloud) as one:
        with one.h2_client() as client:
            message = client.wait(client.request(HOST, TARGET, fields=ASKED))
        (request,) = cloud.requests
        assert (b":path", b"/v1/x?keep=1") in request.headers
        received = [f for f in request.headers if not f[0].startswith(b":")]
        assert without(received, b"host") == LEFT
        shown = [f for f in message.headers if not f[0].startswith(b":")]
        assert without(shown, b"content-length", b"date") == SHOWN


UNDONE: dict[Rule, tuple[Fields, Fields]] = {
    Rule.THIRD_PARTY_COOKIES: (
        [(b"cookie", b"id=7")],
        [(b"set-cookie", b"id=8; Secure; SameSite=None")],
    ),
    Rule.REFERER: ([(b"referer", b"https://news.example/class/3A?pupil=12")], []),
    Rule.CLIENT_HINTS: (
        [(b"sec-ch-ua-model", b'"Pixel 9"'), (b"device-memory", b"8")],
        [(b"accept-ch", b"Sec-CH-UA-Model, Sec-CH-UA-Mobile")],
    ),
    Rule.BROWSER_IDENTIFIERS: ([(b"x-client-data", b"CIa2yQE=")], []),
    Rule.PRIVACY_SIGNAL: ([], []),
    Rule.ALTERNATIVE_SERVICES: ([], [(b"alt-svc", b'h3=":443"; ma=86400')]),
    Rule.AD_MEASUREMENT: (
        [(b"sec-browsing-topics", b"(1 2);v=chrome.1:1:2, ();p=P0000")],
        [(b"observe-browsing-topics", b"?1")],
    ),
    Rule.THIRD_PARTY_REPORTS: ([], GIVEN[6:8]),
    Rule.TRACKING_PARAMETERS: ([], []),
    Rule.DNS_OVER_HTTPS: ([], []),
}


def test_each_rule_can_be_turned_off_for_a_service_and_no_other_with_it(school: School) -> None:
    """One gateway, one reload a rule: the field comes through, all the others stay filtered."""
    with RawServer(answer(H1_ANSWER), school.tls(HOST)) as cloud, opened(school, cloud) as one:
        for rule, (asked, given) in UNDONE.items():
            write_words(school, f"{setting(rule)}: {WORDS.get(rule, 'keep')}")
            one.runtime.refresh()
            plan = one.runtime.snapshot().policy.services["nuage-classe"].privacy
            assert set(Rule) - plan.on == {rule}
            cloud.connections.clear()
            with one.client() as client:
                head, _, _ = client.ask(h1_request())
            sent = raw_fields(bytes(cloud.connections[0].received))
            replaced = {name for name, _ in asked}
            kept = [f for f in ASKED if f in asked or f in LEFT]
            expected = [f for f in kept if f in asked or f[0] not in replaced]
            if rule is not Rule.PRIVACY_SIGNAL:
                expected = [*expected, (b"sec-gpc", b"1")]
            if rule is not Rule.REFERER:
                place = expected.index((b"sec-fetch-dest", b"image")) + 1
                place += rule is Rule.THIRD_PARTY_COOKIES
                expected.insert(place, (b"referer", b"https://news.example/"))
            assert without(sent, b"host") == expected, rule
            shown = without(raw_fields(head), b"content-length", b"date")
            assert without(shown, b"accept-ch") == [
                f for f in GIVEN if (f in given or f in SHOWN) and f[0] != b"accept-ch"
            ], rule
            hints = GIVEN[3] if rule is Rule.CLIENT_HINTS else SHOWN[2]
            assert hints in shown
            with one.client() as client:
                looked_up, _, _ = client.ask(
                    h1_request("/", [(b"accept", b"application/dns-json")])
                )
            assert looked_up.startswith(b"HTTP/1.1 200") is (rule is Rule.DNS_OVER_HTTPS)
            path = bytes(cloud.connections[0].received).split()[1]
            assert (b"utm_source" in path) is (rule is Rule.TRACKING_PARAMETERS)


def test_the_site_says_for_all_and_a_service_for_itself(tmp_path: Path) -> None:
    school = School(tmp_path, 2)
    site = (school.root / "site.yaml").read_text()
    school.write("site.yaml", site + "privacy:\n  referer: keep\n  client_hints: keep\n")
    write_words(school, "client_hints: remove")
    with RawServer(answer(H1_ANSWER), school.tls(HOST)) as cloud, opened(school, cloud) as one:
        plan = one.runtime.snapshot().policy.services["nuage-classe"].privacy
        assert set(Rule) - plan.on == {Rule.REFERER}
        assert plan.refs[Rule.REFERER].file == "site.yaml"
        assert plan.refs[Rule.REFERER].text == "referer: keep"
        assert site.count("\n") + 2 == plan.refs[Rule.REFERER].line
        assert plan.refs[Rule.CLIENT_HINTS].file == "services/nuage-classe.yaml"
        assert plan.refs[Rule.AD_MEASUREMENT].text == "ad_measurement: remove (default)"
        site = (school.root / "site.yaml").read_text().replace("client_hints: keep", "nel: x")
        school.write("site.yaml", site)
        one.runtime.refresh()
        assert one.runtime.snapshot().policy.services["nuage-classe"].privacy is plan


SIGN_INS = {
    "SAML answer by form": [
        (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"),
        (b"sec-fetch-dest", b"document"), (b"origin", b"https://idp.ac-exemple.example"),
    ],
    "CAS ticket by redirection": [
        (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"),
        (b"sec-fetch-dest", b"document"), (b"referer", b"https://ent.example/"),
    ],
    "silent renewal in a frame": [
        (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"),
        (b"sec-fetch-dest", b"iframe"), (b"referer", b"https://office.example/"),
    ],
    "old browser, page": [
        (b"accept", b"text/html,application/xhtml+xml"), (b"referer", b"https://ent.example/"),
    ],
    "FedCM": [
        (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"cors"),
        (b"sec-fetch-dest", b"webidentity"),
    ],
    "application": [(b"user-agent", b"okhttp/4")],
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RawServer, OpenSchool]]:
    school = School(tmp_path_factory.mktemp("sign-in"), 2)
    with RawServer(answer(H1_ANSWER), school.tls(HOST)) as cloud, opened(school, cloud) as one:
        yield cloud, one


@pytest.mark.parametrize("fields", SIGN_INS.values(), ids=SIGN_INS)
def test_signing_in_goes_on_working(plain: tuple[RawServer, OpenSchool], fields: Fields) -> None:
    cloud, one = plain
    cloud.connections.clear()
    with one.client() as client:
        head, _, _ = client.ask(h1_request("/acs", [*fields, (b"cookie", b"session=1")]))
    sent = raw_fields(bytes(cloud.connections[0].received))
    assert (b"cookie", b"session=1") in sent
    assert all(field in sent for field in fields)
    assert (b"set-cookie", b"id=8; Secure; SameSite=None") in raw_fields(head)


@pytest.mark.parametrize(
    "field",
    [
        (b"accept", b"application/dns-message"),
        (b"content-type", b"application/dns-message"),
        (b"accept", b"application/dns-json, */*"),
        (b"content-type", b"application/oblivious-dns-message"),
    ],
)
def test_names_are_not_looked_up_past_the_school(
    plain: tuple[RawServer, OpenSchool], field: tuple[bytes, bytes]
) -> None:
    cloud, one = plain
    cloud.connections.clear()
    with one.client() as client:
        head, _, _ = client.ask(h1_request("/resolve?dns=AAAB", [field]))
    assert head.startswith(b"HTTP/1.1 403 ")
    assert not cloud.connections
    found = [dict(e.event) for e in query(one.runtime.site.audit_dir, {"type": "tracker-blocked"})]
    assert found[-1]["category"] == "bypass"
    assert re.fullmatch(r"site\.yaml:\d+", str(found[-1]["rule"]))


def test_a_service_in_its_own_words_reads_aloud(plain: tuple[RawServer, OpenSchool]) -> None:
    """Every rule has its words, and explanations show them with file and line."""
    from proxy.explaining import Question, explain

    _, one = plain
    shown = explain(one.runtime.snapshot(), Question(f"https://{HOST}/x", type="script"))
    assert [word.rule for word in shown.privacy] == [rule.value for rule in Rule]
    assert all(word.in_force and word.file == "site.yaml" for word in shown.privacy)
    assert dataclasses.asdict(shown)["uncloaked"] == ""
