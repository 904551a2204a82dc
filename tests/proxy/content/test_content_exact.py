"""What the fuzzer found: answers escaped once too often, and bytes that damage put in."""

from __future__ import annotations

import json
import re

import pytest
from content_toy import SECRETS, Toy, protect, restore, run


def there_and_back(body: str, content_type: str) -> None:
    sent = protect(body, content_type)
    assert sent != body.encode()
    assert restore(sent, content_type) == body.encode()


@pytest.mark.parametrize("quote", ['"', "'"])
def test_an_apostrophe_in_a_data_island_comes_back_as_it_was(quote: str) -> None:
    tag = f"<script type={quote}application/json{quote}>"
    there_and_back(f'<html>{tag}["écrit par Tom O\'Brien"]</script></html>', "text/html")


def test_letters_that_an_island_escapes_come_back_escaped() -> None:
    island = json.dumps(["été", "Zoé Çelik-Øst", "Léa Martin"])
    there_and_back(f'<script type="application/json">{island}</script>', "text/html")


def test_a_name_leaves_no_island() -> None:
    sent = protect('<script type="application/ld+json">["Léa Martin"]</script>', "text/html")
    assert b"zq1aaaa" in sent
    evil = Toy({"zq1aaaa": '</script>"\\'})
    back = run(sent, "text/html", visitor=evil, answer=True).body.decode()
    assert back == '<script type="application/ld+json">["\\u003c/script>\\"\\\\"]</script>'


@pytest.mark.parametrize(
    "inner",
    [
        '<notes><note t="Léa Martin"/><note t="Jean Dupont, lea.martin@ecole.example"/></notes>',
        '{"who": "Léa Martin", "note": "Tom O\'Brien"}',
        '[{"a": "{\\"who\\": \\"Léa Martin\\"}"}]',
        json.dumps({"event": json.dumps('<note t="Léa Martin, reçu"/>', ensure_ascii=False)}),
    ],
)
def test_a_document_in_a_quoted_cell_is_read_as_it_was_before_it_was_quoted(inner: str) -> None:
    cell = inner.replace('"', '""')
    there_and_back(f'n,note,sur\r\n1,"{cell}",20\r\n2,"Jean Dupont",12\r\n', "text/csv")


def test_markup_whose_quotes_are_escaped_is_no_markup_without_quotes() -> None:
    line = json.dumps('<note t="lu par Léa Martin hier"/>', ensure_ascii=False)
    there_and_back(
        json.dumps({"note": f"data: {line}\n\n"}, ensure_ascii=False), "application/json"
    )


@pytest.mark.parametrize("stray", [b"\x9a", b"\xd6\xdf", b"\x95\xe9"])
def test_a_stray_byte_is_no_letter_of_the_word_beside_it(stray: bytes) -> None:
    words = Toy(SECRETS)
    words.pattern = re.compile(rf"(?<!\w)(?:{words.pattern.pattern})(?!\w)")
    body = "élève ".encode() + stray + "Léa Martin, reçu".encode()
    for content_type, data in (
        ("text/plain", body),
        ("application/json", b'{"n": "' + body + b'"}'),
    ):
        assert b"zq1aaaa" in run(data, content_type, visitor=words).body
