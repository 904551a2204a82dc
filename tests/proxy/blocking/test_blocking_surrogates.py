"""Surrogates and placeholders in a real browser: no uncaught error, callbacks run, files valid."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from proxy.blocking import Block, Category, RequestType, answer
from proxy.blocking.resources import CLIP, GIF, PNG, RESOURCES, SILENCE, SVG, WEBP

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as running:
        opened = running.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page on https://lesson.school whose every request is answered by us."""
    context = browser.new_context()
    opened = context.new_page()
    opened.errors = []
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()


def serve(page: Any, html: str, redirect: str = "") -> None:
    block = Block("r", "l", "f", 1, Category.TRACKING, redirect=redirect)

    def handle(route: Any) -> None:
        request = route.request
        if request.url == "https://lesson.school/":
            route.fulfill(body=html, content_type="text/html")
            return
        kind = {"script": RequestType.SCRIPT, "fetch": RequestType.XMLHTTPREQUEST}.get(
            request.resource_type, RequestType.OTHER
        )
        headers = tuple((n.encode(), v.encode()) for n, v in request.headers.items())
        reply = answer(block, kind, request.method, headers, "/x", "t.example")
        route.fulfill(
            status=reply.status,
            headers={n.decode(): v.decode() for n, v in reply.headers},
            body=reply.body,
        )

    page.route("**/*", handle)
    page.goto("https://lesson.school/")
    page.wait_for_timeout(150)


PAGES = {
    "google-analytics_analytics.js": """
      <script>window.ga=window.ga||function(){(ga.q=ga.q||[]).push(arguments)};ga.l=+new Date;
      window.done=[]; ga('create','UA-1','auto'); ga(function(t){done.push('ready '+t.get('x'))});
      ga('send','pageview',{hitCallback:function(){done.push('hit')}});</script>
      <script src="https://t.example/analytics.js"></script>
      <script>ga('send','event','a','b',{hitCallback:function(){done.push('later')}});
      ga.getAll()[0].send('pageview'); ga.getByName('t0').set('a',1);
      ga.create('x').get('y')</script>
    """,
    "googletagmanager_gtm.js": """
      <script>window.done=[];window.dataLayer=[{event:'gtm.js'},
        {event:'a',eventCallback:function(){done.push('hit')}}];
      dataLayer.hide={end:function(){done.push('ready undefined')}};
      function gtag(){dataLayer.push(arguments)}</script>
      <script src="https://t.example/gtm.js"></script>
      <script>gtag('js',new Date());gtag('config','G-1');
      gtag('event','x',{event_callback:function(){done.push('later')}});
      gtag('get','G-1','client_id',function(){done.push('got')})</script>
    """,
    "facebook_fbevents.js": """
      <script>window.done=['ready undefined','hit','later'];
      !function(f){if(f.fbq)return;var n=f.fbq=function(){n.callMethod?
      n.callMethod.apply(n,arguments):n.queue.push(arguments)};f._fbq=n;n.push=n;n.loaded=!0;
      n.version='2.0';n.queue=[]}(window);fbq('init','1');fbq('track','PageView');</script>
      <script src="https://t.example/fbevents.js"></script>
      <script>fbq('track','Lead');fbq.push(['track','x']);_fbq('a')</script>
    """,
    "googlesyndication_adsbygoogle.js": """
      <script>window.done=['ready undefined','hit','later']</script>
      <ins class="adsbygoogle"></ins><script>(adsbygoogle=window.adsbygoogle||[]).push({})</script>
      <script async src="https://t.example/adsbygoogle.js"></script>
      <script>(adsbygoogle=window.adsbygoogle||[]).push({})</script>
    """,
    "noop.js": """
      <script>window.done=['ready undefined','hit','later']</script>
      <script src="https://t.example/x.js"></script>
    """,
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_that_use_the_library_run_on_without_error(page: Any, name: str):
    serve(page, PAGES[name], name)
    assert page.errors == []
    assert {"ready undefined", "hit", "later"} <= set(page.evaluate("done"))


def test_a_callback_that_throws_does_not_stop_the_others(page: Any):
    html = PAGES["googletagmanager_gtm.js"].replace("done.push('hit')", "throw new Error('page')")
    serve(page, html, "googletagmanager_gtm.js")
    assert page.errors == ["page"]
    assert "later" in page.evaluate("done")


def test_placeholders_are_what_they_say(page: Any):
    serve(page, "<p>lesson</p>")
    images = [list(r.body) for r in (GIF, PNG, SVG, WEBP)]
    types = [r.content_type.decode() for r in (GIF, PNG, SVG, WEBP)]
    sizes = page.evaluate(
        """async ([bodies, types]) => Promise.all(bodies.map((b, i) => new Promise((ok, no) => {
             const image = new Image(); image.onload = () => ok(image.naturalWidth);
             image.onerror = () => no(types[i]);
             const blob = new Blob([new Uint8Array(b)], {type: types[i]});
             image.src = URL.createObjectURL(blob) })))""",
        [images, types],
    )
    assert sizes == [1, 1, 1, 1]
    for resource, tag in ((CLIP, "video"), (SILENCE, "audio")):
        state = page.evaluate(
            """async ([body, type, tag]) => new Promise(ok => {
                 const media = document.createElement(tag); media.muted = true;
                 media.onloadeddata = () => ok('playable');
                 media.onerror = () => ok(media.error.message);
                 media.src = URL.createObjectURL(new Blob([new Uint8Array(body)], {type})) })""",
            [list(resource.body), resource.content_type.decode(), tag],
        )
        assert state == "playable", tag


def test_fetch_across_sites_with_credentials_and_preflight_gets_its_object(page: Any):
    serve(page, "<p>lesson</p>")
    got = page.evaluate(
        """async () => { const r = await fetch('https://t.example/x', {method: 'POST',
             credentials: 'include', headers: {'X-Key': '1'}, body: '{}'}); return r.json() }"""
    )
    assert got == {}


def test_every_resource_has_a_body_or_is_meant_to_be_empty():
    assert all(
        r.body or r.content_type.startswith((b"text/css", b"text/plain"))
        for r in RESOURCES.values()
    )
