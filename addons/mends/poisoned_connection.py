"""One failed connect must not refuse the origin for as long as the client stays.

Defect: after one failed connection to an origin, every later request to it on the same
client connection gets 502 at once, although the origin is back.

Mend: a connection that failed is never considered again.

Tested on 12.2.3. Delete when ``HttpLayer.get_connection`` retries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer

from addons.mends.patching import wrap


def _spec_matches(original: Any) -> Callable[..., Any]:
    def connection_spec_matches(self: Any, connection: Any) -> bool:
        return not connection.error and original(self, connection)

    return connection_spec_matches


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.GetHttpConnection, "connection_spec_matches", _spec_matches)
