"""The children: started by exec, watched by pidfd, kept in a table.

A child is a process and the line to it. It is started with ``posix_spawn``: a fresh
interpreter, never a fork of this process with its threads, in a process group of its own
(Ctrl-C reaches the supervisor alone), with no signal blocked, and with just the descriptors
that it is given. The kernel tells its end through a pidfd, which survives an upgrade in
place, unlike ``subprocess``'s bookkeeping: the process ids stay ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from proxy.supervisor.channel import Channel, Document, pair
from proxy.supervisor.merge import Snapshot

_LAST_WORDS = 1.0


class Role(StrEnum):
    """What a child is for."""

    WORKER = "worker"
    SIGNER = "signer"
    WRITER = "writer"


class State(StrEnum):
    """Where a child is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    """Told to go: its end is no accident."""
    GONE = "gone"


@dataclass(slots=True, eq=False)
class Child:
    """One process of ours."""

    role: Role
    slot: int
    pid: int
    channel: Channel
    started: float
    """By the monotonic clock, which an upgrade does not set back."""
    state: State = State.STARTING
    problem: str = ""
    """Why it could not start, or what it complains of."""
    heard: float = field(default_factory=time.monotonic)
    """When it last said anything."""
    snapshot: Snapshot = field(default_factory=list)
    facts: Document = field(default_factory=dict)
    """What it last reported: policy digest, version of the directory, …"""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at each change of state."""
    ending: str = ""
    """How it ended, in words."""

    def become(self, state: State) -> None:
        """Enter a state; whoever waits looks again."""
        self.state = state
        self.changed.set()
        self.changed = asyncio.Event()

    def signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        if self.state is not State.GONE:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Fleet:
    """All children; ``on_exit`` and ``on_word`` are told of ends and of what is said unasked."""

    def __init__(
        self,
        on_exit: Callable[[Child, str], None],
        on_word: Callable[[Child, Document], None],
    ) -> None:
        self.children: list[Child] = []
        self._on_exit, self._on_word = on_exit, on_word
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, role: Role, *states: State) -> list[Child]:
        """Children of a role, in some states or all, by slot and age."""
        found = [c for c in self.children if c.role is role and (not states or c.state in states)]
        return sorted(found, key=lambda child: (child.slot, child.started))

    async def start(
        self,
        role: Role,
        slot: int,
        command: Callable[[int], Sequence[str]],
        inherited: Sequence[socket.socket] = (),
    ) -> Child:
        """Start one; ``command`` makes its arguments from its line's descriptor."""
        ours, theirs = pair()
        with theirs:
            pid = _spawn(command(theirs.fileno()), [theirs, *inherited])
        return await self.adopt(role, slot, pid, ours, time.monotonic())

    async def adopt(
        self, role: Role, slot: int, pid: int, line: socket.socket, started: float
    ) -> Child:
        """Keep a child that runs already."""
        heard: list[Child] = []

        def told(document: Document) -> None:
            for child in heard:
                child.heard = time.monotonic()
                self._on_word(child, document)

        child = Child(role, slot, pid, await Channel.over(line, told), started)
        heard.append(child)
        self.children.append(child)
        descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(descriptor, self._ended, child, descriptor)
        return child

    def _ended(self, child: Child, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        ending = _reap(child.pid)
        task = asyncio.get_running_loop().create_task(self._farewell(child, ending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _farewell(self, child: Child, ending: str) -> None:
        """Its last words may still be on the line."""
        await asyncio.wait({child.channel.ended}, timeout=_LAST_WORDS)
        child.channel.close()
        self.children.remove(child)
        child.ending = ending
        child.become(State.GONE)
        self._on_exit(child, ending)


def _spawn(arguments: Sequence[str], inherited: Sequence[socket.socket]) -> int:
    environment = {
        k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "WATCHDOG_PID")
    }
    actions: list[Any] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, 2, 1),  # our standard output says one thing: where we listen
    ]
    for end in inherited:
        end.set_inheritable(True)
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            environment,
            file_actions=actions,
            setpgroup=0,
            setsigmask=(),
            setsigdef=(signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR2),
        )
    finally:
        for end in inherited:
            end.set_inheritable(False)


def _reap(pid: int) -> str:
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return "ended"
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
