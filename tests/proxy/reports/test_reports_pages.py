"""The pages: facts that must be on them, structure, escaping, both languages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import string
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports_scene import ABROAD, INSIDE, SERVICES, logs, make_site, write_log

from proxy.audit import make_event
from proxy.audit.events import TYPES
from proxy.kinds import Kind
from proxy.reports import page
from proxy.reports.claims import collect
from proxy.reports.document import Document, as_json
from proxy.reports.dpia import dpia
from proxy.reports.facts import Facts, read_facts
from proxy.reports.families import families
from proxy.reports.record import record
from proxy.reports.speaker import Speaker
from proxy.reports.supplier import supplier
from proxy.reports.texts import common
from proxy.reports.texts import dpia as dpia_texts
from proxy.reports.texts import families as families_texts
from proxy.reports.texts import record as record_texts
from proxy.reports.texts import supplier as supplier_texts
from proxy.reports.texts import transfers as transfers_texts
from proxy.reports.texts import year as year_texts
from proxy.reports.transfers import transfers
from proxy.reports.year import year

MAKERS: dict[str, Callable[[Facts, str], Document]] = {
    "families": families,
    "transfers": transfers,
    "record": record,
    "dpia": dpia,
    "year": year,
}
TABLES = {
    "common": common.COMMON,
    "families": families_texts.TEXTS,
    "transfers": transfers_texts.TEXTS,
    "supplier": supplier_texts.TEXTS,
    "record": record_texts.TEXTS,
    "dpia": dpia_texts.TEXTS,
    "year": year_texts.TEXTS,
    "kinds": common.KINDS,
    "administration": common.ADMINISTRATION,
}
VOID = frozenset("meta br hr img input link rect".split())


class Structure(HTMLParser):
    """What a page is made of, and what a reader without eyes would stumble over."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.problems: list[str] = []
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append(f"never closed: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes.append((tag, found))
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            if level > (self.headings[-1] if self.headings else 0) + 1:
                self.problems.append(f"heading level {level} after {self.headings[-1:]}")
            self.headings.append(level)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "th" and found.get("scope") not in ("row", "col"):
            self.problems.append("a header of a table without scope")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def all_documents(facts: Facts, log: Path, language: str) -> list[Document]:
    made = [maker(facts, language) for maker in MAKERS.values()]
    for one in facts.services:
        claims = collect(log, [one.name])
        made.append(supplier(facts, claims, one.name, language))
    return made


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Facts, Path]:
    """A site and a log that holds something of every sort."""
    base = tmp_path_factory.mktemp("busy")
    root = make_site(base / "site")
    what = {"service": "nuage", "policy": "0" * 16, "at": 1_777_000_000, "group": "pupils"}
    where = {"endpoint": "/v1/people/{id}", "method": "POST"}
    log = [
        make_event("request-pseudonymised", counts={"full_name": 3}, **what, **where),
        make_event("field-minimised", counts={"phone": 2}, action="drop", **what, **where),
        make_event("tracker-blocked", rule="a.txt:1", list="a", category="ads", **what),
        make_event("parameters-stripped", rule="a.txt:2", list="a", count=2, **what, **where),
        make_event("request-refused", reason="field-refused", incident="0badcafe01", **what),
        make_event("opaque-allowed", reason="opaque-content", **what, **where),
        make_event("connection-tunnelled", rule="b.txt:1", **{**what, "service": "lointain"}),
        make_event("canary-seen", **what),
        make_event("log-repaired", size=1, dropped_lines=1, dropped_bytes=1, rebuilt_tiles=0),
    ]
    log = write_log(base / "log", log * 40)
    return read_facts(root, log), log


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_well_formed_and_says_what_it_is(
    busy: tuple[Facts, Path], language: str
) -> None:
    for document in all_documents(*busy, language):
        text = page.render(document)
        found = Structure(text)
        assert not found.problems, (document.kind, found.problems)
        assert text.startswith("<!doctype html>")
        assert ("html", {"lang": language}) in found.attributes
        assert len(found.ids) == len(set(found.ids))
        assert found.headings.count(1) == 1
        assert found.tags.count("table") == found.tags.count("caption") >= 0
        assert found.tags.count("main") == 1
        for tag, attributes in found.attributes:
            for name in ("aria-labelledby",):
                for target in attributes.get(name, "").split():
                    assert target in found.ids
            if tag == "a":
                assert attributes["href"].removeprefix("#") in found.ids
            if tag == "svg":
                assert attributes["role"] == "img"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_runs_or_fetches_anything(busy: tuple[Facts, Path], language: str) -> None:
    for document in all_documents(*busy, language):
        text = page.render(document)
        found = Structure(text)
        forbidden = "script link iframe object embed form img base audio video".split()
        assert not set(found.tags) & set(forbidden)
        for _, attributes in found.attributes:
            assert not any(name.startswith("on") or name == "style" for name in attributes)
            assert not {"src", "srcset", "action", "xlink:href"} & set(attributes)
        policy = next(a["content"] for t, a in found.attributes if a.get("http-equiv"))
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )
        assert "url(" not in style[1]
        assert "@import" not in style[1]


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{7*7}}{x}"


def test_a_text_of_a_policy_never_becomes_markup(tmp_path: Path) -> None:
    evil = json.dumps(EVIL)
    text = (
        ABROAD.replace("Le nuage\n", f"{evil}\n")
        .replace("Travailler à plusieurs", evil)
        .replace("Nuage Inc.", evil)
        .replace("Le contrat est avec la filiale irlandaise.", evil)
        .replace("inscription du 3 mars", evil)
        .replace("sans objet", evil)
        .replace("hosts:", f"retention: {evil}\nhosts:")
    )
    inside = INSIDE.replace("armoire 3", evil)
    root = make_site(tmp_path / "site", name=evil, **{**SERVICES, "nuage": text, "cahier": inside})
    log = write_log(
        tmp_path / "log",
        [
            make_event(
                "request-pseudonymised", service="nuage", policy="0" * 16, counts={"email": 1}
            )
        ],
    )
    for language in ("fr", "en"):
        for document in all_documents(read_facts(root, log), log, language):
            html = page.render(document)
            found = Structure(html)
            assert not found.problems
            assert not {"script", "img"} & set(found.tags)
            assert EVIL in "".join(found.text)
            assert json.loads(json.dumps(as_json(document)))["title"] == document.title


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=80, deadline=None)
def test_any_text_comes_out_as_text(text: str) -> None:
    from proxy.reports.document import Bullets, Chart, Note, Pairs, Section, Table, Text

    blocks = (
        Text(text),
        Note(text),
        Bullets((text,)),
        Pairs(((text, text),)),
        Table(text, (text,), ((text,),)),
        Chart(text, text, text, ((text, 3),)),
    )
    document = Document("x", "fr", text, text, (Section(text, blocks),), ((text, text),))
    found = Structure(page.render(document))
    assert not found.problems
    blank = Document(
        "x",
        "fr",
        "t",
        "t",
        (
            Section(
                "t",
                tuple(
                    type(b)(*[_plain(v) for v in (getattr(b, n) for n in b.__slots__)])
                    for b in blocks
                ),
            ),
        ),
        (("t", "t"),),
    )
    assert found.tags == Structure(page.render(blank)).tags


def _plain(value: object) -> object:
    if isinstance(value, str):
        return "t"
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value


def test_families_learn_what_they_must(busy: tuple[Facts, Path]) -> None:
    html = page.render(families(busy[0], "fr"))
    said = " ".join(" ".join(Structure(html).text).split())
    for fact in (
        "Le cahier",
        "Rendre ses devoirs",
        "Cahier Exemple, établi dans ce pays : France",
        "réduit à l'année",
        "l'âge suffit",
        "photo supprimé",
        "transmis en clair",
        "remplacé par un pseudonyme propre à ce service",
        "Un an",
        "États-Unis ; base : décision d'adéquation « Data Privacy Framework »",
        "Le lointain",
        "Non lu : Préau voit qu'un appareil se connecte à ce service",
        "40 connexions passées sans être lues",
        "refusé : le fournisseur n'a pas adhéré à la charte",
        "banque.example",
        "Référente — referente@lycee-demo.example",
        "https://www.cnil.fr/fr/plaintes",
        "12",
    ):
        assert fact in said, fact
    assert "anonym" not in said.lower()  # pseudonymised data is still personal


@pytest.mark.parametrize(
    ("never", "expected"),
    [
        ("", ("deny", "inspect")),
        ("refuse.example", ("tunnel", "inspect")),  # the list beats the charter
        ("nuage.example", ("deny", "inspect")),  # half of it is still read
        ("nuage.example\n*.nuage.example", ("deny", "tunnel")),
    ],
)
def test_what_a_list_lets_pass_unread_is_told_as_unread(
    never: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    root = make_site(tmp_path)
    (root / "lists/never-inspect-ours.txt").write_text(f"{never}\n")
    facts = read_facts(root, None)
    rows = {row["service"]: row for row in families(facts, "fr").data["services"]}
    assert (rows["refuse"]["treatment"], rows["nuage"]["treatment"]) == expected
    html = page.render(families(facts, "en"))
    assert ("A part of this service passes unread (nuage.example)" in html) == (
        never == "nuage.example"
    )


def test_transfers_say_where_how_much_and_on_what_basis(busy: tuple[Facts, Path]) -> None:
    data = {row["service"]: row for row in transfers(busy[0], "en").data["services"]}
    assert set(data) == {"nuage", "lointain"}  # denied ones receive nothing
    assert data["nuage"]["countries"] == ["US"]
    assert data["nuage"]["basis"] == "data-privacy-framework"
    assert data["nuage"]["total"] == {
        "pseudonymised": 40,
        "identifiers": 120,
        "opaque": 40,
        "unread": 0,
        "sent": 0,
        "received": 0,
    }
    assert data["lointain"]["total"]["unread"] == 40
    document = transfers(busy[0], "en")
    assert any("Le lointain" in blank for blank in document.blanks)  # no basis stated
    assert not any("Le nuage" in blank for blank in document.blanks)


def test_the_assessment_lists_what_the_policy_leaves_open(busy: tuple[Facts, Path]) -> None:
    found = {(row["service"], row["point"]) for row in dpia(busy[0], "fr").data["open"]}
    assert found == {
        ("nuage", "charter"),
        ("nuage", "opaque"),
        ("nuage", "retention"),
        ("lointain", "transfer"),
        ("lointain", "retention"),
        ("lointain", "unread"),
    }


def test_the_same_site_and_log_give_the_same_bytes(busy: tuple[Facts, Path]) -> None:
    facts, log = busy
    again = read_facts(facts.policy.site.root, log)
    for language in ("fr", "en"):
        ours = all_documents(facts, log, language)
        theirs = all_documents(again, log, language)
        assert [page.render(one) for one in ours] == [page.render(one) for one in theirs]
        assert [as_json(one) for one in ours] == [as_json(one) for one in theirs]


@given(log=logs(25))
@settings(max_examples=8, deadline=None)
def test_both_languages_say_the_same_of_any_log(
    log: list, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp() / "languages"
    root = make_site(base)
    facts = read_facts(root, write_log(base / "log", log))
    fr, en = (all_documents(facts, base / "log", language) for language in ("fr", "en"))
    for one, other in zip(fr, en, strict=True):
        assert one.data == other.data
        assert len(one.blanks) == len(other.blanks)
        assert Structure(page.render(one)).tags == Structure(page.render(other)).tags


@pytest.mark.parametrize("name", TABLES)
def test_both_languages_name_the_same_values(name: str) -> None:
    for key, (fr, en) in TABLES[name].items():
        assert fr.strip()
        assert en.strip()
        names = [
            {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for text in (fr, en)
        ]
        assert names[0] == names[1], key


def test_every_kind_and_type_has_words() -> None:
    assert set(common.KINDS) == set(Kind)
    named = {key.removeprefix("type.") for key in common.COMMON if key.startswith("type.")}
    assert named | set(common.ADMINISTRATION) == set(TYPES)
    assert not named & set(common.ADMINISTRATION)


def test_numbers_and_lists_follow_the_language() -> None:
    fr, en = Speaker("fr", {}), Speaker("en", {})
    assert fr.number(12345) == "12\u202f345"
    assert en.number(12345) == "12,345"
    assert fr.listed(["a", "b", "c"]) == "a, b et c"
    assert en.listed(["a"]) == "a"
    assert fr.day("2026-11-24T06:13:00.123Z") == "24 novembre 2026"
    assert en.day("2026-11") == "November 2026"
    assert fr.country("ZZ") == "ZZ"


def test_colours_have_the_contrast_that_wcag_aa_asks_for() -> None:
    style = (Path(page.__file__).parent / "page.css").read_text()
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    pairs = [
        ("ink", "paper"),
        ("ink", "soft"),
        ("accent", "paper"),
        ("warn", "warn-paper"),
        ("warn", "paper"),
    ]
    for one, other in pairs:
        assert _contrast(colours[one], colours[other]) >= 4.5
    assert _contrast(colours["line"], colours["paper"]) >= 3


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)
