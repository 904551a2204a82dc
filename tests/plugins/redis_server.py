"""A real Redis server that the tests start and stop themselves: loopback, no disk, no config."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from scripts import tools

HOST = "127.0.0.1"


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


class RedisServer:
    """One server process. ``stop`` and ``start`` again on the same port play an outage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address a client connects to."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self, *options: str, tries: int = 5) -> RedisServer:
        """Start and wait until it answers; another port when the first was taken meanwhile."""
        for _ in range(tries):
            self.port = self.port or free_port()
            self._process = subprocess.Popen(
                self._command(*options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            if self._answers(self._process):
                return self
            self.stop()
            self.port = 0
        raise RuntimeError(f"redis-server did not start in {tries} tries")

    def stop(self) -> None:
        """End the process and wait for it; nothing happens when there is none."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self, *options: str) -> list[str]:
        program = tools.find("redis-server") or "redis-server"
        return [
            program,
            *("--bind", HOST, "--port", str(self.port), "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "no", *options),
        ]

    def _answers(self, process: subprocess.Popen[bytes], seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            try:
                with socket.create_connection((HOST, self.port), timeout=1) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(64).startswith((b"+PONG", b"-NOAUTH")):
                        return True
            except OSError:
                time.sleep(0.02)
        return False
