"""How much traffic one worker takes on, and how long it waits: every such bound in one value.

All are of one worker: with ``--workers 4`` a site takes four times as much. The reasons for the
numbers stand in docs/limits.md. Times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Defaults for a school whose thousand pupils come from one address."""

    connections: int = 20_000
    connections_of_address: int = 16_000
    connections_to_host: int = 12_000
    requests: int = 5_000
    held: int = 1024**3
    lag_time: int = 1
    handshake_time: int = 30
    head_time: int = 30
    body_time: int = 30
    slowest: int = 500
    connect_time: int = 20
    answer_time: int = 300
    unread_time: int = 60
    idle_time: int = 600
    header_fields: int = 200
    h2_streams: int = 100
    h2_resets: int = 200
    h2_control_frames: int = 1_000
