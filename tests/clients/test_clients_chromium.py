"""Chromium in front of the demo's gateway: what people really see on the screen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from proxy.audit import query
from proxy.cli.demo import Stage, open_stage
from proxy.demo.browser import Browser
from proxy.demo.cloud import SERVICE, TRACKER, UNKNOWN
from scripts import tools
from tests.sim.chromium import QUIET

pytestmark = pytest.mark.needs("chromium")

OPTIONS = (*QUIET, "--disable-sync")


@dataclass(frozen=True)
class Screen:
    """A browser's page, all that its console said, and the stage behind it."""

    page: Page
    console: list[str]
    stage: Stage


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    with open_stage(tmp_path_factory.mktemp("stage")) as stage, sync_playwright() as playwright:
        pupil = Browser(stage.port, stage.authority, stage.files.authority)
        pin = f"--ignore-certificate-errors-spki-list={pupil.pin(SERVICE)}"
        for person in stage.pupils[:2]:
            student = {"name": person.full_name, "email": person.email}
            work = {"student": student, "text": f"Avec {stage.pupils[2].full_name} & les autres"}
            pupil.post_json(SERVICE, "/v1/classwork", json.dumps(work, ensure_ascii=False))
        browser = playwright.chromium.launch(
            executable_path=_chromium(),
            proxy={"server": f"http://127.0.0.1:{stage.port}"},
            args=[*OPTIONS, pin],
        )
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        console: list[str] = []
        page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: console.append(f"error: {error}"))
        yield Screen(page, console, stage)
        browser.close()


def _chromium() -> str:
    found = tools.find("chromium")
    assert found is not None
    return shutil.which(found) or found


def show(screen: Screen, url: str, **settings: Any) -> int:
    """Open a page and wait until it is quiet; its status."""
    screen.console.clear()
    answer = screen.page.goto(url, **settings)
    screen.page.wait_for_load_state("networkidle")
    assert answer is not None
    return answer.status


def test_names_are_on_screen_and_trackers_are_gone(screen: Screen, tmp_path: Path) -> None:
    assert show(screen, f"https://{SERVICE}/") == 200
    screen.page.screenshot(path=tmp_path / "page.png")
    text = screen.page.inner_text("body")
    first, second, friend = (person.full_name for person in screen.stage.pupils[:3])
    assert f"{first} : Avec {friend} & les autres" in text
    assert f"Élèves : {first}, {second}" in text  # written by the page's own script
    assert "Traceur : absent" in text
    assert screen.console == []
    assert TRACKER not in screen.stage.cloud.connections
    received = screen.stage.cloud.all_bytes().decode("utf-8", "replace")
    for name in (first, second, friend):
        assert name not in received


def test_a_refused_page_says_why_with_an_incident_of_the_log(
    screen: Screen, tmp_path: Path
) -> None:
    assert show(screen, f"https://{UNKNOWN}/un/chemin") == 403
    screen.page.screenshot(path=tmp_path / "refused.png")
    page = screen.page
    assert page.inner_text("section[lang=fr] h1") == "Accès refusé"
    assert page.inner_text("section[lang=en] h2") == "Access refused"
    assert UNKNOWN in page.inner_text("section[lang=fr]")
    assert page.get_attribute("section[lang=fr] a", "href") == "mailto:numerique@lycee-demo.example"
    incident = page.inner_text("footer strong")
    (found,) = query(screen.stage.runtime.site.audit_dir, {"incident": incident})
    assert found.event["reason"] == "unknown-service"
    assert UNKNOWN not in screen.stage.cloud.connections
    # The page obeys its own content security policy: nothing but the status is in the console.
    assert all("status of 403" in line for line in screen.console)
    colour = page.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth")
    assert colour == "6px"


def test_a_tracker_opened_as_a_page_is_explained(screen: Screen) -> None:
    assert show(screen, f"https://{TRACKER}/") == 403
    assert "tracker-blocked" in screen.page.inner_text("footer")
    incident = screen.page.inner_text("footer strong")
    (found,) = query(screen.stage.runtime.site.audit_dir, {"incident": incident})
    assert found.event["type"] == "tracker-blocked"
    assert TRACKER not in screen.stage.cloud.connections
