"""An origin's informational answers (100, 102, 103) do not stand for the answer.

Defect: mitmproxy takes a 1xx head from an HTTP/1 origin for the complete answer; the real
one is then "unexpected data" and the connection is closed.

Mend: 1xx heads other than 101 are skipped, as mitmproxy does on HTTP/2. It answers
``Expect: 100-continue`` by itself.

Tested on 12.2.3. Delete when mitmproxy skips or forwards them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import events
from mitmproxy.proxy.layers.http import _http1

from addons.mends.patching import wrap

_INFORMATIONAL = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d[ \r\n]")


def _read_headers(original: Any) -> Callable[..., Any]:
    def read_headers(self: Any, event: Any) -> Any:
        if isinstance(event, events.DataReceived) and self.request:
            while _INFORMATIONAL.match(self.buf._data):
                if self.buf.maybe_extract_lines() is None:
                    return
            if not self.buf:
                return
        yield from original(self, event)

    return read_headers


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1.Http1Client, "read_headers", _read_headers)
