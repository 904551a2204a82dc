"""A connection that passes unread says how much it carried.

Defect: for an ignored connection mitmproxy has neither a flow nor a hook: nobody learns how
many bytes it relays, so a report of transfers could not say how much went where.

Mend: if ``count`` was called for its client, each piece is added to that ``Passed``. Nothing
is looked at but its length.

Tested on 12.2.3. Delete when mitmproxy tells the bytes of ignored connections.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy.connection import Client
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.layers import tcp

from addons.mends.patching import wrap

_ON_CLIENT = "preau_passed"
_OFTEN = 1 << 20


@dataclass(slots=True)
class Passed:
    """Bytes of one connection; ``tell`` is given them from time to time, and at its end."""

    tell: Callable[[int, int], None]
    sent: int = 0
    received: int = 0

    def take(self) -> None:
        """Tell what there is."""
        sent, self.sent = self.sent, 0
        received, self.received = self.received, 0
        self.tell(sent, received)


def count(client: Client, tell: Callable[[int, int], None]) -> None:
    """Count what this connection carries from here on."""
    client.__dict__[_ON_CLIENT] = Passed(tell)


def ended(client: Client) -> None:
    """The connection is gone: tell the rest."""
    passed: Passed | None = client.__dict__.pop(_ON_CLIENT, None)
    if passed is not None:
        passed.take()


def _relay(original: Any) -> Callable[..., Generator[Any, Any, None]]:
    def relay_messages(self: Any, event: Any) -> Generator[Any, Any, None]:
        if event.__class__ is DataReceived and self.flow is None:
            client = self.context.client
            passed: Passed | None = client.__dict__.get(_ON_CLIENT)
            if passed is not None:
                if event.connection is client:
                    passed.sent += len(event.data)
                else:
                    passed.received += len(event.data)
                if passed.sent + passed.received > _OFTEN:
                    passed.take()
        relayed: Generator[Any, Any, None] = original(self, event)
        return relayed

    return relay_messages


@cache
def apply() -> None:
    """Mend it."""
    wrap(tcp.TCPLayer, "relay_messages", _relay)
