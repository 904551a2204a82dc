"""What every call of the engine returns: a decision, and what must be on disk before it acts."""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.audit.events import Event
from proxy.decisions import (
    Buffer,
    Drop,
    Forward,
    Inspect,
    Refuse,
    Reply,
    Resolve,
    Stream,
    Tunnel,
)
from proxy.engine.exchange import Exchange

type Decision = Buffer | Drop | Forward | Inspect | Refuse | Reply | Resolve | Stream | Tunnel


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision and its events. The adapter records the events, then carries it out.

    If recording fails, the adapter refuses instead (``addons.door``).
    """

    decision: Decision
    events: list[Event] = field(default_factory=list)
    exchange: Exchange | None = None
    hit: str = ""
    """The block list that decided at the gate, to be counted."""
