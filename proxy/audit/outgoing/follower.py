"""Runs tasks, each in a thread of its own, until told to stop.

A task that fails is tried again after 1, 2, 4 … seconds, at most five minutes, a little
earlier or later by chance so that many gateways do not all come back at once.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from proxy.audit.outgoing.state import write_state
from proxy.audit.outgoing.tasks import Task
from proxy.errors import PreauError

log = logging.getLogger("preau.outgoing")

FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
_TELL = 5.0


class Follower:
    """The tasks of one site at work."""

    def __init__(self, tasks: Sequence[Task], folder: Path, first_wait: float = FIRST_WAIT) -> None:
        self._tasks = tasks
        self._folder = folder
        self._first = first_wait
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, in the background."""
        for task in self._tasks:
            thread = threading.Thread(
                target=self._run, args=(task,), name=f"outgoing-{task.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Stop after the step under way; what was not confirmed is sent again next time."""
        self._stop.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, task: Task) -> None:
        wait, told = self._first, -_TELL
        while not self._stop.is_set():
            try:
                pause = task.step()
            except Exception as error:
                task.abandon()
                self._say(task, error)
                told = -_TELL
                self._stop.wait(wait * random.uniform(0.75, 1.25))  # noqa: S311 # no secret
                wait = min(2 * wait, LONGEST_WAIT)
                continue
            wait = self._first
            if time.monotonic() - told >= _TELL:
                write_state(self._folder, task.name, "")
                told = time.monotonic()
            # While it waits long, it still says every few seconds that it is there.
            until = time.monotonic() + pause
            while not self._stop.wait(min(_TELL, max(0.0, until - time.monotonic()))):
                if time.monotonic() >= until:
                    break
                write_state(self._folder, task.name, "")
        task.abandon()

    def _say(self, task: Task, error: Exception) -> None:
        """Our own errors are written to be shown; another's text may hold anything."""
        text = str(error) if isinstance(error, PreauError) else type(error).__name__
        log.error("%s: %s", task.name, text)
        write_state(self._folder, task.name, text)
