"""No pseudonym in a writing that is looked for is ever taken for absent."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.pseudonyms.aliases import SHAPES
from proxy.pseudonyms.traces import absent

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TOKEN = st.builds(
    lambda case, version, core: case + version + core,
    st.sampled_from(["zq", "Zq", "ZQ", "zQ"]),
    st.sampled_from(LETTERS + LETTERS.upper()),
    st.text(LETTERS + "234567", min_size=27, max_size=27),
)
AROUND = st.text(max_size=12)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


WRITINGS = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "quoted": quote,
    "percent": _percent,
    "percent-twice": lambda text: quote(_percent(text)),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hex-entities": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "html": html.escape,
    "json": json.dumps,
    "escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text if ord(char) < 65536),
}


@pytest.mark.parametrize("writing", WRITINGS)
@given(before=AROUND, token=TOKEN, after=AROUND)
def test_a_pseudonym_always_leaves_a_trace(
    writing: str, before: str, token: str, after: str
) -> None:
    written = WRITINGS[writing](before + token + after)
    assert not absent(written.encode("utf-8", "surrogatepass"))


def test_ordinary_text_holds_none() -> None:
    assert absent(("Bien construit, sources à citer. " * 900).encode())
    assert absent(b'{"id": 358120441207, "state": "TURNED_IN", "points": 14.5}' * 500)
    assert not absent(b"0f1e2d3c-4b5a-8978-8a9b-0c1d2e3f4a5b")


@pytest.mark.parametrize("shape", list(SHAPES))
@given(number=st.integers(0, 59_998), before=AROUND, after=AROUND)
def test_an_alias_leaves_a_trace_too(shape: str, number: int, before: str, after: str) -> None:
    written = SHAPES[shape].write(number, 12345)
    assert not absent(f"{before}{written}{after}".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("separator", [" ", ".", "-", "\xa0", "%20"])
def test_a_phone_alias_leaves_a_trace_however_it_is_written(separator: str) -> None:
    assert not absent(f"tel: 0{separator.join(('6', '39', '98', '12', '34'))}".encode())
    assert not absent(separator.join(("06", "39", "98", "12", "34")).encode())
