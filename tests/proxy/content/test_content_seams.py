"""Seams between formats that the leak test (``tests/leak``) found open, each closed for good."""

from __future__ import annotations

import base64
import csv
import io
import json
import quopri
from binascii import b2a_qp
from html import unescape
from urllib.parse import unquote

import pytest

from proxy.content.base64 import readable
from proxy.content.headers import rewrite_headers
from proxy.content.target import rewrite_target
from proxy.policy.model import Endpoint
from tests.proxy.content.content_toy import PROTECT, RESTORE, Toy, protect, restore, run

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"


def _part(body: bytes, *fields: str) -> bytes:
    head = "\r\n".join(("--B", 'Content-Disposition: form-data; name="n"', *fields))
    return head.encode() + b"\r\n\r\n" + body + b"\r\n--B--\r\n"


def test_a_name_in_capitals_is_no_request_line_of_a_part() -> None:
    there = Toy({"LÉA MARTIN": "zq1", "ZOE PETIT": "zq2"})
    for name in ("LÉA MARTIN", "ZOE PETIT"):
        assert name.encode() not in run(_part(name.encode()), MULTIPART, visitor=there).body
        inner = _part(name.encode(), "Content-Type: application/http")
        assert name.encode() not in run(inner, MULTIPART, visitor=there).body


def test_lines_of_a_part_that_are_no_fields_are_read_too() -> None:
    body = _part(b"x", "Jean Dupont", "X-Note: rien")
    assert b"Jean Dupont" not in protect(body, MULTIPART)


@pytest.mark.parametrize(
    "text", ["« Léa Martin » est là", "’Léa Martin’ ş ł œ", "Léa\u202fx Jean Dupont"]
)
def test_base64_of_utf_16_may_hold_letters_beyond_latin_1(text: str) -> None:
    for charset in ("utf-16-le", "utf-16-be"):
        word = base64.b64encode(text.encode(charset)).rstrip(b"=")
        assert readable(word) == text.encode(charset)
        sent = json.dumps({"v": word.decode()})
        assert protect(sent, "application/json") != sent.encode()


def test_base64_of_legacy_text_is_read_whatever_its_first_letter() -> None:
    for text in ("« Léa Martin »", "Côme et Léa Martin", "Björn, Léa Martin"):
        word = base64.b64encode(text.encode("cp1252"))
        assert protect(word, "text/plain") != word


def test_base64_keeps_the_style_that_its_neighbours_show() -> None:
    words = [
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        for text in ("vu: Zoé Çelik-Øst >>>???", "vu: Jean Dupont", "rien>?>?>? du tout")
    ]
    body = ", ".join(words).encode()
    assert restore(protect(body, "text/plain"), "text/plain") == body


def test_the_sign_after_a_base64_word_is_not_taken_for_padding() -> None:
    word = base64.b64encode(b"vu: Jean Dupont!").decode().rstrip("=")
    sent = rewrite_target(f"/x?{word}=oui", Endpoint(template=""), PROTECT)
    assert sent.endswith("=oui")
    assert word not in sent


def test_a_word_that_is_base64_by_chance_does_not_hide_its_pieces() -> None:
    hidden = base64.b64encode(b"vu: Jean Dupont!!").decode().rstrip("=")
    for path in (f"/assets/notes/{hidden}/fin", f"rencontre+{hidden}+fin"):
        assert hidden.encode() not in protect(path, "text/plain")


def test_an_address_behind_an_escape_does_not_swallow_it() -> None:
    """``\\u003clea@…``: a search of the raw text sees an address that begins with u003c."""
    raw = {"u003clea@x.example": "zq1", "lea@x.example": "zq2"}
    body = 'a;"b \\u003clea@x.example>";c'
    sent = run(body.encode(), "text/plain", visitor=Toy(raw)).body
    assert sent == b'a;"b \\u003czq2>";c'


def test_only_escaped_letters_ask_for_escaped_letters() -> None:
    body = '{"v": "zq1aaaa \\u003cb>"}'
    assert restore(body, "application/json") == '{"v": "Léa Martin \\u003cb>"}'.encode()
    body = '{"v": "zq1aaaa \\u00e9"}'
    assert b"L\\u00e9a Martin" in restore(body, "application/json")


def test_plus_and_percent_together_are_a_form_inside_a_form() -> None:
    there = Toy({"Çelik, Zoé": "zq1", "+33 4 65": "zq2"})
    for written in ("%C3%87elik%2C+Zo%C3%A9", "tel%3A+%2B33+4+65"):
        body = json.dumps({"v": f"a=1&n={written}&z=2"})
        sent = run(body.encode(), "application/json", visitor=there)
        assert sent.changed
        assert written.encode() not in sent.body


def test_a_space_is_a_plus_in_cookies_and_paths_too() -> None:
    there = Toy({"Martin, Léa": "zq1"})
    cookie = ((b"Cookie", b"a=1; n=Martin%2C+L%C3%A9a"),)
    assert rewrite_headers(cookie, {}, there, "request") == ((b"Cookie", b"a=1; n=zq1"),)
    sent = rewrite_target("/n/Martin%2C+L%C3%A9a/3", Endpoint(template=""), there)
    assert sent == "/n/zq1/3"


def test_base64_with_a_plus_that_nobody_encoded_is_one_word() -> None:
    word = base64.b64encode(b"<p>Jean Dupont</p> >>").decode()
    assert "+" in word
    sent = run(f"a=1&v={word}".encode(), FORM)
    assert sent.changed
    back = run(sent.body, FORM, visitor=RESTORE, answer=True).body.decode()
    assert base64.b64decode(back.partition("v=")[2].replace("%2B", "+")) == b"<p>Jean Dupont</p> >>"


def test_base64_with_a_plus_is_read_beside_other_text_in_a_form() -> None:
    """A list of words that is declared a form: ``ú`` may be a plus in the middle of a name."""
    there = Toy({"Rémi Núñez": "zq1"})
    for count in range(9):
        text = f"{'x' * count} vu: Rémi Núñez et fin".encode("cp1252")
        word = base64.b64encode(text).decode()
        sent = unquote(run(f"cmllbg==, {word}, suite".encode(), FORM, visitor=there).body.decode())
        seen = base64.b64decode(sent.split(", ")[1]).decode("cp1252")
        assert seen == f"{'x' * count} vu: zq1 et fin"


def test_a_restored_query_writes_spaces_for_every_reader() -> None:
    location = ((b"Location", b"/lu?q=zq1bbbb"),)
    restored = rewrite_headers(location, {}, RESTORE, "answer")
    assert restored == ((b"Location", b"/lu?q=Jean%20Dupont"),)


def test_a_backslash_in_a_file_name_is_read_both_ways() -> None:
    value = b'form-data; name="f"; filename="L\\u00e9a Martin.txt"'
    ((_, sent),) = rewrite_headers(((b"Content-Disposition", value),), {}, PROTECT, "request")
    assert sent == b'form-data; name="f"; filename="zq1aaaa.txt"'


def test_quoted_printable_keeps_its_kind_of_line_breaks() -> None:
    text = b"a\r\nJean Dupont\nb"
    coded = b2a_qp(text, istext=False)
    body = _part(coded, "Content-Transfer-Encoding: quoted-printable")
    sent = protect(body, MULTIPART)
    inner = sent.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--B--", 1)[0]
    assert quopri.decodestring(inner) == text.replace(b"Jean Dupont", b"zq1bbbb")
    assert restore(sent, MULTIPART) == body


def test_entities_that_stand_loose_in_a_tag_are_read() -> None:
    secret = "Tom O&#x27;Brien"
    assert secret.encode() not in protect(f'<i title="<i title=" {secret} ">x</i>">', "text/html")


@pytest.mark.parametrize(
    "tag",
    [
        '<a title=Jean Dupont href="/x?a=1&amp;b=2">',
        "<a title=L&eacute;a Martin>",
        "<p\\=Jean Dupont>",
        "<p x=%4Aean Dupont y='&amp;'>",
        "<a href=/e?n=L%C3%A9a%20Martin>",
    ],
)
def test_a_value_without_quotes_does_not_part_a_name(tag: str) -> None:
    sent = unescape(unquote(protect(tag, "text/html").decode()))
    assert "Dupont" not in sent
    assert "Martin" not in sent


def test_a_fraction_in_a_word_is_the_letter_of_latin_9() -> None:
    there = Toy({"Sœur Lebœuf": "zq1"})
    body = "vu par Sœur Lebœuf à 1½ h".encode("iso8859-15", "replace")
    sent = run(body, "text/plain", visitor=there).body
    assert sent.startswith(b"vu par zq1 \xe0 1")


def test_a_name_with_a_comma_in_one_cell_leaves_the_next_cell_alone() -> None:
    name = "Martin, Léa"
    back = run(b"n,note\nzq1,20\nzq1,\n", "text/csv", visitor=Toy({"zq1": name}), answer=True)
    assert list(csv.reader(io.StringIO(back.body.decode()))) == [
        ["n", "note"],
        [name, "20"],
        [name, ""],
    ]
