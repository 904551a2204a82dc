"""Encoded words, quoted-printable, folded lines; parameters in several pieces; CSV; charsets."""

from __future__ import annotations

import csv
import io
import quopri
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from content_toy import DROP_RULE, PROTECT, RESTORE, RULE, SECRETS, Toy, protect, restore, run
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content.data import BodyFields
from proxy.content.headers import rewrite_headers
from proxy.content.mail import QUOTED
from proxy.content.target import rewrite_target
from proxy.policy.model import Endpoint


def _header(name: str, value: str, *, answer: bool = False) -> str:
    visitor = RESTORE if answer else PROTECT
    fields = ((name.encode(), value.encode("latin-1")),)
    return rewrite_headers(fields, {}, visitor, "answer" if answer else "request")[0][1].decode(
        "latin-1"
    )


@pytest.mark.parametrize(
    "value",
    [
        "=?UTF-8?B?TMOpYSBNYXJ0aW4=?=",
        "=?ISO-8859-1?Q?L=E9a_Martin?=",
        "=?utf-8?q?L=C3=A9a?= =?utf-8?q?_Martin?=",
        "=?utf-8?B?TMM=?= =?utf-8?B?qWEgTWFydGlu?=",
    ],
)
def test_encoded_words_are_read_and_written_as_such(value: str) -> None:
    sent = _header("X-From", f"{value} <x>")
    assert str(make_header(decode_header(sent))) == "zq1aaaa <x>"
    back = _header("X-From", sent, answer=True)
    assert str(make_header(decode_header(back))) == "Léa Martin <x>"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="aé=_ ?œ\n€", max_size=200), st.sampled_from(sorted(SECRETS)))
def test_quoted_printable_is_read_as_its_reader_does(noise: str, secret: str) -> None:
    plain = f"{noise} {secret} {noise}"
    body = quopri.encodestring(plain.encode())
    assert QUOTED.decode(body.decode()).encode() == quopri.decodestring(body)


def test_a_vcard_is_read_folded_quoted_and_in_parts() -> None:
    card = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Dupont;Jean;;;\r\nFN:Jean Du\r\n pont\r\n"
        "NOTE;ENCODING=QUOTED-PRINTABLE:L=C3=A9a Mar=\r\ntin\r\nEND:VCARD\r\n"
    )
    there = Toy({"Jean Dupont": "zq1", "Dupont,Jean": "zq2", "Léa Martin": "zq3"})
    sent = run(card.encode(), "text/vcard", visitor=there).body.decode()
    assert "N:zq2;;;;" in sent
    assert "FN:zq1\r\n" in sent
    assert "PRINTABLE:zq3\r\n" in sent
    back = Toy({"zq1": "Jean Dupont", "zq2": "Dupont,Jean", "zq3": "Léa Martin"})
    restored = run(sent.encode(), "text/vcard", visitor=back, answer=True).body.decode()
    assert "N:Dupont;Jean;;;\r\n" in restored
    assert "PRINTABLE:L=C3=A9a Martin" in restored


def test_a_calendar_is_read_over_its_folds() -> None:
    sent = protect(
        "BEGIN:VCALENDAR\r\nATTENDEE;CN=Jean Du\r\n pont:mailto:lea.martin@eco\r\n le.example\r\n"
        "END:VCALENDAR\r\n",
        "text/calendar",
    )
    assert sent == (
        b"BEGIN:VCALENDAR\r\nATTENDEE;CN=zq1bbbb:mailto:zq1dddd@p.ecole.example\r\nEND:VCALENDAR\r\n"
    )


def _part(parameter: str) -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="f"; {parameter}\r\n\r\nx\r\n--b--\r\n'
    ).encode("latin-1")


@pytest.mark.parametrize(
    "parameter",
    [
        "filename*=UTF-8''L%C3%A9a%20Martin.pdf",
        "filename*=ISO-8859-1'fr'L%E9a%20Martin.pdf",
        "filename*0*=UTF-8''L%C3%A9a%20Mar; filename*1*=tin.pdf",
        'filename*1="artin.pdf"; filename*0="Léa M"',
    ],
)
def test_file_names_in_every_writing_leave_as_pseudonyms_and_come_back(parameter: str) -> None:
    kind = "multipart/form-data; boundary=b"
    sent = run(_part(parameter), kind).body
    assert _file_name(sent) == "zq1aaaa.pdf"
    assert _file_name(restore(sent, kind)) == "Léa Martin.pdf"


def _file_name(body: bytes) -> str | None:
    head = b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    message = message_from_bytes(head + body, policy=policy.HTTP)
    part = next(iter(message.iter_parts()))
    name = part.get_filename()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if name else None


def test_parameters_of_links_and_paths_of_cookies_are_restored_in_their_writing() -> None:
    link = "<https://x.example/u/L%C3%A9a%20Martin>; title*=UTF-8''L%C3%A9a%20Martin"
    assert _header("Link", _header("Link", link), answer=True) == link
    cookie = "n=1; Path=/u/Jean%20Dupont; HttpOnly"
    assert _header("Set-Cookie", _header("Set-Cookie", cookie), answer=True) == cookie


@pytest.mark.parametrize(
    "target",
    [
        "/o/Users?$filter=name%20eq%20%27Tom%20O%27%27Brien%27",
        "/o/Users('Tom%20O''Brien')",
    ],
)
def test_doubled_quotes_of_odata_are_read(target: str) -> None:
    sent = rewrite_target(target, Endpoint(template=""), PROTECT)
    assert "zq1cccc" in sent
    assert "Brien" not in sent


def test_a_quote_is_doubled_where_it_would_end_a_literal() -> None:
    body = """{"next":"https://x.example/Users?$filter=name eq 'zq1cccc'","say":"it's zq1cccc"}"""
    restored = restore(body, "application/json").decode()
    assert "name eq 'Tom%20O''Brien'" in restored or "name eq 'Tom O''Brien'" in restored
    assert "it's Tom O'Brien" in restored


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoted", [True, False])
def test_a_name_over_two_cells_is_found_whatever_the_dialect(delimiter: str, quoted: bool) -> None:
    rows = [["id", "nom", "prenom", "x"], ["1", "Dupont", "Jean", "é"], ["2", "A", "B", "c"]]
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(rows)
    body = out.getvalue()
    there, back = Toy({"Dupont,Jean": "zq1"}), Toy({"zq1": "Dupont,Jean"})
    sent = run(body.encode(), "text/csv", visitor=there).body.decode()
    read = list(csv.reader(io.StringIO(sent), delimiter=delimiter))
    assert read == [rows[0], ["1", "zq1", "", "é"], rows[2]]
    assert run(sent.encode(), "text/csv", visitor=back, answer=True).body.decode() == body


def test_columns_are_under_the_rules_that_their_heads_name() -> None:
    body = 'id;nom;naissance\n1;"Petit; Inconnu";2012-01-02\n2;Rien;\n'
    fields = BodyFields(form={"nom": RULE, "naissance": DROP_RULE})
    visitor = Toy({"Petit; Inconnu": 'a "b"'})
    sent = run(body.encode(), "text/csv", fields=fields, visitor=visitor).body.decode()
    assert list(csv.reader(io.StringIO(sent), delimiter=";")) == [
        ["id", "nom", "naissance"],
        ["1", 'a "b"', ""],
        ["2", "zq1field", ""],
    ]


def test_csv_that_nobody_declares_is_known_by_its_lines() -> None:
    body = "id;nom;prenom\n1;Dupont;Jean\n2;A;B\n"
    sent = run(body.encode(), "application/vnd.ms-excel", visitor=Toy({"Dupont,Jean": "zq1"}))
    assert sent.body == b"id;nom;prenom\n1;zq1;\n2;A;B\n"


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        ("text/plain; charset=iso-8859-15", "zq1aaaa", b"L\xe9a Martin"),
        ("text/plain; charset=iso-8859-15", "zq1gggg?", b"???? ???????"),
        ("text/html; charset=iso-8859-1", "<p>zq1gggg", b"<p>" + b"".join(
            b" " if char == " " else b"&#%d;" % ord(char) for char in "Иван Петров")),
        ("text/html", "<meta charset=windows-1252><p>zq1aaaa",
         b"<meta charset=windows-1252><p>L\xe9a Martin"),
        ("text/xml", "<?xml version='1.0' encoding='ISO-8859-15'?><a>zq1aaaa</a>",
         b"<?xml version='1.0' encoding='ISO-8859-15'?><a>L\xe9a Martin</a>"),
        ("application/json; charset=iso-8859-1", '"zq1aaaa"', '"Léa Martin"'.encode()),
        ("text/plain; charset=utf-8", "zq1aaaa", "Léa Martin".encode()),
    ],
)  # fmt: skip
def test_a_restored_name_is_written_in_the_charset_that_its_reader_uses(
    kind: str, sent: str, expected: bytes
) -> None:
    assert restore(sent, kind) == expected


def test_sequences_with_record_separators_are_text() -> None:
    assert protect('\x1e{"a":"L\\u00e9a Martin"}\n', "application/json-seq") == (
        b'\x1e{"a":"zq1aaaa"}\n'
    )


@pytest.mark.parametrize("prefix", ["", "0x"])
@pytest.mark.parametrize("upper", [False, True])
def test_hexadecimal_of_text_is_read_and_written_alike(prefix: str, upper: bool) -> None:
    digits = b"Jean Dupont".hex()
    token = b"zq1bbbb-long-enough".hex()
    if upper:
        digits, token = digits.upper(), token.upper()
    there = Toy({"Jean Dupont": "zq1bbbb-long-enough"})
    back = Toy({"zq1bbbb-long-enough": "Jean Dupont"})
    sent = run(f"k={prefix}{digits}".encode(), "text/plain", visitor=there).body.decode()
    assert sent == f"k={prefix}{token}"
    assert run(sent.encode(), "text/plain", visitor=back, answer=True).body.decode() == (
        f"k={prefix}{digits}"
    )
