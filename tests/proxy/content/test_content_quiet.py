"""The law of the quick way: where it says "nothing", the whole walk finds nothing either."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from content_toy import PROTECT, SECRETS, Toy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.content import data, quiet
from proxy.content.base64 import readable
from proxy.content.base64_words import may_hold
from proxy.content.coding import BACKSLASHES, ENTITIES, FORM, PERCENT
from proxy.content.limits import Limits
from proxy.content.walk import Walk

TYPES = [
    "application/json", "text/html", "application/xml", "application/x-www-form-urlencoded",
    "text/csv", "text/event-stream", "text/plain", "application/javascript", "",
]  # fmt: skip
_PIECES = st.sampled_from(
    [*SECRETS, "Jean", " ", "Dupont", "L\\u00e9a", "L&eacute;a", "L%C3%A9a", "L=C3=A9a", "Martin", "+",
     "%20", "&nbsp;", "&#32;", "\\n", "\n", "<b>", "</b>", "<p title='", "'>", "<!--", "-->", "{", "}",
     '"', ":", ",", "[", "]", "=", "&", ";", "\\", "\\\\", '\\"', "%", "%25", "%5Cu00e9", "&amp;",
     "SmVhbiBEdXBvbnQ", "4a65616e204475706f6e74", "=?UTF-8?Q?L=C3=A9a_Martin?=", "Tom O''Brien",
     "BEGIN:V", "\r\n ", "N:", "<br>", "</td><td>", "]]>", "<![CDATA[", "1", "é", "data: ", "/", "?a="]
)  # fmt: skip
_WRAPS: list[Callable[[str], str]] = [
    lambda text: text,
    json.dumps,
    lambda text: json.dumps({"a": text, "b": [1.5, text]}, ensure_ascii=False),
    lambda text: "a=1&n=" + quote_plus(text) + "&b=" + quote(text),
    lambda text: json.dumps({"body": f"<p>{text}</p>"}),
]


def _walk(visitor: Toy) -> Walk:
    return data.start(visitor, Limits(nesting=12), "request", 100_000)


def _without_shortcut(text: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the codecs themselves find anything."""
    with monkeypatch.context() as patch:
        patch.setattr(data, "is_quiet", lambda *_: False)
        body = text.encode("utf-8", "surrogatepass")
        return data.rewrite(body, kind, _walk(PROTECT)) is not body


@settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(_PIECES, max_size=9),
    wraps=st.lists(st.sampled_from(_WRAPS), max_size=2),
    kind=st.sampled_from(TYPES),
)
def test_what_the_proof_calls_quiet_holds_nothing_for_any_codec(
    monkeypatch: pytest.MonkeyPatch, pieces: list[str], wraps: list[Callable[[str], str]], kind: str
) -> None:
    text = "".join(pieces)
    for wrap in wraps:
        text = wrap(text)
    if not text:
        return
    if quiet.is_quiet(text, _walk(PROTECT), data.first_views(text, kind)):
        assert not _without_shortcut(text, kind, monkeypatch)


def test_the_proof_says_yes_to_the_usual_bodies() -> None:
    for text in (
        json.dumps({"a": "Relire la leçon", "u": "https://x.example/?a=1&b=%20"}),
        "a=1&b=Relire+la+le%C3%A7on",
        "<p>Relire la <b>le&ccedil;on</b></p>",
        json.dumps({"html": "<p>Relire la <i>leçon</i>\n</p>"}),
    ):
        assert quiet.is_quiet(text, _walk(PROTECT), data.first_views(text, ""))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_undoing_a_whole_text_is_undoing_its_pieces(text: str) -> None:
    """The fast decoders, against one escape at a time."""
    for coding, escape in ((PERCENT, quote), (FORM, quote_plus)):
        clean = text.encode("utf-8", "replace").decode()
        long = escape(clean) + "x" * 300
        assert coding.decode(long) == clean + "x" * 300
    for coding in (BACKSLASHES, ENTITIES):
        wrapped = json.dumps(text) if coding is BACKSLASHES else text.replace("&", "&amp;")
        wanted = f'"{json.loads(wrapped)}"' if coding is BACKSLASHES else text
        if not any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            assert coding.decode(wrapped) == wanted


@settings(max_examples=400, deadline=None)
@given(
    st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=8, max_size=60),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16", "cp1252", "gzip"]),
    st.booleans(),
)
def test_no_base64_word_that_reads_as_text_escapes_the_filter(
    text: str, charset: str, url: bool
) -> None:
    from base64 import b64encode, urlsafe_b64encode

    packed = zlib.compress(text.encode(), wbits=31) if charset == "gzip" else b""
    raw = packed or text.encode(charset, "ignore")
    if charset in ("utf-16-le", "utf-16") and not text[:2].isascii():
        return  # not claimed without a Latin letter among the first two, unless marked
    if charset == "cp1252" and sum(byte > 0x7F for byte in raw[:7]) > 3:
        return  # not claimed
    word = (urlsafe_b64encode if url else b64encode)(raw).rstrip(b"=")
    if charset == "cp1252" and not any(65 <= byte <= 90 for byte in word[:10]):
        return  # not claimed
    if readable(word) is not None:
        assert may_hold(f'{{"a":"{word.decode()}"}}')
