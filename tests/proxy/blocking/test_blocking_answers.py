from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking import Block, Category, RequestType, answer
from proxy.blocking.collectors import COLLECTORS, collector_for
from proxy.blocking.resources import RESOURCES
from proxy.profiling.formats import BY_NAME

T = RequestType
AMPLITUDE = {
    "code": 200,
    "events_ingested": 1,
    "payload_size_bytes": 0,
    "server_upload_time": 0,
}
ITEMS = {"itemsReceived": 1, "itemsAccepted": 1, "errors": []}
SENTRY = {"id": "0" * 32}
BLOCK = Block("||t.example^", "l", "lists/block/l.txt", 1, Category.TRACKING)


def header(reply, name: str) -> bytes | None:
    found = [v for n, v in reply.headers if n.lower() == name.encode()]
    assert len(found) <= 1, name
    return found[0] if found else None


def ask(kind, method="GET", headers=(), path="/x", block=BLOCK, host="t.example"):
    return answer(block, kind, method, tuple(headers), path, host)


@pytest.mark.parametrize(
    ("kind", "path", "status", "content_type", "start"),
    [
        (T.SCRIPT, "/a.js", 200, b"text/javascript; charset=utf-8", b""),
        (T.STYLESHEET, "/a.css", 200, b"text/css; charset=utf-8", b""),
        (T.IMAGE, "/pixel", 200, b"image/gif", b"GIF89a"),
        (T.IMAGE, "/pixel.png?x", 200, b"image/png", b"\x89PNG\r\n"),
        (T.IMAGE, "/pixel.svg", 200, b"image/svg+xml", b"<svg"),
        (T.IMAGE, "/pixel.webp", 200, b"image/webp", b"RIFF"),
        (T.MEDIA, "/clip.mp4", 200, b"video/mp4", b"\0\0\0"),
        (T.MEDIA, "/clip", 200, b"video/mp4", b"\0\0\0"),
        (T.MEDIA, "/clip.webm", 200, b"video/webm", b"\x1aE\xdf\xa3"),
        (T.MEDIA, "/clip.mp3", 200, b"audio/mpeg", b"\xff\xfb"),
        (T.MEDIA, "/clip.wav", 200, b"audio/wav", b"RIFF"),
        (T.MEDIA, "/clip.vtt", 200, b"text/vtt; charset=utf-8", b"WEBVTT"),
        (T.XMLHTTPREQUEST, "/ad?output=vast", 200, b"text/xml; charset=utf-8", b"<?xml"),
        (T.XMLHTTPREQUEST, "/ad?output=vmap", 200, b"text/xml; charset=utf-8", b"<?xml"),
        (T.FONT, "/f.woff2", 200, b"font/woff2", b""),
        (T.SUBDOCUMENT, "/frame", 200, b"text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (T.XMLHTTPREQUEST, "/api", 200, b"application/json", b"{}"),
        (T.WEBSOCKET, "/ws", 403, b"text/plain; charset=utf-8", b""),
        (T.PING, "/b", 204, None, b""),
        (T.CSP_REPORT, "/r", 204, None, b""),
    ],
)
def test_the_answer_fits_the_type(kind, path, status, content_type, start):
    reply = ask(kind, path=path)
    assert (reply.status, header(reply, "content-type")) == (status, content_type)
    assert reply.body.startswith(start)
    assert bool(reply.body) is bool(start)
    if status != 204:
        assert header(reply, "content-length") == str(len(reply.body)).encode()


def test_a_page_is_the_callers():
    assert ask(T.DOCUMENT) is None


def test_a_client_that_takes_one_image_format_gets_it():
    assert (
        header(ask(T.IMAGE, headers=[(b"accept", b"image/webp")]), "content-type") == b"image/webp"
    )
    assert (
        header(ask(T.IMAGE, headers=[(b"accept", b"image/png,*/*")]), "content-type")
        == b"image/gif"
    )


def test_cors_answers_the_page_that_asked_with_credentials():
    reply = ask(T.XMLHTTPREQUEST, headers=[(b"Origin", b"https://lesson.school")])
    assert header(reply, "access-control-allow-origin") == b"https://lesson.school"
    assert header(reply, "access-control-allow-credentials") == b"true"
    assert header(reply, "vary") == b"Origin"
    assert header(ask(T.XMLHTTPREQUEST), "access-control-allow-origin") is None


def test_preflight_allows_what_was_asked():
    reply = ask(
        T.XMLHTTPREQUEST,
        "OPTIONS",
        [
            (b"origin", b"https://lesson.school"),
            (b"access-control-request-method", b"POST"),
            (b"access-control-request-headers", b"x-api-key, content-type"),
        ],
    )
    assert reply.status == 204
    assert header(reply, "access-control-allow-methods") == b"POST"
    assert header(reply, "access-control-allow-headers") == b"x-api-key, content-type"


def test_a_surrogate_answers_where_the_rule_names_one():
    block = Block("r", "l", "f", 1, Category.ANALYTICS, redirect="google-analytics_analytics.js")
    assert b"hitCallback" in ask(T.SCRIPT, block=block).body


@pytest.mark.parametrize(
    ("host", "path", "status", "expected"),
    [
        ("eu-teams.events.data.microsoft.com", "/OneCollector/1.0/?cors=true", 200, {"acc": 1}),
        ("collector.school.example", "/OneCollector/1.0/", 200, {"acc": 1}),
        ("play.google.com", "/log?format=json", 200, ["900000", None, [], []]),
        ("api.mixpanel.com", "/track/?verbose=0", 200, 1),
        ("api2.amplitude.com", "/2/httpapi", 200, AMPLITUDE),
        ("eu.mixpanel.com", "/track/?verbose=1&ip=1", 200, {"status": 1, "error": None}),
        ("dc.services.visualstudio.com", "/v2/track", 200, ITEMS),
        ("o1.ingest.sentry.io", "/api/1/envelope/?sentry_key=x", 200, SENTRY),
        ("errors.school.example", "/api/1/envelope/?sentry_version=7", 200, SENTRY),
        ("bam.nr-data.net", "/events/1/x", 200, {}),
        ("eu.i.posthog.com", "/e/?ip=1", 200, {"status": 1, "featureFlags": {}}),
        ("browser-intake-us3-datadoghq.com", "/api/v2/rum", 202, {}),
        ("api.segment.io", "/v1/t", 200, {"success": True}),
        ("chatgpt.com", "/ces/v1/t", 200, {"success": True}),
        ("ab.chatgpt.com", "/v1/rgstr?k=x", 202, {"success": True}),
    ],
)
@pytest.mark.parametrize("kind", [T.XMLHTTPREQUEST, T.PING, T.OTHER])
def test_clients_that_retry_get_their_own_success(host, path, status, expected, kind):
    reply = ask(kind, "POST", path=path, host=host)
    assert reply.status == status
    assert json.loads(reply.body) == expected
    by_header = ask(kind, "POST", [(b"Host", host.upper().encode() + b":443")], path, host="")
    assert by_header.body == reply.body


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("www.google-analytics.com", "/g/collect?v=2&tid=G-1"),
        ("region1.google-analytics.com", "/g/collect?v=2"),
        ("measure.school.example", "/g/collect?v=2&tid=G-1"),
        ("stats.example", "/matomo.php?action_name=x&idsite=1"),
        ("stats.example", "/piwik/piwik.php"),
        ("www.google.com", "/gen_204?x=1"),
    ],
)
@pytest.mark.parametrize("kind", [T.XMLHTTPREQUEST, T.PING])
def test_clients_that_expect_nothing_get_nothing(host, path, kind):
    reply = ask(kind, "POST", path=path, host=host)
    assert (reply.status, reply.body, header(reply, "content-type")) == (204, b"", None)


@pytest.mark.parametrize("kind", [T.SCRIPT, T.IMAGE, T.STYLESHEET, T.SUBDOCUMENT, T.FONT, T.MEDIA])
@pytest.mark.parametrize("host", ["api.mixpanel.com", "stats.example", "nr-data.net"])
def test_a_collectors_pixel_or_script_is_answered_as_what_it_is(kind, host):
    path = "/matomo.php" if host == "stats.example" else "/track"
    assert ask(kind, path=path, host=host).status == 200
    assert header(ask(kind, path=path, host=host), "content-type") != b"application/json"


def test_an_answer_is_made_once_and_only_the_origin_is_added():
    plain = ask(T.SCRIPT, path="/gtm.js?id=1", host="www.googletagmanager.com")
    assert ask(T.SCRIPT, path="/gtm.js?id=2", host="www.googletagmanager.com") is plain
    other = ask(
        T.SCRIPT, "GET", [(b"Origin", b"https://a.example")], "/gtm.js", host="googletagmanager.com"
    )
    assert other.body is plain.body
    assert other.headers[2:] == plain.headers


def test_the_rule_that_names_a_resource_wins_over_the_address():
    block = Block("r", "l", "f", 1, Category.ANALYTICS, redirect="noop.js")
    assert b"dataLayer" not in ask(T.SCRIPT, path="/gtm.js", block=block).body
    assert b"dataLayer" in ask(T.SCRIPT, path="/gtm.js", host="www.googletagmanager.com").body


def test_a_collectors_script_is_still_answered_as_a_script():
    assert header(ask(T.SCRIPT, path="/x.js", host="cdn.amplitude.com"), "content-type") == (
        b"text/javascript; charset=utf-8"
    )


@pytest.mark.parametrize("row", COLLECTORS, ids=lambda r: (r.host or "*") + r.path)
def test_collectors_answer_success_in_the_type_they_declare(row):
    status, content_type, body = row.accepted
    assert 200 <= status < 300
    assert row.path.startswith(("/", "*"))
    assert bool(content_type) is bool(body)
    if content_type == b"application/json":
        json.loads(body)


@pytest.mark.parametrize(
    ("format", "host", "path"),
    [
        ("amplitude", "api2.amplitude.com", "/2/httpapi"),
        ("mixpanel", "api.mixpanel.com", "/track"),
        ("segment", "api.segment.io", "/v1/batch"),
        ("posthog", "eu.i.posthog.com", "/e/"),
        ("sentry", "o1.ingest.sentry.io", "/api/1/envelope/"),
        ("rollbar", "api.rollbar.com", "/api/1/item/"),
        ("braze", "sdk.fra-01.braze.eu", "/api/v3/data/"),
        ("onecollector", "browser.events.data.microsoft.com", "/OneCollector/1.0/"),
        ("application-insights", "dc.services.visualstudio.com", "/v2/track"),
        ("statsig", "statsigapi.net", "/v1/rgstr"),
        ("plausible", "plausible.io", "/api/event"),
        ("adobe-analytics", "edge.adobedc.net", "/ee/v1/interact"),
    ],
)
def test_a_client_hears_the_same_whether_its_host_or_its_format_is_known(format, host, path):
    collector = collector_for(host, path)
    assert collector is not None
    assert BY_NAME[format].success == collector.accepted


ASKED = st.sampled_from(
    [b"origin", b"accept", b"Access-Control-Request-Method", b"access-control-request-headers"]
)


@given(
    st.sampled_from(list(T)),
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
    st.lists(st.tuples(ASKED, st.binary(max_size=40)), max_size=5),
    st.text(max_size=40),
    st.sampled_from(["", *RESOURCES]),
)
def test_every_answer_is_unstored_sets_no_cookie_and_echoes_no_control_byte(
    kind, method, headers, path, redirect
):
    block = Block("r", "l", "f", 1, Category.TRACKING, redirect=redirect)
    reply = ask(kind, method, headers, path, block)
    if reply is None:
        assert kind is T.DOCUMENT
        return
    assert header(reply, "cache-control") == b"no-store"
    assert header(reply, "set-cookie") is None
    assert all(0x20 <= byte < 0x7F for _, value in reply.headers for byte in value)
    assert not (method == "HEAD" and reply.body)
