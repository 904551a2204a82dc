"""The process that sends, as a child of the one that serves.

It lives as long as its parent: the parent holds the other end of its standard input, and
when that closes, however the parent ended, the child stops. A child that dies is started
again, ever more rarely.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

log = logging.getLogger("preau.outgoing")

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_STOP_SECONDS = 15.0


class Child:
    """``preau audit follow`` for one site, kept running."""

    def __init__(self, root: Path, *, wanted: bool = True) -> None:
        self._wanted = wanted
        self._command = (
            *(sys.executable, "-m", "proxy.cli", "audit", "follow", "--while-stdin"),
            *("--site", str(root)),
        )
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="outgoing-child", daemon=True)

    def start(self) -> None:
        """Start it, in the background, if the site asks for anything."""
        if self._wanted:
            self._thread.start()

    def stop(self) -> None:
        """Have it finish its step and end."""
        self._stop.set()
        self._end()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    @property
    def pid(self) -> int:
        """The process, while there is one."""
        return self._process.pid if self._process else 0

    def _keep(self) -> None:
        wait = _FIRST_WAIT
        while not self._stop.is_set():
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603
            if self._stop.is_set():
                self._end()
            code = self._process.wait()
            if self._stop.wait(wait):
                return
            log.error("the process that exports the audit log ended (%s); starting it again", code)
            wait = min(2 * wait, _LONGEST_WAIT)

    def _end(self) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
