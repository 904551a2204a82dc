"""HTML and XML: every spot is read, and what is put back never leaves its spot."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from content_toy import Toy, protect, restore, run
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import Refused
from proxy.reasons import Reason

SPOTS = {
    "text": "<p>{}</p>",
    "text-with-entity": "<p>&eacute; {}</p>",
    "double-quoted": '<p title="{}">x</p>',
    "single-quoted": "<p title='{}'>x</p>",
    "unquoted": "<p title={} id=a>x</p>",
    "attribute-with-entity": '<p title="&amp; {}">x</p>',
    "handler": "<p onclick=\"f('{}')\">x</p>",
    "script": "<script>var a = '{}', b = \"{}\";</script>",
    "script-escaped": "<script>var a = '\\n{}';</script>",
    "template": "<script>var a = `{}`;</script>",
    "data": '<script type="application/json">{{"a":"{}"}}</script>',
    "style": "<style>p:after {{content: '{}'}}</style>",
    "style-attribute": "<p style=\"content:'{}'\">x</p>",
    "comment": "<!-- {} --><p>x</p>",
    "textarea": "<textarea>{}</textarea>",
    "title": "<title>{}</title>",
    "href": '<a href="/p?n={}&amp;m=1">x</a>',
    "srcdoc": '<iframe srcdoc="&lt;p&gt;{}&lt;/p&gt;"></iframe>',
    "broken": "<p title='{}",
}


class _Skeleton(HTMLParser):
    """Tags, attribute names and comments: what must not change when a value is put in."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.values: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _parse(document: str) -> _Skeleton:
    parser = _Skeleton()
    parser.feed(document)
    parser.close()
    return parser


@settings(max_examples=400, deadline=None)
@given(
    spot=st.sampled_from(sorted(SPOTS)),
    name=st.lists(
        st.sampled_from(
            ["O'Brien", "<x>", "</script>", "-->", '"', "'", "&", "&lt;", "\\", "`", "${a}", " ", "é",
             "=", "</p>", "</textarea>", "</title>", "</style>", "\n", "\u2028", "]]>", "--!>"]
        ),
        min_size=1,
        max_size=4,
    ).map("".join),
)  # fmt: skip
def test_a_restored_value_never_breaks_out_of_its_spot(spot: str, name: str) -> None:
    document = SPOTS[spot].replace("{}", "zq1tok").replace("{{", "{").replace("}}", "}")
    visitor = Toy({"zq1tok": name})
    back = run(document.encode(), "text/html", visitor=visitor, answer=True).body.decode()
    assert "zq1tok" not in back
    assert _parse(back).seen == _parse(document).seen


@pytest.mark.parametrize("spot", ["text", "text-with-entity", "textarea", "title"])
def test_text_reads_as_the_name(spot: str) -> None:
    name = 'Tom O\'Brien <x> & "y"'
    back = run(
        SPOTS[spot].replace("{}", "zq1tok").encode(), "text/html",
        visitor=Toy({"zq1tok": name}), answer=True,
    ).body.decode()  # fmt: skip
    assert name in "".join(_parse(back).texts)


@pytest.mark.parametrize("spot", ["double-quoted", "single-quoted", "unquoted"])
def test_attributes_read_as_the_name(spot: str) -> None:
    name = 'Tom O\'Brien <x> & "y"'
    back = run(
        SPOTS[spot].replace("{}", "zq1tok").encode(), "text/html",
        visitor=Toy({"zq1tok": name}), answer=True,
    ).body.decode()  # fmt: skip
    assert _parse(back).values[0] == name


def test_data_islands_stay_json() -> None:
    name = 'Tom O\'Brien </script> "q"'
    document = SPOTS["data"].replace("{{", "{").replace("}}", "}").replace("{}", "zq1tok")
    back = run(
        document.encode(), "text/html", visitor=Toy({"zq1tok": name}), answer=True
    ).body.decode()
    assert json.loads("".join(_parse(back).texts))["a"] == name


def test_an_apostrophe_stays_where_it_is_harmless() -> None:
    page = "<p title=\"Tom O'Brien\">Tom O'Brien</p>"
    assert restore(protect(page, "text/html"), "text/html") == page.encode()


@pytest.mark.parametrize("spot", sorted(SPOTS))
def test_every_spot_is_read_in_requests(spot: str) -> None:
    for written in ("Jean Dupont", "Jean&nbsp;Dupont", "Jean%20Dupont", "Jean&#32;Dupont"):
        document = SPOTS[spot].replace("{}", written)
        visitor = Toy({"Jean Dupont": "zq1b", "Jean\u00a0Dupont": "zq1b"})
        raw = spot in ("script", "script-escaped", "template", "data", "style", "comment", "broken")
        if written == "Jean Dupont" or not (raw or spot in ("unquoted",)):
            sent = run(document.encode(), "text/html", visitor=visitor).body
            assert b"Dupont" not in sent, (written, sent)


def test_bytes_outside_edits_stay_as_they_were() -> None:
    page = "<!DOCTYPE html>\r\n<P  CLASS=a b='c' d=e&f >&copy;&nbsp;<br/><i>Jean Dupont</I>\t<!-- x -->"
    assert protect(page, "text/html") == page.replace("Jean Dupont", "zq1bbbb").encode()


def test_xml_is_read_and_stays_well_formed() -> None:
    document = (
        '<?xml version="1.0"?><r a="L&#233;a Martin"><![CDATA[Jean Dupont]]>'
        "<script>Tom O&apos;Brien &amp; x</script></r>"
    )
    sent = protect(document, "application/xml").decode()
    root = ElementTree.fromstring(sent)
    assert (root.get("a"), root.text, root[0].text) == ("zq1aaaa", "zq1bbbb", "zq1cccc & x")


def test_entities_declared_by_the_document_are_refused() -> None:
    document = b'<!DOCTYPE r [<!ENTITY a "Jean"><!ENTITY b SYSTEM "file:///x">]><r>&a; Dupont</r>'
    with pytest.raises(Refused) as refused:
        run(document, "application/xml")
    assert refused.value.reason is Reason.UNDECODABLE
