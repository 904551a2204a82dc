"""Whose account did what an administrator did: a keyed hash of it in every such event.

The operator's console is the ``preau`` command on the gateway: there is no other, and it has no
accounts of its own. Who may use it is the operating system's to decide, and whom it let in is
the operating system's to say: the *login uid*, which the kernel keeps through ``su`` and ``sudo``,
or the account of the process where there is none. The hash has the day's key of client hashes
(``clients``): on one day all acts of one account link, and after the end of retention nothing does.
``preau audit query --operator NAME`` hashes an account's number with the keys that are left.

The first act of a log-in session is led by a ``console-login``. A job without a session (a timer,
a service, the gateway itself) logs in nowhere: it has its account's hash and no such event.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proxy.audit.clients import ClientKeys
from proxy.audit.events import OPERATED, Event, make_event
from proxy.errors import KeysUnavailable

_UNSET = 4294967295
_TWO_DAYS = 2 * 86_400


class Operator:
    """Completes the events of this process. Its keys are read with the first that needs one."""

    def __init__(self, keys: ClientKeys, sessions: Path, gateway: str = "") -> None:
        self._keys, self._sessions, self._gateway = keys, sessions, gateway

    def complete(self, events: Sequence[Event]) -> list[Event]:
        """The events with the account's hash in those that have a place for it, led by a
        ``console-login`` if they are the first of a session."""
        done = [event for event in events if event["type"] in OPERATED]
        if not done:
            return list(events)
        hashed = self._keys.hash(name_of(account()))
        for event in done:
            event.setdefault("operator", hashed)
        return [*self._login(hashed), *events]

    def _login(self, hashed: str) -> list[Event]:
        known = session()
        if not known:
            return []
        mark = self._sessions / self._keys.hash(f"session:{known}")
        try:
            self._sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
            if mark.exists():
                return []
            for old in self._sessions.iterdir():
                if time.time() - old.stat().st_mtime > _TWO_DAYS:
                    old.unlink(missing_ok=True)
            mark.touch(mode=0o600)
        except OSError as error:
            raise KeysUnavailable(f"sessions {self._sessions}: {error.strerror}") from None
        fields: dict[str, Any] = {"gateway": self._gateway} if self._gateway else {}
        return [make_event("console-login", operator=hashed, **fields)]


def name_of(uid: int) -> str:
    """What is hashed of an account."""
    return f"operator:{uid}"


def account() -> int:
    """The number of the account that logged in, or of this process."""
    logged_in = _kernel_says("loginuid")
    return os.getuid() if logged_in is None else logged_in


def session() -> str:
    """Tells one log-in session from another; empty when this process is in none."""
    number = _kernel_says("sessionid")
    if number is not None:
        return f"kernel:{number}"
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
        leader = os.getsid(0)
        started = Path(f"/proc/{leader}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"terminal:{leader}:{started}"


def _kernel_says(name: str) -> int | None:
    """A number that the kernel's audit keeps of a log-in; ``None`` where it keeps none."""
    with contextlib.suppress(OSError, ValueError):
        number = int(Path(f"/proc/self/{name}").read_text())
        return None if number == _UNSET else number
    return None
