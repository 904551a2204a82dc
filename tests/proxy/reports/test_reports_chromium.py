"""The pages in a real browser: nothing fetched, nothing refused, readable, printable."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page, sync_playwright
from reports_scene import make_site, write_log

from proxy.audit import make_event
from proxy.kinds import Kind, SubjectKind
from proxy.policy.model import Treatment
from proxy.reports.claims import collect
from proxy.reports.dpia import dpia
from proxy.reports.facts import read_facts
from proxy.reports.families import families
from proxy.reports.page import render
from proxy.reports.record import record
from proxy.reports.subject import as_html
from proxy.reports.supplier import supplier
from proxy.reports.transfers import transfers
from proxy.reports.year import year
from proxy.rights.consents import Consent
from proxy.rights.known import Known, Seen, ServiceKnown
from proxy.rights.people import Held, Subject
from scripts import tools

pytestmark = pytest.mark.needs("chromium")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
KINDS = ("families", "transfers", "record", "dpia", "year", "supplier", "subject")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every report, as a file."""
    base = tmp_path_factory.mktemp("pages")
    what = {"service": "nuage", "policy": "0" * 16, "at": 1_777_000_000, "group": "pupils"}
    log = write_log(
        base / "log",
        [
            make_event("request-pseudonymised", counts={"full_name": 3}, **what),
            make_event("field-minimised", counts={"phone": 2}, action="drop", **what),
            make_event("tracker-blocked", rule="a.txt:1", list="a", category="ads", **what),
            make_event("request-refused", reason="field-refused", incident="0badcafe01", **what),
            make_event("clock-jump", milliseconds=5, at=1_770_000_000),
            make_event(
                "traffic-counted",
                service="nuage",
                policy="0" * 16,
                at=1_777_000_000,
                count=40,
                sent=12_345_344,
                received=987_136,
            ),
        ],
    )
    facts = read_facts(make_site(base / "site"), log)
    makers = {
        "families": families,
        "transfers": transfers,
        "record": record,
        "dpia": dpia,
        "year": year,
    }
    made = {kind: make(facts, "fr") for kind, make in makers.items()}
    made["supplier"] = supplier(facts, collect(log, ["nuage"]), "nuage", "en")
    for kind, document in made.items():
        (base / f"{kind}.html").write_text(render(document), encoding="utf-8")
    (base / "subject.html").write_text(as_html(KNOWN, "fr"), encoding="utf-8")
    return {kind: base / f"{kind}.html" for kind in KINDS}


KNOWN = Known(
    "Lycée d'essai",
    "Référente referente@lycee-demo.example",
    date(2026, 11, 24),
    Subject(7, SubjectKind.PUPIL, True, ("0759999Z",), ("3A",), 1, (1, 2)),
    (
        Held(1, Kind.FULL_NAME, "Ève Essai <b>", 1),
        Held(2, Kind.EMAIL, "eve.essai@lycee-demo.example", 2),
    ),
    (
        ServiceKnown(
            "nuage",
            "Le nuage",
            "Nuage Inc.",
            "US",
            "Travailler",
            "",
            Treatment.INSPECT,
            True,
            ((Kind.FULL_NAME, "name", "Zqaabcdefghijklmnopqrstuvwxyzabcd"),),
            (Seen(Kind.FULL_NAME, date(2026, 9, 1), date(2026, 11, 2), 41, True),),
        ),
        ServiceKnown(
            "lointain", "Le lointain", "Lointain Ltd", "SG", "Réviser", "", Treatment.TUNNEL,
            False, (),
        ),
    ),
    {"nuage": "2026-10-02"},
    Consent(date(2026, 9, 1), None, "guardian"),
)  # fmt: skip
"""What is known of somebody."""


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    chromium = tools.find("chromium")
    assert chromium is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(chromium) or chromium, args=["--no-sandbox"]
        )
        yield browser.new_page(viewport={"width": 1000, "height": 700})
        browser.close()


def _open(page: Page, path: Path) -> tuple[list[str], list[str]]:
    """What was fetched besides the page, and what the console said."""
    fetched: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    return [url for url in fetched if url != path.as_uri()], said


@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_shows_it_and_fetches_nothing(
    kind: str, pages: dict[str, Path], browser_page: Page
) -> None:
    assert _open(browser_page, pages[kind]) == ([], [])
    assert browser_page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # styled
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not browser_page.evaluate(wide)
    assert browser_page.evaluate("document.scripts.length") == 0
    assert browser_page.evaluate("document.documentElement.lang") in ("fr", "en")
    uncaptioned = "[...document.querySelectorAll('table')].filter(one => !one.caption).length"
    assert browser_page.evaluate(uncaptioned) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_barrier(kind: str, pages: dict[str, Path], browser_page: Page) -> None:
    sync = pytest.importorskip("axe_playwright_python.sync_playwright")
    _open(browser_page, pages[kind])
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    results = sync.Axe().run(browser_page, options=options)
    found = results.response["violations"]
    told = [(one["id"], one["help"], one["nodes"][0]["html"]) for one in found]
    assert not told, told
    assert results.response["passes"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_prints(kind: str, pages: dict[str, Path], browser_page: Page) -> None:
    _open(browser_page, pages[kind])
    printed = pypdf.PdfReader(io.BytesIO(browser_page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) >= 1
    width, height = (float(side) for side in printed.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)  # A4
    text = "".join(one.extract_text() for one in printed.pages)
    words = " ".join(text.split())
    assert "Lycée d'essai" in words
    assert "Nuage" in words or kind == "year", words
