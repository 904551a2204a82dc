"""Upgrade in place: what the old program leaves to the new one across ``execve``.

The process stays the same: its id, its children, its open sockets. Only the program is
replaced, so that nothing has to be handed to a stranger, no port is ever closed, and whoever
watches the process (systemd, a shell) sees nothing. What the old program knew goes through
a file in memory whose descriptor is named in the environment.

Signals that arrive between the two programs would hit an interpreter without handlers:
they are blocked before and let through when the new one listens (``SIGNALS``).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

VARIABLE = "PREAU_HANDOVER"
FORMAT = 1
"""Raised when the document changes so that an older or newer program cannot read it."""
SIGNALS = (signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class LeftChild:
    """A child that runs on."""

    role: str
    slot: int
    pid: int
    line: int
    started: float
    state: str
    snapshot: list[Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handover:
    """Everything the new program needs to go on."""

    generation: int
    since: float
    sockets: dict[str, int]
    """Descriptors of the listening sockets and of the lock, by what they are for."""
    children: list[LeftChild]
    carried: list[Any]
    """Totals of those that are gone (``merge.Totals``)."""
    seen: dict[str, Any] = field(default_factory=dict)
    """Fingerprints of keys and CA that the workers run with."""


def take() -> Handover | None:
    """What an older program left to this one, once."""
    named = os.environ.pop(VARIABLE, "")
    if not named:
        return None
    with os.fdopen(int(named), "rb") as file:
        file.seek(0)
        document = json.load(file)
    if document.pop("format") != FORMAT:
        raise SystemExit("preau: the running program is too different: restart the gateway")
    children = [LeftChild(**child) for child in document.pop("children")]
    return Handover(children=children, **document)


def become_the_new_program(left: Handover) -> None:
    """Replace this program by the one that is installed now. Returns only by ``OSError``."""
    memory = os.memfd_create("preau-handover")
    with os.fdopen(os.dup(memory), "wb") as file:
        file.write(json.dumps(asdict(left) | {"format": FORMAT}).encode())
    kept = [memory, *left.sockets.values(), *(child.line for child in left.children)]
    _inherit(kept, True)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    environment = os.environ | {VARIABLE: str(memory)}
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        _inherit(kept, False)
        os.close(memory)


def listening() -> None:
    """The handlers are there: let signals through that came between the programs."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def adopt_socket(descriptor: int) -> socket.socket:
    """A socket that was handed over, closed in children again."""
    adopted = socket.socket(fileno=descriptor)
    adopted.set_inheritable(False)
    return adopted


def _inherit(descriptors: Iterable[int], inheritable: bool) -> None:
    for descriptor in descriptors:
        os.set_inheritable(descriptor, inheritable)
