"""An HTTP/2 peer cannot keep a worker busy with streams it takes back, or with empty frames.

Defect: 5,000 HEADERS with RST_STREAM behind them cost mitmproxy five seconds, and the connection
goes on (CVE-2023-44487); so it does when the client makes us reset the streams (CVE-2025-8671),
under SETTINGS, PING, PRIORITY, empty DATA or unknown frames without end, whichever side sends
them, and under informational answers (1xx) of a service.

Mend: a connection is closed with ENHANCE_YOUR_CALM once more than ``LIMITS.resets`` streams, and
more than half of all it opened, were taken back or had to be reset, or once
``LIMITS.control_frames`` came within ten seconds, also from a service. ``LIMITS.streams`` is
announced; one more closes the connection. CONTINUATION frames have hyper-h2's own limit (64) and
ours on the head (``head_limits``).

Tested on 12.2.3 with h2 4.4.1. Delete when ``Http2Connection`` counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import h2.errors
import h2.events
import h2.exceptions
from h2.settings import SettingCodes
from mitmproxy.connection import Client
from mitmproxy.proxy.layers.http import _http2, _http_h2

from addons.mends.patching import wrap

_SPAN = 10.0
"""Seconds over which frames without content are counted."""

_CONTROL = frozenset(
    (
        h2.events.RemoteSettingsChanged,
        h2.events.SettingsAcknowledged,
        h2.events.PingReceived,
        h2.events.PingAckReceived,
        h2.events.PriorityUpdated,
        h2.events.UnknownFrameReceived,
        h2.events.InformationalResponseReceived,
    )
)


def _quietly(client: Client) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Limits:
    """Set once by the worker, before it listens."""

    streams: int = 100
    resets: int = 200
    control_frames: int = 1_000
    tell: Callable[[Client], None] = _quietly
    """Called for each client whose connection is closed."""


LIMITS = Limits()


class Flood(h2.exceptions.ProtocolError):
    """More than the limits allow."""

    error_code = h2.errors.ErrorCodes.ENHANCE_YOUR_CALM


@dataclass(slots=True)
class _Counts:
    """What one connection's peer did."""

    opened: int = 0
    resets: int = 0
    control: int = 0
    since: float = 0.0

    def add(self, event: h2.events.Event) -> None:
        """Count one event. Raises ``Flood``."""
        if isinstance(event, h2.events.RequestReceived):
            self.opened += 1
            self._look()
        elif isinstance(event, h2.events.StreamReset):
            self.resets += 1
            self._look()
        elif type(event) in _CONTROL or _is_empty(event):
            self._count_control()

    def add_of_service(self, event: h2.events.Event) -> None:
        """Count one event of a service, which takes back what it likes. Raises ``Flood``."""
        if type(event) in _CONTROL or _is_empty(event):
            self._count_control()

    def _look(self) -> None:
        if self.resets > LIMITS.resets and self.resets > self.opened // 2:
            raise Flood("streams taken back")

    def _count_control(self) -> None:
        now = time.monotonic()
        if now - self.since > _SPAN:
            self.since, self.control = now, 0
        self.control += 1
        if self.control > LIMITS.control_frames:
            raise Flood("frames without content")


def _is_empty(event: h2.events.Event) -> bool:
    return isinstance(event, h2.events.DataReceived) and not event.data and not event.stream_ended


def _init(original: Any) -> Callable[..., Any]:
    def init(self: Any, config: Any) -> None:
        original(self, config)
        self.counts = _Counts()
        if not config.client_side:
            self.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = LIMITS.streams
            self.local_settings.acknowledge()

    return init


def _receive_data(original: Any) -> Callable[..., Any]:
    def receive_data(self: Any, data: bytes) -> Any:
        events = original(self, data)
        add = self.counts.add_of_service if self.config.client_side else self.counts.add
        for event in events:
            add(event)
        return events

    return receive_data


def _reset_stream(original: Any) -> Callable[..., Any]:
    def reset_stream(self: Any, stream_id: int, error_code: int = 0) -> None:
        original(self, stream_id, error_code)
        if error_code == h2.errors.ErrorCodes.PROTOCOL_ERROR:
            self.counts.resets += 1  # the next event of the connection looks at it

    return reset_stream


def _protocol_error(original: Any) -> Callable[..., Any]:
    def protocol_error(self: Any, message: str, error_code: Any = None) -> Any:
        if error_code is None:
            error_code = h2.errors.ErrorCodes.PROTOCOL_ERROR
            if message.endswith(("taken back", "without content")):
                error_code = h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
                if isinstance(self, _http2.Http2Server):
                    LIMITS.tell(self.context.client)
        yield from original(self, message, error_code)

    return protocol_error


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http_h2.BufferedH2Connection, "__init__", _init)
    wrap(_http_h2.BufferedH2Connection, "receive_data", _receive_data)
    wrap(_http_h2.BufferedH2Connection, "reset_stream", _reset_stream)
    wrap(_http2.Http2Connection, "protocol_error", _protocol_error)
