"""Each rule on the fields that browsers and services really send."""

from __future__ import annotations

import pytest

from proxy.blocking.parties import other_site, site_of
from proxy.decisions import Headers
from proxy.policy.privacy import matcher
from proxy.privacy import Plan, Rule
from proxy.privacy.answers import filter_answer
from proxy.privacy.context import context_of, is_third_party
from proxy.privacy.requests import filter_request, origin_of

HOST = "api.service.example"
PLAN = Plan(is_own=matcher(("service.example", "*.service.example", "*.service-cdn.example")))


def fields(**given: str) -> Headers:
    return tuple((name.replace("_", "-").encode(), text.encode()) for name, text in given.items())


def third_party(plan: Plan = PLAN, host: str = HOST, **given: str) -> bool:
    headers = fields(**given)
    return is_third_party(context_of(headers), headers, "GET", host, "/x", plan)


CROSS = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (CROSS, True),
        ({**CROSS, "referer": "https://news.example/a"}, True),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"}, True),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "websocket"}, True),
        ({**CROSS, "sec_fetch_storage_access": "active"}, True),
        # what the browser partitioned follows nobody
        ({**CROSS, "sec_fetch_storage_access": "none"}, False),
        ({**CROSS, "sec_fetch_storage_access": "inactive"}, False),
        # pages being opened: SAML, CAS, OpenID Connect, in the window or a frame
        ({**CROSS, "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, False),
        ({**CROSS, "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, False),
        ({**CROSS, "sec_fetch_mode": "nested-navigate"}, False),
        ({"sec_fetch_site": "cross-site", "sec_fetch_dest": "webidentity"}, False),
        # the service's own pages, whatever their site
        ({**CROSS, "referer": "https://static.service-cdn.example/"}, False),
        ({**CROSS, "origin": "https://static.service-cdn.example"}, False),
        ({**CROSS, "sec_fetch_site": "same-site", "referer": "https://news.example/"}, False),
        ({**CROSS, "sec_fetch_site": "same-origin"}, False),
        ({**CROSS, "sec_fetch_site": "none"}, False),
        # no Fetch Metadata: the page's registrable domain
        ({"referer": "https://news.example/a"}, True),
        ({"origin": "https://news.example"}, True),
        ({"origin": "https://www.service.example"}, False),
        ({"referer": "https://news.example/a", "accept": "text/html,*/*"}, False),
        ({"origin": "http://localhost"}, False),
        ({"origin": "ionic://app"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_whose_cookies_they_are(given: dict[str, str], expected: bool) -> None:
    assert third_party(**given) is expected


def test_sites_by_public_suffix() -> None:
    assert not other_site("lycee-a.ent.example.co.uk", "www.example.co.uk")
    assert other_site("one.github.io", "two.github.io")
    assert other_site("a.co.uk", "b.co.uk")
    assert site_of("x.y.tracker.co.uk") == "tracker.co.uk"
    assert site_of("x.omtrdc.net") == "omtrdc.net"


def test_sign_in_pages_and_the_allow_list_keep_their_cookies() -> None:
    plan = Plan(keeps_cookies=matcher(("*.ent.example",)))
    assert not third_party(plan, "cas.ent.example", **CROSS)
    assert third_party(plan, "ent.example", **CROSS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"https://school.example/class/3A?pupil=1#x", b"https://school.example/"),
        (b"https://school.example?pupil=1", b"https://school.example/"),
        (b"http://school.example:8080/a", b"http://school.example:8080/"),
        (b"HTTPS://School.example/a", b"HTTPS://School.example/"),
        (b"https://school.example/", b"https://school.example/"),
        (b"https://school.example", b"https://school.example"),
        (b"android-app://org.example/", b"android-app://org.example/"),
        (b"", b""),
    ],
)
def test_a_referer_is_cut_to_its_site(value: bytes, expected: bytes) -> None:
    assert origin_of(value) == expected


@pytest.mark.parametrize(
    ("site", "referer", "cut"),
    [
        ("cross-site", "https://news.example/a", True),
        ("", "https://news.example/a", True),
        ("", "https://www.service.example/a", False),
        ("same-site", "https://www.service.example/a", False),
        ("same-origin", "https://api.service.example/a", False),
        # also pages that are opened, and those of the same supplier on another site
        ("cross-site", "https://static.service-cdn.example/a", True),
    ],
)
def test_another_site_learns_no_page(site: str, referer: str, cut: bool) -> None:
    headers = fields(referer=referer, **({"sec_fetch_site": site} if site else {}))
    out, removed = filter_request(PLAN, headers, "GET", HOST, "/")
    assert (dict(out)[b"referer"] != referer.encode()) is cut
    assert dict(removed) == ({Rule.REFERER: 1} if cut else {})


def answered(plan: Plan = PLAN, *, third: bool = False, **given: str) -> dict[bytes, bytes]:
    return dict(filter_answer(plan, fields(**given), HOST, lambda: third)[0])


def test_third_parties_set_only_cookies_that_stay_with_the_page() -> None:
    headers = (
        (b"Set-Cookie", b"id=1; Secure; SameSite=None"),
        (b"Set-Cookie", b"chips=1; Secure; Path=/; Partitioned"),
        (b"Set-Cookie", b"x=partitioned; Secure"),
    )
    assert filter_answer(PLAN, headers, HOST, lambda: False)[0] == headers
    out, removed = filter_answer(PLAN, headers, HOST, lambda: True)
    assert out == (headers[1],)
    assert removed == {Rule.THIRD_PARTY_COOKIES: 2}


def test_a_service_may_ask_for_hints_that_anybody_may_know() -> None:
    out = answered(accept_ch="Sec-CH-UA-Model, Sec-CH-UA-Mobile , DPR", critical_ch="DPR")
    assert out == {b"accept-ch": b"Sec-CH-UA-Mobile"}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"nel": '{"report_to":"n"}', "report_to": '{"group":"n","max_age":1,"endpoints":'
          '[{"url":"https://a.nel.cloudflare.example/r"}]}'}, set()),
        ({"nel": "{}", "report_to": '{"endpoints":[{"url":"https:\\/\\/x.service.example/"}]}, '
          '{"endpoints":[{"url":"https:\\u002f\\u002felsewhere.example/"}]}'}, set()),
        ({"nel": "{}", "report_to": '{"endpoints":[{"url":"https://r.service.example/"}]}'},
         {b"nel", b"report-to"}),
        ({"report_to": "not json"}, set()),
        ({"reporting_endpoints": 'a="https://r.service.example/a", b="/here"'},
         {b"reporting-endpoints"}),
        ({"reporting_endpoints": 'a="/here", b="https://csp.elsewhere.example/b"'}, set()),
        ({"reporting_endpoints": 'a="//elsewhere.example/b"'}, set()),
        ({"nel": '{"report_to":"n"}'}, {b"nel"}),
    ],
)  # fmt: skip
def test_reports_go_to_the_service_itself_or_nowhere(given, left) -> None:
    assert set(answered(**given)) == left


def test_no_way_past_us_and_no_measurement_for_advertisers() -> None:
    out = answered(
        alt_svc='h3=":443"', observe_browsing_topics="?1", server="x",
        attribution_reporting_register_source="{}", supports_loading_mode="fenced-frame",
    )  # fmt: skip
    assert set(out) == {b"server", b"supports-loading-mode"}


def test_what_identifies_browser_and_machine_goes_and_the_rest_stays() -> None:
    headers = fields(
        Sec_CH_UA='"Chromium";v="140"', Sec_CH_UA_Mobile="?0", Sec_CH_UA_Model='"Pixel 9"',
        Sec_CH_UA_Full_Version_List="x", Device_Memory="8", Save_Data="on", X_Client_Data="CIa",
        X_UIDH="1", Sec_Browsing_Topics="();p=P0", DNT="1", Authorization="Bearer x",
    )  # fmt: skip
    out, removed = filter_request(PLAN, headers, "GET", HOST, "/")
    names = [name for name, _ in out]
    assert names == [
        b"Sec-CH-UA", b"Sec-CH-UA-Mobile", b"Save-Data", b"DNT", b"Authorization",
    ]  # fmt: skip
    assert removed == {
        Rule.CLIENT_HINTS: 3, Rule.BROWSER_IDENTIFIERS: 2, Rule.AD_MEASUREMENT: 1,
    }  # fmt: skip
