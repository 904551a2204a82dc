"""Nothing is quadratic, on repetitions of what hurts tokenizers."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from content_toy import Toy, run

from proxy.errors import Refused

SHREDS = [
    '"', "[", "{", "&", "%", "<", "\\", "%4", "%41", "&a;", "&amp;", "<a ", '<a "', "<a ='", "<!--",
    "<script>", '{"', "a=", "a=%41&", '"a":', "\\u0041", "\\\"", "eyJ", "eyJa.eyJa.", "A", "=", "+", "-",
    "a+b", "\n", " ", "data:", "--b\r\n", "--b\r\n\r\n", "://", "/", "AAAA/", "a@", ")]}'\n", "1", "é", "\xa0",
    "<![CDATA[", "?a=", "a=[", 'a={"', ";", "x,", "'", "url=",
    "<b>", "<td>", "<b>a</b> ", "</b", "\u2060", "&#8288;", "=?", "=?a?q?", "=?a?q?b?= ", "=41", "=\n", "''", "a''b",
    '"\t"', '";"', ";\n", "N:a;", "BEGIN:V\n", "\n ", "4a", "0x4a", "%2", "%25", "+AOk-", "\\\\", "<?", "]]>", "  ",
]  # fmt: skip
KINDS = [
    "application/json", "text/html", "application/x-www-form-urlencoded", "text/plain", "text/csv",
    "multipart/form-data; boundary=b", "text/event-stream", "application/xml",
]  # fmt: skip
VISITOR = Toy({"zq1": 'é &"'})
ASKING = Toy({"zq1": "zz"})


def _seconds(data: bytes, kind: str, *, answer: bool) -> float:
    start = time.process_time()
    with suppress(Refused):
        run(data, kind, visitor=VISITOR if answer else ASKING, answer=answer)
    return time.process_time() - start


def _grows_too_fast(unit: str, kind: str, *, answer: bool) -> bool:
    data = unit.encode()
    small = _seconds(data * (2_000 // len(data)), kind, answer=answer)
    large = _seconds(data * (16_000 // len(data)), kind, answer=answer)
    return large > 24 * small + 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [pytest.param(False, id="request"), pytest.param(True, id="answer", marks=pytest.mark.long)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_time_grows_with_length_and_no_faster(kind: str, answer: bool) -> None:
    """Eight times the input: a quadratic step would take 64 times as long, every time."""
    for shred in SHREDS:
        for unit in (shred, shred + "zq1"):
            assert not all(_grows_too_fast(unit, kind, answer=answer) for _ in range(4)), unit
