"""Names that markup cuts in two: found, replaced, and each stretch gets its words again."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from content_toy import Toy, protect, restore, run
from hypothesis import given, settings
from hypothesis import strategies as st

HTML = "text/html"


class _Shown(HTMLParser):
    """What a reader sees, and the tags in order: the oracle is the standard library's parser."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append("/" + tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _shown(document: str) -> tuple[str, list[str]]:
    parser = _Shown()
    parser.feed(document)
    parser.close()
    return " ".join("".join(parser.text).replace("\u2060", "").split()), parser.tags


SPLIT = [
    "<p><b>Jean</b> <i>Dupont</i></p>",
    "<p>Jean <span class='x'>Dupont</span>, bonjour</p>",
    "<p>Jean<!-- note --> Dupont</p>",
    "<p>Jean<br>Dupont</p>",
    "<p>Jean\n      Dupont</p>",
    "<tr><td>Jean</td><td>Dupont</td></tr>",
    "<tr>\n  <td>Jean</td>\n  <td>Dupont</td>\n</tr>",
    '<p><a href="/u?a=1&amp;b=2">Jean</a> <em title="x > y">Dupont</em></p>',
]


@pytest.mark.parametrize("document", SPLIT)
def test_a_split_name_leaves_as_a_pseudonym_and_comes_back_byte_for_byte(document: str) -> None:
    sent = protect(document, HTML).decode()
    assert "Jean" not in sent
    assert "Dupont" not in sent
    assert "zq1bbbb" in sent
    assert _shown(sent)[1] == _shown(document)[1]
    assert restore(sent, HTML).decode() == document


@pytest.mark.parametrize(
    "document",
    ["<p>Je<b>an</b> Du<wbr>pont</p>", "<p>J<i>e</i>an Dupont</p>", "<p>Jean Dup<u>ont</u></p>"],
)
def test_a_name_cut_inside_a_word_is_shown_whole_again(document: str) -> None:
    sent = protect(document, HTML).decode()
    assert not re.search("Je|an|Du|ont", sent.replace("zq1bbbb", ""))
    assert _shown(restore(sent, HTML).decode()) == _shown(document)


@pytest.mark.parametrize(
    "document",
    [
        "<li>Jean</li><li>Dupont</li>",
        "<p>Jean</p><p>Dupont</p>",
        "<td>Jean</td></tr><tr><td>Dupont</td>",
        "Jean<script>x</script> Dupont",
    ],
)
def test_what_stands_in_different_blocks_is_no_name(document: str) -> None:
    assert protect(document, HTML).decode() == document


def test_neighbours_in_xml_are_read_as_one_and_records_are_not() -> None:
    siblings = "<e><prenom>Jean</prenom>\n <nom>Dupont</nom></e>"
    sent = protect(siblings, "application/xml").decode()
    assert sent == "<e><prenom>zq1bbbb</prenom>\n <nom>&#8288;</nom></e>"
    assert restore(sent, "application/xml").decode() == siblings
    records = "<l><e><n>Jean</n></e><e><n>Dupont</n></e></l>"
    assert protect(records, "application/xml").decode() == records


def test_cdata_cut_in_two_is_read_as_one() -> None:
    document = "<x><![CDATA[Jean]]><![CDATA[ Dupont]]></x>"
    sent = protect(document, "application/xml").decode()
    assert "Jean" not in sent
    assert "Dupont" not in sent
    assert restore(sent, "application/xml").decode() == document


def test_each_name_is_counted_once() -> None:
    class Counting(Toy):
        seen = 0

        def text(self, text: str):
            edits = super().text(text)
            Counting.seen += len(edits)
            return edits

    run(b"<p><b>Jean</b> Dupont, Jean Dupont</p>", HTML, visitor=Counting({"Jean Dupont": "zq1"}))
    assert Counting.seen == 2


def test_a_pseudonym_that_stays_one_keeps_its_joiners() -> None:
    sent = protect(SPLIT[0], HTML)
    assert run(sent, HTML, answer=True, visitor=Toy({"nothing": "x"})).body is sent


_INLINE = st.sampled_from(["b", "i", "span", "em", "a", "font", "u"])
_GAP = st.sampled_from([" ", "\n ", " <!-- c --> ", "&#32;"])


@settings(max_examples=150, deadline=None)
@given(first=_INLINE, second=_INLINE, gap=_GAP, before=st.sampled_from(["", "Vu par ", "é "]))
def test_no_inline_markup_hides_a_name_and_no_tag_is_lost(
    first: str, second: str, gap: str, before: str
) -> None:
    document = f"<div>{before}<{first}>Jean</{first}>{gap}<{second}>Dupont</{second}>.</div>"
    sent = protect(document, HTML).decode()
    assert "Jean" not in sent
    assert "Dupont" not in sent
    assert _shown(sent)[1] == _shown(document)[1]
    assert _shown(restore(sent, HTML).decode()) == _shown(document)
