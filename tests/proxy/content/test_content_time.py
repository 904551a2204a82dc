"""Nothing is quadratic: twice the input takes about twice the time, on what hurts tokenizers."""

from __future__ import annotations

import time

import pytest
from content_toy import Toy, run

from proxy.errors import Refused

SHREDS = [
    '"', "[", "{", "&", "%", "<", "\\", "%4", "%41", "&a;", "&amp;", "<a ", '<a "', "<a ='", "<!--",
    "<script>", '{"', "a=", "a=%41&", '"a":', "\\u0041", "\\\"", "eyJ", "eyJa.eyJa.", "A", "=", "+", "-",
    "a+b", "\n", " ", "data:", "--b\r\n", "--b\r\n\r\n", "://", "/", "AAAA/", "a@", ")]}'\n", "1", "é", "\xa0",
    "<![CDATA[", "?a=", "a=[", 'a={"', ";", "x,", "'", "url=",
]  # fmt: skip
KINDS = [
    "application/json", "text/html", "application/x-www-form-urlencoded", "text/plain", "text/csv",
    "multipart/form-data; boundary=b", "text/event-stream", "application/xml",
]  # fmt: skip
VISITOR = Toy({"zq1": 'é &"'})


def _seconds(data: bytes, kind: str, answer: bool) -> float:
    start = time.process_time()
    try:
        run(data, kind, visitor=VISITOR, answer=answer)
    except Refused:
        pass
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_megabyte_of_anything_is_read_in_linear_time(kind: str) -> None:
    for shred in SHREDS:
        for tail in ("", "zq1"):
            unit = (shred + tail).encode()
            large = unit * (1_000_000 // len(unit))
            taken = _seconds(large, kind, answer=True)
            # A quadratic step over 10^6 characters takes minutes; 4 s leaves room for slow machines.
            assert taken < 4, (shred, tail, kind, taken)
