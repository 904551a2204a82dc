"""Telling systemd how we fare (``sd_notify(3)``): one datagram, no library.

Without ``NOTIFY_SOCKET`` every call does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

_READY = "READY=1"


def ready(status: str) -> None:
    """Serving; also after a reload, and after an upgrade, which keeps the process id."""
    _send(_READY, f"STATUS={status}", f"MAINPID={os.getpid()}")


def reloading(status: str) -> None:
    """Taking in something new; ``ready`` follows."""
    _send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", f"STATUS={status}")


def stopping(status: str) -> None:
    """Draining."""
    _send("STOPPING=1", f"STATUS={status}")


def alive() -> None:
    """The watchdog's beat."""
    _send("WATCHDOG=1")


def _send(*lines: str) -> None:
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where.startswith(("/", "@")):
        return
    address = "\0" + where[1:] if where[0] == "@" else where
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(1)
        end.sendto("\n".join(lines).encode(), address)
