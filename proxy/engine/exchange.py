"""One request and its answer, as the engine follows them."""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.audit.events import Event
from proxy.decisions import Headers
from proxy.kinds import Kind
from proxy.policy.model import Action, Endpoint, Service
from proxy.policy.site_schema import RestoreScope
from proxy.privacy import Rule
from proxy.timetable import NOTHING, Sheet

if TYPE_CHECKING:
    from proxy.engine.snapshot import Snapshot
    from proxy.rights.watch import Watch


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, as far as policy may know: never a person."""

    school: str
    group: str
    hash: str
    """Keyed hash of the client's address (``proxy.audit``): 16 hex digits."""
    classes: tuple[str, ...] = ()
    """Whose class this is, where the network says it."""
    restore_scope: RestoreScope | None = None
    """What its network sees restored; ``None``: as the site says."""


def first_value(headers: Headers, name: bytes) -> str:
    """The first value of a header (lower-case ``name``), or an empty string."""
    for key, value in headers:
        if key.lower() == name:
            return value.decode("latin-1")
    return ""


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. ``host`` is lower-case; ``target`` is path and query."""

    method: str
    scheme: str
    host: str
    port: int
    target: str
    headers: Headers
    gate_host: str
    """The host that the connection was opened for (CONNECT and SNI agree on it)."""
    authority: str = ""
    """What the request itself names as its host beside ``Host``: HTTP/2's ``:authority``, or
    the host of a target in absolute form. Empty where there is none."""
    odd: bool = False
    """Whether its bytes were not as the grammar has them, and were put right to be read."""

    def header(self, name: bytes) -> str:
        """The first value of a header (lower-case ``name``), or an empty string."""
        return first_value(self.headers, name)

    @property
    def url(self) -> str:
        """The URL as filter lists write it."""
        default = 443 if self.scheme == "https" else 80
        port = "" if self.port == default else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.target}"


Hits = Counter[tuple[Kind, Action]]
"""How many identifiers of a kind met an action: all that is ever said about them."""


@dataclass(slots=True)
class Exchange:
    """State of one request between the calls of the engine."""

    snapshot: Snapshot
    client: Client
    head: Head
    service: Service
    endpoint: Endpoint
    sheet: Sheet = NOTHING
    """What rules and exceptions said when it began."""
    escapes: bool = False
    """Whether the request's body writes letters beyond ASCII as ``\\u…``."""
    hits: Hits = field(default_factory=Counter)
    restored: Hits = field(default_factory=Counter)
    removed: Mapping[Rule, int] = field(default_factory=dict)
    """What privacy rules took out of the answer, until it is recorded."""
    requests: int = 0
    """Requests that left, and the bytes sent and received, since ``Engine.settle``."""
    sent: int = 0
    received: int = 0
    watch: Watch | None = None
    """Whose values it carries, once its body is looked at."""
    events: list[Event] = field(default_factory=list)
    """Events to record before the decision is carried out; the adapter takes them."""

    def take_events(self) -> list[Event]:
        """The events not yet recorded, and forget them here."""
        events, self.events = self.events, []
        return events


def new_incident() -> str:
    """A short id that a person can read over the phone: 8 base32 characters in two groups."""
    text = base64.b32encode(secrets.token_bytes(5)).decode()
    return f"{text[:4]}-{text[4:]}"
