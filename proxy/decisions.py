"""What the engine answers: decisions are values, adapters only carry them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proxy.errors import Refused
from proxy.reasons import Reason

type Headers = tuple[tuple[bytes, bytes], ...]
"""Header fields in wire order, names and values as on the wire."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Send this to the other side; ``body`` is ``None`` where there is none to replace."""

    headers: Headers
    body: bytes | None
    target: str = ""
    """Path and query of a request; empty for an answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer of our own instead of the service's (a blocked tracker, a page)."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing leaves. ``incident`` is the id that the page shows and the audit log holds."""

    reason: Reason
    incident: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave this WebSocket message out; the connection goes on as if it had arrived."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Pass the body on in pieces through ``transform``.

    ``transform(chunk)`` gives the pieces to send now (an empty list for none yet) and is
    called once with ``b""`` at the end. It may raise ``Refused``: the transfer is then torn.
    """

    headers: Headers
    transform: Callable[[bytes], list[bytes]]
    target: str = ""
    """Path and query of a request; empty for an answer."""
    first: tuple[bytes, ...] = ()
    """Pieces that may leave now, of what was read before this was decided."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Read the whole body first, up to ``limit`` bytes, then ask again.

    Where there are more: ``beyond`` says whether to ask how they pass, or to refuse them.
    """

    limit: int
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find out what ``host`` stands for, or wait for it in vain, then ask again."""

    host: str


@dataclass(frozen=True, slots=True)
class Inspect:
    """Decrypt this connection and protect what it carries."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Pass this connection unread."""

    service: str = ""
    """Whose host it is, where the policy knows it."""


__all__ = [
    "Buffer",
    "Forward",
    "Headers",
    "Inspect",
    "Refuse",
    "Refused",
    "Reply",
    "Resolve",
    "Stream",
    "Tunnel",
]
