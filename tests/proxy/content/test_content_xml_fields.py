"""Elements and attributes as fields: the rules of JSON's members hold for them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from proxy.content.data import BodyFields
from proxy.content.limits import Limits
from proxy.content.streaming import Passage, StreamRewriter
from proxy.content.streaming.passage import Span
from proxy.content.streaming.reader import reader_of
from proxy.policy.model import FieldState
from proxy.policy.telling import TellingNames
from tests.proxy.content.content_toy import DROP_RULE, PROTECT, RULE, Toy, automaton, run

XML = "application/xml"
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


class Everyone(Toy):
    """Under a rule, every value becomes its length in letters: nothing of it is left."""

    def field(self, rule: object, text: str) -> str:
        return "zq" + "x" * len(text)

    def typed(self) -> Everyone:
        return self


ALL = Everyone({"Léa Martin": "zq1aaaa"})


def telling(*exceptions: str) -> BodyFields:
    """What a service has of which nothing is written."""
    root = FieldState()
    root.telling = TellingNames(exceptions)
    return BodyFields(root, {}, root)


def sent(document: str, fields: BodyFields, media: str = XML) -> str:
    return run(document.encode(), media, visitor=ALL, fields=fields).body.decode()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("<e><prenom>Ysolde</prenom><nom>Le Gall</nom></e>",
         "<e><prenom>zqxxxxxx</prenom><nom>zqxxxxxxx</nom></e>"),
        ("<e><nom>Le Gall</nom><classe>6A</classe><prenom>Ysolde</prenom></e>",
         "<e><nom>zqxxxxxxx</nom><classe>6A</classe><prenom>zqxxxxxx</prenom></e>"),
        ('<e id="4"  nom = "Gall" prenom=\'Yso\' />',
         '<e id="4"  nom = "zqxxxx" prenom=\'zqxxx\' />'),
        ('<e nom="Gall"><prenom>Yso</prenom></e>', '<e nom="zqxxxx"><prenom>zqxxx</prenom></e>'),
        ('<s:E xmlns:s="u"><s:prenom>Yso</s:prenom>\n <x:nom xmlns:x="v">Gall</x:nom></s:E>',
         '<s:E xmlns:s="u"><s:prenom>zqxxx</s:prenom>\n <x:nom xmlns:x="v">zqxxxx</x:nom></s:E>'),
        ("<PRENOM><![CDATA[Yso]]></PRENOM>", "<PRENOM><![CDATA[zqxxx]]></PRENOM>"),
        ("<prenom>\n  Yso\n</prenom>", "<prenom>\n  zqxxx\n</prenom>"),
        ("<prenom>Y&#115;o</prenom>", "<prenom>zqxxx</prenom>"),
        ("<prenom>Y<!-- s -->so<?x?></prenom>", "<prenom>zqxxx<!-- s --><?x?></prenom>"),
        ('<prenom type="usuel">Yso</prenom>', '<prenom type="usuel">zqxxx</prenom>'),
        ("<name><first>Yso</first><last>Gall</last></name>",
         "<name><first>zqxxx</first><last>zqxxxx</last></name>"),
        ("<email><value>y@q.example</value></email>",
         "<email><value>zqxxxxxxxxxxx</value></email>"),
        ('<param name="prenom" value="Yso"/>', '<param name="prenom" value="zqxxx"/>'),
        ('<Attribute Name="givenName"><AttributeValue>Yso</AttributeValue></Attribute>',
         '<Attribute Name="givenName"><AttributeValue>zqxxx</AttributeValue></Attribute>'),
        ('<r><field name="nom">Gall</field><field name="prenom">Yso</field></r>',
         '<r><field name="nom">zqxxxx</field><field name="prenom">zqxxx</field></r>'),
        ("<message>salut Léa Martin</message>", "<message>salut zq1aaaa</message>"),
        ("<m><prenom>Yso</prenom> <b>Léa</b> <i>Martin</i></m>",
         "<m><prenom>zqxxx</prenom> <b>zq1aaaa</b> <i>&#8288;</i></m>"),
    ],
)  # fmt: skip
def test_names_of_elements_and_attributes_tell(document: str, expected: str) -> None:
    assert sent(document, telling()) == expected
    assert sent(json.dumps({"x": document}), telling(), "application/json") == json.dumps(
        {"x": expected}
    )


@pytest.mark.parametrize(
    "document",
    [
        "<matiere><nom>Mathématiques</nom><id>4</id></matiere>",
        '<a name="Titre" id="nom"/>',
        "<liens><first>1</first><last>9</last></liens><liens><email>oui</email></liens>",
        "<prenom><b>deux</b></prenom>",
        "<prenom/><prenom></prenom><prenom>  </prenom>",
        "<e><classe><nom>Sixième</nom></classe><eleve><prenom/></eleve></e>",
        "</nom></prenom><x>Yso",
    ],
)
def test_what_only_looks_like_it_is_left_alone(document: str) -> None:
    assert sent(document, telling()) == document


def test_exceptions_of_a_service_hold() -> None:
    document = "<e><prenom>Yso</prenom></e>"
    assert sent(document, telling("prenom")) == document


def test_in_html_its_own_elements_tell_nothing() -> None:
    page = "<html><body><address>Rue Haute 4</address><q>Bien</q><prenom>Yso</prenom></body></html>"
    assert sent(page, telling(), "text/html") == page.replace(">Yso<", ">zqxxx<")


def test_written_rules_follow_the_way_down() -> None:
    fields = BodyFields(
        automaton(
            (("Envelope", "Body", "eleve", "libelle"), RULE),
            (("Envelope", "Body", "eleve", "ne"), DROP_RULE),
            (("liste", "[]", "libelle"), RULE),
        )
    )
    soap = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        "<s:Body><eleve ne='2010'><libelle>Un &amp; Deux</libelle></eleve>"
        "<autre><libelle>Un</libelle></autre></s:Body></s:Envelope>"
    )
    out = run(soap.encode(), "text/xml", fields=fields).body.decode()
    assert out == soap.replace("Un &amp; Deux", "zq1field").replace("'2010'", "''")
    listed = "<liste><e><libelle>Un</libelle></e><e><libelle>Deux</libelle></e></liste>"
    out = run(listed.encode(), "text/xml", fields=fields).body.decode()
    assert re.sub("zq1field", "", out) == re.sub("Un|Deux", "", listed)


NAME = st.text("abcéÉ'-&<\" ", min_size=1, max_size=12).map(lambda text: "Yso" + text.strip())
LEAF = st.tuples(st.sampled_from(["prenom", "nom", "classe", "x:email", "note"]), NAME)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _record(leaves: list[tuple[str, str]], attribute: str) -> str:
    inside = "".join(f"<{name}>{_escaped(value)}</{name}>" for name, value in leaves)
    return f'<eleve prenom="{_escaped(attribute)}">{inside}</eleve>'


RECORDS = st.lists(
    st.builds(_record, st.lists(LEAF, max_size=5), NAME), min_size=1, max_size=12
).map(lambda records: f'<liste xmlns:x="u">\n{" ".join(records)}</liste>')


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(document=RECORDS)
def test_a_document_keeps_its_form_and_all_that_is_under_no_rule(document: str) -> None:
    before, after = ET.fromstring(document), ET.fromstring(sent(document, telling()))
    for old, new in zip(before.iter(), after.iter(), strict=True):
        assert old.tag == new.tag
        if old.tag in ("classe",):
            assert old.text == new.text
        if old.tag in ("prenom",) and re.fullmatch(r"[\w' -]+", old.text or ""):
            assert "Yso" not in (new.text or "")


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(document=RECORDS, size=st.sampled_from([1, 7, 64, 1000]))
def test_records_pass_as_they_are_read_whole(document: str, size: int) -> None:
    fields = BodyFields(
        automaton((("liste", "eleve", "nom"), RULE), (("liste", "eleve", "prenom"), RULE))
    )
    body = document.encode()
    span = Span(stretch=256, long=1024, hold=96, word=128)
    rewriter = StreamRewriter(
        Passage(PROTECT, Limits(), False, lambda word, _: None, XML, fields, span),
        "",
        make=reader_of,
    )
    out = [piece for at in range(0, len(body), size) for piece in rewriter(body[at : at + size])]
    assert b"".join([*out, *rewriter(b"")]) == run(body, XML, fields=fields).body
