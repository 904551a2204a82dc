"""Forms, multipart, CSV, event streams, charsets, lying types, opaque and signed content."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import base64
import csv
import io
import json
import urllib.parse
from email import message_from_bytes

import pytest
from content_toy import DROP_RULE, RULE, Toy, protect, restore, run
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content.base64 import readable
from proxy.content.compression import decode, encode
from proxy.content.data import BodyFields
from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.policy.model import dead_state
from proxy.reasons import Reason

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


def _reason(data: bytes, kind: str = "", **more: object) -> Reason:
    with pytest.raises(Refused) as refused:
        run(data, kind, **more)  # type: ignore[arg-type]
    return refused.value.reason


# --- forms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("a=Jean+Dupont&b=%c3%a9&&c&=d&e=", "a=zq1bbbb&b=%c3%a9&&c&=d&e="),
        ("a=L%C3%A9a%20Martin", "a=zq1aaaa"),
        ("a=L%E9a+Martin", "a=zq1aaaa"),
        ("mail=lea.martin%40ecole.example", "mail=zq1dddd%40p.ecole.example"),
        ("mail=lea.martin@ecole.example", "mail=zq1dddd@p.ecole.example"),
        ("Jean+Dupont=1&a=2", "zq1bbbb=1&a=2"),
        ("a=L%25C3%25A9a%2520Martin", "a=zq1aaaa"),
        ("a=x;b=Jean+Dupont", "a=x;b=zq1bbbb"),
        ('data={"n":"Jean Dupont","p":"a&b=c"}&v=1', 'data={"n":"zq1bbbb","p":"a&b=c"}&v=1'),
        ("f.req=%5B%22%5B%5C%22Jean%20Dupont%5C%22%5D%22%5D", "f.req=%5B%22%5B%5C%22zq1bbbb%5C%22%5D%22%5D"),
    ],
)  # fmt: skip
def test_forms(body: str, sent: str) -> None:
    assert protect(body, FORM).decode() == sent


def test_form_rules() -> None:
    fields = BodyFields(dead_state(), {"n": RULE, "d": DROP_RULE})
    sent = run(b"n=Quelqu%27un&d=2010&x=2010", FORM, fields=fields).body
    assert sent == b"n=zq1field&d=&x=2010"


def test_restored_values_stay_inside_their_pair() -> None:
    visitor = Toy({"zq1": "a&b=c+d #é%"})
    back = run(b"x=1&n=zq1&y=%20", FORM, visitor=visitor, answer=True).body.decode()
    assert urllib.parse.parse_qs(back) == {"x": ["1"], "n": ["a&b=c+d #é%"], "y": [" "]}


# --- multipart ----------------------------------------------------------------------------


def _part(head: str, body: bytes) -> bytes:
    return b"--XX\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n"


def test_multipart_parts_are_read_by_their_own_headers() -> None:
    body = (
        _part('Content-Disposition: form-data; name="Jean Dupont"', b"Jean Dupont")
        + _part("Content-Type: application/json", b'{"a":"L\\u00e9a Martin"}')
        + _part("Content-Transfer-Encoding: base64", base64.b64encode(b"a Jean Dupont b"))
        + _part(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
            b"L=C3=A9a Mart=\r\nin",
        )
        + _part('Content-Disposition: form-data; name="f"; filename="Léa Martin.txt"', b"x")
        + _part("Content-Disposition: attachment; filename*=UTF-8''L%C3%A9a%20Martin.txt", b"x")
        + _part(
            "Content-Type: multipart/mixed; boundary=YY",
            b"--YY\r\n\r\nTom O'Brien\r\n--YY--\r\n",
        )
        + b"--XX--\r\n"
    )
    sent = protect(body, MULTIPART)
    message = message_from_bytes(b"Content-Type: " + MULTIPART.encode() + b"\r\n\r\n" + sent)
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = [part.get_payload(decode=True) for part in parts]
    assert texts[:4] == [b"zq1bbbb", b'{"a":"zq1aaaa"}', b"a zq1bbbb b", b"zq1aaaa"]
    assert texts[-1] == b"zq1cccc"
    assert b'name="zq1bbbb"' in sent
    assert b'filename="zq1aaaa.txt"' in sent
    assert b"filename*=UTF-8''zq1aaaa.txt" in sent


def test_google_batches_hold_whole_requests() -> None:
    inner = (
        b"POST /v1/users?q=Jean%20Dupont HTTP/1.1\r\nContent-Type: application/json\r\n"
        b"X-User: lea.martin@ecole.example\r\nContent-Length: 19\r\n\r\n" + b'{"n":"Jean Dupont"}'
    )
    body = _part("Content-Type: application/http", inner) + b"--XX--\r\n"
    sent = protect(body, "multipart/mixed; boundary=XX")
    assert b"POST /v1/users?q=zq1bbbb HTTP/1.1" in sent
    assert b"X-User: zq1dddd@p.ecole.example" in sent
    assert b'Content-Length: 15\r\n\r\n{"n":"zq1bbbb"}' in sent
    assert restore(sent, "multipart/mixed; boundary=XX") == body


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data; boundary=other", MULTIPART]
)
def test_multipart_is_recognised_whatever_is_declared(kind: str) -> None:
    body = _part("Content-Type: application/json", b'["L\\u00e9a Martin"]') + b"--XX--\r\n"
    assert protect(body, kind) == body.replace(b"L\\u00e9a Martin", b"zq1aaaa")


def test_multipart_untouched_is_the_same_object() -> None:
    body = _part("Content-Type: text/plain", b"hello") + b"--XX--\r\n"
    assert run(body, MULTIPART).body is body


def test_preamble_and_epilogue_are_read_too() -> None:
    body = b"Jean Dupont\r\n" + _part("a: b", b"x") + b"--XX--\r\nJean Dupont"
    assert b"Jean" not in protect(body, MULTIPART)


def test_too_many_parts_are_refused() -> None:
    assert _reason(b"--XX\r\n\r\nx\r\n" * 1100, MULTIPART) is Reason.UNDECODABLE


# --- lines --------------------------------------------------------------------------------


def test_csv_cells_are_quoted_when_a_name_needs_it() -> None:
    visitor = Toy({"zq1": 'Martin, "Léa"'})
    body = b'id,n\r\n1,zq1\r\n2,"zq1"\r\n3,x zq1 y\r\n4,zq1 zq1'
    back = run(body, "text/csv", visitor=visitor, answer=True)
    rows = list(csv.reader(io.StringIO(back.body.decode())))
    name = 'Martin, "Léa"'
    assert [row[1:] for row in rows[1:]] == [[name], [name], [f"x {name} y"], [f"{name} {name}"]]


def test_a_name_over_two_cells_keeps_the_row_and_comes_back() -> None:
    there, back = Toy({"Martin,Léa": "zq1"}), Toy({"zq1": "Martin,Léa"})
    body = "nom,prenom,n\nMartin,Léa,3\n".encode()
    sent = run(body, "text/csv", visitor=there).body
    assert sent == b"nom,prenom,n\nzq1,,3\n"
    assert run(sent, "text/csv", visitor=back, answer=True).body == body


def test_event_streams_are_read_line_by_line() -> None:
    body = 'event: m\r\ndata: {"a":"L\\u00e9a Martin"}\r\n\r\ndata: Jean Dupont\r\n: Tom O\'Brien\r\n\r\n'
    assert protect(body, "text/event-stream") == (
        b'event: m\r\ndata: {"a":"zq1aaaa"}\r\n\r\ndata: zq1bbbb\r\n: zq1cccc\r\n\r\n'
    )


# --- charsets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=iso-8859-1", "image/png", ""]
)
def test_charsets_are_recognised_whatever_is_declared(charset: str, kind: str) -> None:
    text = '{"une clef": "Léa Martin", "autre": "Jean Dupont"}'
    sent = protect(text.encode(charset), kind)
    assert sent.decode(charset) == text.replace("Léa Martin", "zq1aaaa").replace(
        "Jean Dupont", "zq1bbbb"
    )
    assert restore(sent, kind).decode(charset) == text


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain; charset=iso-8859-1", "text/plain; charset=windows-1252"]
)
def test_legacy_text_is_read_and_kept(kind: str) -> None:
    body = "été : Léa Martin".encode("latin-1")
    sent = protect(body, kind)
    assert sent == "été : zq1aaaa".encode("latin-1")
    assert restore(sent, kind) == body


def test_stray_bytes_do_not_hide_utf8_names_nor_change() -> None:
    assert protect(b"\xff\xe9 " + "Léa Martin".encode() + b" \xc3") == b"\xff\xe9 zq1aaaa \xc3"


@pytest.mark.parametrize("charset", ["utf-7", "hz", "iso-2022-jp", "klingon", "base64", "rot13"])
def test_charsets_that_hide_text_are_refused(charset: str) -> None:
    assert _reason(b"x", f"text/plain; charset={charset}") is Reason.UNDECODABLE


def test_utf16_declared_over_ascii_does_not_hide_it() -> None:
    assert protect(b"Jean Dupont!", "text/plain; charset=utf-16") == b"zq1bbbb!"


def test_ascii_inside_utf16_is_refused() -> None:
    mixed = "une phrase assez longue pour cela".encode("utf-16-le") + b"Jean Dupont!"
    assert _reason(mixed, "text/plain") is Reason.CONTENT_MISMATCH


# --- what is declared and what is ----------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "image/png",
        "application/octet-stream",
        "text/css",
        "font/woff2",
        "application/grpc",
        "video/mp4",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        '{"a":"L\\u00e9a Martin"}',
        "a=L%C3%A9a+Martin&b=1",
        "<r>L&#233;a Martin</r>",
        "x L%C3%A9a%20Martin y",
    ],
)
def test_a_lying_type_does_not_slip_through(kind: str, body: str) -> None:
    assert b"zq1aaaa" in protect(body, kind)


def test_undeclared_gzip_is_opened() -> None:
    sent = protect(encode(b'{"a":"Jean Dupont"}', ["gzip"]), "application/octet-stream")
    assert decode(sent, ["gzip"], Limits())[0] == b'{"a":"zq1bbbb"}'


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (PNG, "image"), (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)), "image"),
        (b"PK\x03\x04\x14\0\0\0" + bytes(range(256)), "archive"), (b"%PDF-1.7\n%\xe2\xe3\0" + bytes(99), "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "office"), (bytes(range(256)), "binary"),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(99), "image"), (b"\0\0\0\x18ftypmp42" + bytes(99), "media"),
    ],
)  # fmt: skip
def test_binary_is_reported_and_left_alone(data: bytes, word: str) -> None:
    sent = run(data, "application/octet-stream")
    assert sent.body is data
    assert sent.opaque == word


def test_encrypted_types_are_named() -> None:
    assert run(bytes(range(256)), "application/jose").opaque == "encrypted"


@pytest.mark.parametrize(
    "hidden", [b"Jean Dupont", "Léa Martin".encode(), "Léa Martin".encode("latin-1"),
               "Léa Martin".encode("utf-16-le"), b"x" + "Léa Martin".encode("utf-16-be")],
)  # fmt: skip
def test_a_name_in_clear_inside_binary_refuses_the_request(hidden: bytes) -> None:
    assert _reason(PNG + hidden + b"\0\0\x01", "image/png") is Reason.CONTENT_MISMATCH
    assert run(PNG + b"zq1aaaa", "image/png", answer=True).opaque == "image"


# --- base64 and signed tokens ----------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "utf-16-le"])
def test_base64_of_any_charset_is_opened(charset: str) -> None:
    word = base64.b64encode("dossier de Léa Martin".encode(charset)).decode()
    sent = json.loads(protect(json.dumps({"x": word})))["x"]
    assert base64.b64decode(sent).decode(charset) == "dossier de zq1aaaa"


def test_base64_of_gzip_is_opened() -> None:
    word = base64.b64encode(encode(b"dossier de Jean Dupont", ["gzip"])).decode()
    sent = base64.b64decode(json.loads(protect(json.dumps([word])))[0])
    assert decode(sent, ["gzip"], Limits())[0] == b"dossier de zq1bbbb"


def test_base64_inside_paths_and_data_urls_is_opened() -> None:
    word = base64.b64encode(b"Jean Dupont!").decode()
    for text in (f"/users/{word}/x", f"data:text/plain;base64,{word}", f"id={word}"):
        assert word not in protect(text, "text/plain").decode()


def _jwt(claims: dict[str, str]) -> str:
    parts = (json.dumps({"alg": "RS256"}), json.dumps(claims))
    words = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*words, "c2lnbmF0dXJlLXNpZ25hdHVyZQ"])


@pytest.mark.parametrize("kind", ["application/json", FORM, "text/plain", "text/html"])
def test_a_signed_token_with_a_name_is_refused_or_visibly_allowed(kind: str) -> None:
    token = _jwt({"name": "Jean Dupont"})
    bodies = {"application/json": json.dumps({"t": token}), FORM: f"t={token}&x=1"}
    body = bodies.get(kind, f"<p>{token}</p>").encode()
    assert _reason(body, kind) is Reason.SIGNED_CONTENT
    assert run(body, kind, limits=Limits(signed_allowed=True)).body is body


def test_a_signed_token_without_names_passes_and_is_never_restored() -> None:
    body = json.dumps({"t": _jwt({"sub": "zq1bbbb"})}).encode()
    assert run(body, "application/json").body is body
    assert restore(body, "application/json") is body


@given(text=st.text(min_size=8, max_size=40), charset=st.sampled_from(["utf-8", "utf-16"]))
@settings(max_examples=1500, deadline=None)
def test_any_readable_text_is_recognised_in_base64(text: str, charset: str) -> None:
    """Text without control characters, whatever its script, in either alphabet."""
    data = "".join(char for char in text if char.isprintable()).encode(charset)
    if len(data) < 8 or (charset == "utf-16" and not data[2:].decode("utf-16-le").isascii()):
        return
    for word in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        assert readable(word.rstrip(b"=")) == data
