"""A browser's HTTP/2 connection may have more than five requests open to an HTTP/1 origin.

Defect: mitmproxy allows five connections at a time to one upstream address per client
connection, and HTTP/2 to HTTP/1 takes one a request: the sixth waits.

Mend: ``MOST`` instead of five.

Tested on 12.2.3. Delete when the number is an option (mitmproxy's issue 4451).
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import server

from addons.mends.patching import wrap

MOST = 32


def _init(original: Any) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.max_conns = collections.defaultdict(lambda: asyncio.Semaphore(MOST))

    return init


@cache
def apply() -> None:
    """Mend it."""
    wrap(server.ConnectionHandler, "__init__", _init)
