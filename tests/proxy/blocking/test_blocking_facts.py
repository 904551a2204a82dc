from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.blocking import RequestType, facts_of, host_of

T = RequestType


@pytest.mark.parametrize(
    ("dest", "kind"),
    [
        ("document", T.DOCUMENT),
        ("iframe", T.SUBDOCUMENT),
        ("frame", T.SUBDOCUMENT),
        ("script", T.SCRIPT),
        ("serviceworker", T.SCRIPT),
        ("style", T.STYLESHEET),
        ("image", T.IMAGE),
        ("font", T.FONT),
        ("video", T.MEDIA),
        ("track", T.MEDIA),
        ("empty", T.XMLHTTPREQUEST),
        ("embed", T.OBJECT),
        ("report", T.CSP_REPORT),
        ("manifest", T.OTHER),
    ],
)
def test_fetch_metadata_decides_whatever_else_the_request_says(dest: str, kind: RequestType):
    headers = (
        (b"Accept", b"image/avif,image/webp,*/*;q=0.8"),
        (b"Sec-Fetch-Dest", dest.encode()),
    )
    assert facts_of("GET", "h.example", "/x.css", headers).type is kind


@pytest.mark.parametrize(
    ("method", "path", "headers", "kind"),
    [
        ("GET", "/s", [(b"Upgrade", b"WebSocket")], T.WEBSOCKET),
        ("GET", "/s", [(b"sec-fetch-dest", b"empty"), (b"sec-fetch-mode", b"websocket")],
         T.WEBSOCKET),
        ("POST", "/b", [(b"content-type", b"text/ping")], T.PING),
        ("POST", "/b", [(b"sec-fetch-dest", b"empty"), (b"sec-fetch-mode", b"no-cors")], T.PING),
        ("POST", "/b", [(b"sec-fetch-dest", b"empty"), (b"sec-fetch-mode", b"cors")],
         T.XMLHTTPREQUEST),
        ("POST", "/r", [(b"content-type", b"application/csp-report; charset=utf-8")],
         T.CSP_REPORT),
        ("GET", "/", [(b"accept", b"text/html,application/xhtml+xml;q=0.9")], T.DOCUMENT),
        ("GET", "/a", [(b"accept", b"text/css,*/*;q=0.1")], T.STYLESHEET),
        ("GET", "/a", [(b"accept", b"image/webp,*/*")], T.IMAGE),
        ("GET", "/a", [(b"x-requested-with", b"XMLHttpRequest"), (b"accept", b"text/html")],
         T.XMLHTTPREQUEST),
        ("GET", "/lib/app.min.js?v=1.css", [(b"accept", b"*/*")], T.SCRIPT),
        ("GET", "/p.GIF", [], T.IMAGE),
        ("GET", "/page.html", [(b"accept", b"*/*")], T.OTHER),
        ("POST", "/collect", [(b"accept", b"*/*")], T.XMLHTTPREQUEST),
        ("GET", "/collect", [(b"accept", b"*/*")], T.OTHER),
        ("GET", "/v1.2/thing", [], T.OTHER),
    ],
)  # fmt: skip
def test_type_from_the_best_evidence_there_is(method, path, headers, kind):
    assert facts_of(method, "h.example", path, tuple(headers)).type is kind


def test_source_is_the_referers_host_else_the_origins():
    assert (
        facts_of("GET", "h.example", "/", ((b"Referer", b"https://Page.Example:8443/a?b"),)).source
        == "page.example"
    )
    assert (
        facts_of("GET", "h.example", "/", ((b"Origin", b"https://o.example"),)).source
        == "o.example"
    )
    assert facts_of("GET", "h.example", "/", ((b"Origin", b"null"),)).source == ""
    assert facts_of("GET", "h.example", "/", ()).source == ""


def test_a_hidden_referer_is_first_party_when_the_browser_vouches_for_it():
    quiet = ((b"Sec-Fetch-Dest", b"script"), (b"Sec-Fetch-Site", b"same-site"))
    assert facts_of("GET", "cdn.x.example", "/a.js", quiet).source == "cdn.x.example"
    cross = ((b"Sec-Fetch-Dest", b"script"), (b"Sec-Fetch-Site", b"cross-site"))
    assert facts_of("GET", "cdn.x.example", "/a.js", cross).source == ""


def test_only_a_document_is_top_level():
    assert facts_of("GET", "x.example", "/", ((b"Sec-Fetch-Dest", b"document"),)).top_level
    assert not facts_of("GET", "x.example", "/", ((b"Sec-Fetch-Dest", b"iframe"),)).top_level


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.Example/x", "a.example"),
        ("https://a.example:8443", "a.example"),
        ("https://a.example.?q", "a.example"),
        ("https://user:p@a.example/@b", "a.example"),
        ("https://[2001:DB8::1]:443/", "[2001:db8::1]"),
        ("a.example", "a.example"),
        ("", ""),
    ],
)
def test_host_of(url: str, host: str):
    assert host_of(url) == host


HEADER = st.tuples(st.binary(max_size=30), st.binary(max_size=60))


@given(st.text(max_size=8), st.text(max_size=60), st.lists(HEADER, max_size=6))
def test_no_headers_make_it_fail(method: str, path: str, headers: list[tuple[bytes, bytes]]):
    names = [b"referer", b"Sec-Fetch-Dest", b"ACCEPT", b"origin", b"content-type"]
    mixed = tuple((names[i % 5], value) for i, (_, value) in enumerate(headers))
    assert facts_of(method, "h.example", path, (*headers, *mixed)).type in RequestType
