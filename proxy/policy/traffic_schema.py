"""What ``site.yaml`` says under ``limits`` of connections and times (docs/limits.md)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from proxy.policy.outgoing_schema import Duration
from proxy.policy.sizes import Size
from proxy.policy.validation import Strict
from proxy.traffic import Traffic

_Count = Annotated[int, Field(ge=1, le=10_000_000)]
_DEFAULT = Traffic()


class TrafficFile(Strict):
    """How much traffic each worker takes on, and how long it waits."""

    connections: _Count = Field(
        default=_DEFAULT.connections, description="Client connections open at once, a worker."
    )
    connections_of_address: _Count = Field(
        default=_DEFAULT.connections_of_address,
        description="The same from one address; a whole school may stand behind one.",
    )
    connections_to_host: _Count = Field(
        default=_DEFAULT.connections_to_host,
        description="Connections open at once for one host (CONNECT), a worker.",
    )
    requests: _Count = Field(
        default=_DEFAULT.requests, description="Requests in flight at once, a worker."
    )
    held: Size = Field(
        default=_DEFAULT.held, description="Bytes of bodies held in memory at once, a worker."
    )
    lag_time: Duration = Field(
        default=_DEFAULT.lag_time,
        description="A worker that is late by so much, for three seconds, takes no new requests.",
    )
    handshake_time: Duration = Field(
        default=_DEFAULT.handshake_time,
        description="From connecting to CONNECT, and from there to the end of the TLS handshake.",
    )
    head_time: Duration = Field(
        default=_DEFAULT.head_time, description="For a request's head, from its first byte."
    )
    body_time: Duration = Field(
        default=_DEFAULT.body_time,
        description="For a body, beside what it may take at the slowest speed.",
    )
    slowest: Size = Field(
        default=_DEFAULT.slowest, description="Bytes a second that a body must make at least."
    )
    connect_time: Duration = Field(
        default=_DEFAULT.connect_time, description="For a connection to a service, with its TLS."
    )
    answer_time: Duration = Field(
        default=_DEFAULT.answer_time, description="From the whole request to the answer's head."
    )
    unread_time: Duration = Field(
        default=_DEFAULT.unread_time,
        description="A client that takes none of what waits for it for so long is let go.",
    )
    idle_time: Duration = Field(
        default=_DEFAULT.idle_time, description="Without a byte from either side."
    )
    header_fields: _Count = Field(
        default=_DEFAULT.header_fields, description="Fields in a header section."
    )
    h2_streams: _Count = Field(
        default=_DEFAULT.h2_streams, description="Requests open at once on an HTTP/2 connection."
    )
    h2_resets: _Count = Field(
        default=_DEFAULT.h2_resets,
        description="Streams that a client may take back, where they are more than half of all.",
    )
    h2_control_frames: _Count = Field(
        default=_DEFAULT.h2_control_frames,
        description="HTTP/2 frames without content (SETTINGS, PING …) in ten seconds.",
    )

    @model_validator(mode="after")
    def _parts_are_no_more_than_the_whole(self) -> Self:
        for name in ("connections_of_address", "connections_to_host"):
            if name in self.model_fields_set and getattr(self, name) > self.connections:
                raise ValueError(f"'{name}' is more than 'connections' ({self.connections})")
        return self
