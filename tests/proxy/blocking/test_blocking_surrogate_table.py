"""The surrogates as files: who gets which, and what none of them may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.blocking import Block, Category, RequestType, answer
from proxy.blocking.resources import RESOURCES, SCRIPTS
from proxy.blocking.surrogates import SURROGATES, Surrogate, for_address, script

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "proxy" / "blocking" / "surrogates"
EVERY = pytest.mark.parametrize("row", SURROGATES, ids=lambda row: row.file)

NETWORK = (
    r"(?<!\.)\bfetch\(|window\.fetch|XMLHttpRequest|sendBeacon|WebSocket|WebTransport|EventSource|RTCPeerConnection"
    r"|\bImage\b|createElement|insertAdjacent|innerHTML|outerHTML|document\.write|\bimport\b"
    r"|\bWorker\b|serviceWorker|\.src\s*=|\.href\s*=|\.action\s*=|\bpostMessage\b|\.submit\("
)
STORAGE = (
    r"\.cookie\s*=|localStorage|sessionStorage|indexedDB|\bcaches\b|\bopenDatabase\b|\.name\s*="
)
CODE = r"\beval\b|new Function|Function\(|setTimeout\(['\"`]"
LEAVES = {"google-analytics-ga.js", "google-conversion.js"}
"""Those whose documented call leads the page to an address that it gave."""


def code(name: str) -> str:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return re.sub(r"//[^\n]*", "", text)


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.js")))
def test_no_surrogate_uses_the_network_keeps_a_value_or_makes_code(file: str):
    for forbidden in (NETWORK, STORAGE, CODE):
        found = re.search(forbidden, code(file))
        assert found is None, found
    if file not in LEAVES:
        assert "location.assign" not in code(file)
    assert not re.search(r"https?://", code(file))


@EVERY
def test_a_surrogate_is_small_says_what_it_is_and_can_be_read(row: Surrogate):
    body = script(row)
    assert len(body) < 12_000
    assert body.startswith(b"/* Pr\xc3\xa9au: stands in for ")
    text = (FOLDER / row.file).read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert max(map(len, text.splitlines())) <= 160


def test_every_file_stands_in_the_table_and_every_name_once():
    files = {row.file for row in SURROGATES} | {"kit.js"}
    assert {path.name for path in FOLDER.glob("*.js")} == files
    names = [name for row in SURROGATES for name in row.names]
    addresses = [address for row in SURROGATES for address in row.addresses]
    assert len(names) == len(set(names))
    assert len(addresses) == len(set(addresses))


def test_the_documentation_lists_what_is_replaced():
    page = (ROOT / "docs" / "blocking.md").read_text(encoding="utf-8")
    titles = [row.title for row in SURROGATES if row.file != "noop.js"]
    assert [title for title in titles if title not in page] == []


@EVERY
def test_each_address_of_the_table_gets_its_script_whatever_rule_blocks_it(row: Surrogate):
    block = Block("||x^", "l", "f", 1, Category.TRACKING)
    for address in row.addresses:
        host, _, path = address.partition("/")
        path = "/" + path.replace("*", "en")
        asked = (host or "any.school.example", f"{path}?v=1")
        assert for_address(*asked) == row.file, asked
        for kind in (RequestType.SCRIPT, RequestType.OTHER, RequestType.XMLHTTPREQUEST):
            reply = answer(block, kind, "GET", (), asked[1], asked[0])
            assert reply is not None
            if kind is RequestType.SCRIPT:
                assert reply.body == SCRIPTS[row.file].body
        image = answer(block, RequestType.IMAGE, "GET", (), asked[1], asked[0])
        assert image is not None
        assert not image.body.startswith(b"/*")


@pytest.mark.parametrize(
    ("host", "path", "file"),
    [
        ("www.googletagmanager.com", "/gtm.js?id=GTM-1", "google-tag-manager.js"),
        ("www.googletagmanager.com", "/gtag/js?id=G-1", "google-tag-manager.js"),
        ("metrics.school.example", "/gtm.js", "google-tag-manager.js"),
        ("securepubads.g.doubleclick.net", "/tag/js/gpt.js", "google-publisher-tag.js"),
        ("connect.facebook.net", "/fr_FR/sdk.js", "facebook-sdk.js"),
        ("connect.facebook.net", "/fr_FR/sdk/debug.js", "facebook-sdk.js"),
        ("connect.facebook.net", "/en_US/fbevents.js", "facebook-pixel.js"),
        ("stats.ac-lyon.example", "/js/piwik.js", "matomo.js"),
        ("script.hotjar.com", "/modules.1.js", "hotjar.js"),
        ("www.googletagmanager.com.evil.example", "/x.js", ""),
        ("evilgoogletagmanager.com", "/x.js", ""),
        ("school.example", "/app.js", ""),
        ("school.example", "/gtm.json", ""),
        ("school.example", "/x.js?/gtm.js", ""),
    ],
)
def test_the_address_decides_by_host_and_path(host: str, path: str, file: str):
    assert for_address(host, path) == file


def test_names_of_lists_and_their_aliases_give_the_same():
    for names in (
        ("noop.js", "noopjs", "blank-js"),
        ("google-analytics_analytics.js", "google-analytics.com/analytics.js", "google-analytics"),
        ("googletagservices_gpt.js", "googletagservices.com/gpt.js", "googletagservices-gpt"),
        ("1x1.gif", "1x1-transparent.gif"),
        ("noop-1s.mp4", "noopmp4-1s"),
    ):
        assert len({RESOURCES[name] for name in names}) == 1


def test_every_resource_has_a_body_or_is_meant_to_be_empty():
    assert all(
        r.body or r.content_type.startswith((b"text/css", b"text/plain"))
        for r in RESOURCES.values()
    )
