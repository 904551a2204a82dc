"""Pages that use what we block, in a real browser through the real gateway: they must live on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, sync_playwright

from proxy.demo.browser import Browser
from scripts import tools
from tests.clients.clients_pages import END, HARNESS, LANDS
from tests.clients.clients_pages_staying import FIRST
from tests.clients.clients_pages_staying_too import SECOND
from tests.sim.api_cloud import Asked, Told, h1_cloud
from tests.sim.chromium import QUIET
from tests.sim.school import HOST, School

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

PREAU = Path(__file__).parents[2] / "policies" / "lists" / "block" / "preau.txt"
MORE = """! category: tracking
||t.example^
||ads.example^
||stats.example^
||axept.io^
||cookiebot.com^
||cookielaw.org^
||privacy-center.org^
"""
OPTIONS = (*QUIET, "--autoplay-policy=no-user-gesture-required")


STAYS = {**FIRST, **SECOND}
PATIENCE = 20_000
"""Milliseconds: a machine that tests much at once is slow; a page that works takes 200."""
ASKED = "performance.getEntriesByType('resource').map((entry) => entry.name.split('#')[0])"
SCRIPTS = "[...document.scripts].map((script) => script.src.split('#')[0])"
INTEGRITY = "valid digest in the 'integrity' attribute"
KEPT = "document.cookie.length + localStorage.length + sessionStorage.length"


def lesson(asked: Asked) -> Told:
    """The origin behind every host: pages for the lesson's, and nothing at all for the others."""
    path = unquote(urlsplit(asked.target).path).removeprefix("/")
    body = LANDS.get(path) or STAYS.get(path) or ""
    if asked.headers["host"] != HOST:
        return Told(500)
    return Told(body=(HARNESS + body + END).encode(), headers={"content-type": "text/html"})


@dataclass
class Screen:
    """A browser's page, and what went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def open(self, name: str) -> None:
        self.page.goto("about:blank")  # what the page before left unfinished fails now
        self.wrong.clear()
        self.page.goto(f"https://{HOST}/{name}", wait_until="commit")


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    school = School(tmp_path_factory.mktemp("surrogates"), count=5)
    school.write("lists/block/preau.txt", PREAU.read_text(encoding="utf-8"))
    school.write("lists/block/more.txt", MORE)
    ca = school.write_ca(school.root.parent / "ca.pem")
    with h1_cloud(school.tls(HOST), lesson) as cloud, school.open_to(cloud) as opened:
        pin = Browser(opened.port, ca, school.authority.pem).pin(HOST)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=tools.find("chromium"),
                proxy={"server": f"http://127.0.0.1:{opened.port}"},
                args=[*OPTIONS, f"--ignore-certificate-errors-spki-list={pin}"],
            )
            shown = Screen(chromium.new_page())
            page = shown.page
            page.on("pageerror", lambda error: shown.wrong.append(f"uncaught: {error}"))
            page.on(
                "console",
                lambda m: shown.wrong.append(m.text) if m.type in ("error", "warning") else None,
            )
            page.on("requestfailed", lambda r: shown.wrong.append(f"failed: {r.url}"))
            yield shown
            chromium.close()


@pytest.mark.parametrize("name", STAYS)
def test_a_page_that_uses_a_blocked_script_as_documented_lives_on(screen: Screen, name: str):
    screen.open(name)
    try:
        screen.page.wait_for_function("window.missing && missing.size === 0", timeout=PATIENCE)
    except Exception:
        pytest.fail(f"{screen.page.evaluate('[...missing]')}, {screen.wrong}")
    assert [said for said in screen.wrong if INTEGRITY not in said] == []
    asked = {url for url in screen.page.evaluate(ASKED) if urlsplit(url).hostname != HOST}
    assert asked
    if "t.example" not in STAYS[name]:  # no surrogate asks for anything
        assert asked <= set(screen.page.evaluate(SCRIPTS)) | {
            "https://openfpcdn.io/fingerprintjs/v4"
        }
    assert screen.page.evaluate(KEPT) == 0


@pytest.mark.parametrize("name", LANDS)
def test_a_page_that_waits_for_a_tracker_before_it_goes_on_goes_on(screen: Screen, name: str):
    screen.open(name)
    screen.page.wait_for_load_state("load")
    screen.page.click("#go", no_wait_after=True)
    screen.page.wait_for_url("**/landed*", timeout=PATIENCE)
    assert screen.wrong == []
