"""Network namespaces in a test: a school's network, its router, and the rest of the world.

    pupil 10.9.0.2 ──── 10.9.0.1 router 203.0.113.1 ──── 203.0.113.10 world

A thread enters a namespace, what it opens there stays there (sockets, child processes).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator


def can_make() -> bool:
    """Whether this process may make network namespaces (root, mostly)."""
    try:
        Namespace().close()
    except OSError:
        return False
    return True


class Namespace:
    """An empty network; gone when nobody is in it and ``close`` was called."""

    def __init__(self) -> None:
        made: list[int | OSError] = []

        def make() -> None:
            try:
                os.unshare(os.CLONE_NEWNET)
                made.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
            except OSError as error:
                made.append(error)

        maker = threading.Thread(target=make)
        maker.start()
        maker.join()
        if isinstance(made[0], OSError):
            raise made[0]
        self.descriptor = made[0]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in there meanwhile."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        os.setns(self.descriptor, os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before, os.CLONE_NEWNET)
            os.close(before)

    def run(self, *command: str) -> None:
        """One command in there."""
        with self.entered():
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, (command, done.stderr)

    def close(self) -> None:
        """Let go."""
        os.close(self.descriptor)


def plug(left: Namespace, name: str, right: Namespace, peer: str) -> None:
    """A cable between two networks."""
    path = f"/proc/{os.getpid()}/fd/{right.descriptor}"
    left.run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "other-end")
    left.run("ip", "link", "set", "other-end", "netns", path)
    right.run("ip", "link", "set", "other-end", "name", peer)
    left.run("ip", "link", "set", name, "up")
    right.run("ip", "link", "set", peer, "up")
