"""A crash inside mitmproxy tears its connection.

Defect: an exception in a protocol layer, or in a stream callable, is logged as "mitmproxy
has crashed" and the connection stays open in an unknown state: the client hangs until the
idle timeout, and the next pieces of the body still flow.

Mend: the client connection and its upstream connections are reset.

Tested on 12.2.3. Delete when ``ConnectionHandler.server_event`` closes after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import server

from addons.abort import abort_handler
from addons.mends.patching import wrap


def _log(original: Any) -> Callable[..., Any]:
    def log(self: Any, message: str, level: int = logging.INFO, exc_info: Any = None) -> None:
        original(self, message, level, exc_info)
        if exc_info and level >= logging.ERROR:  # only the two "has crashed" lines are so
            abort_handler(self)

    return log


@cache
def apply() -> None:
    """Mend it."""
    wrap(server.ConnectionHandler, "log", _log)
