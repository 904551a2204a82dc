"""Surrogates and placeholders in a real browser: no uncaught error, callbacks run, files valid."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from proxy.blocking import Block, Category, RequestType, answer
from proxy.blocking.resources import (
    CLIP,
    GIF,
    MP3,
    PNG,
    SILENCE,
    SVG,
    WEBM,
    WEBP,
)
from proxy.blocking.surrogates import SURROGATES, script

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


def serve(page: Any, html: str) -> None:
    block = Block("r", "l", "f", 1, Category.TRACKING)

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


RUN_TWICE = """async ([scripts]) => {
  const wrong = [];
  for (const [file, text] of scripts) {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const inner = frame.contentWindow;
    const say = (event) => wrong.push(`${file}: ${event.message || event.reason}`);
    inner.addEventListener('error', say);
    inner.addEventListener('unhandledrejection', say);
    for (let times = 0; times < 2; times++) {
      const script = inner.document.createElement('script');
      script.text = text;
      inner.document.body.appendChild(script);
      await new Promise((go) => inner.setTimeout(go, 1));
    }
    frame.remove();
  }
  return wrong }"""


def test_every_surrogate_runs_on_a_page_that_expects_nothing_twice(page: Any):
    serve(page, "<body><p>lesson</p>")
    scripts = [[row.file, script(row).decode()] for row in SURROGATES if not row.module]
    assert page.evaluate(RUN_TWICE, [scripts]) == []
    assert page.errors == []
    assert len(page.evaluate(RUN_TWICE, [[["broken", "throw new Error('x')"]]])) == 2


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
    for resource, tag in ((CLIP, "video"), (WEBM, "video"), (SILENCE, "audio"), (MP3, "audio")):
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
