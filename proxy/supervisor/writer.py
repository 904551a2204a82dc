"""The audit writer process: opens the log before the workers do, and stays its one writer.

Whoever holds the log's lock is its writer (``proxy.audit.log``). When another process holds
it (the writer that this one replaces, or a command that recorded something in a moment
without one), this one waits its turn; the workers are that one's clients meanwhile.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from pathlib import Path

from proxy.audit import AuditLog
from proxy.errors import InputError, PreauError
from proxy.runtime import open_log
from proxy.site import Site, load_site
from proxy.supervisor.channel import Document, Lifeline

_TURN = 0.05
_QUIET = 1.0


class WriterProcess:
    """Takes the log's lock as soon as it is free."""

    def __init__(self, site: Site, line: Lifeline) -> None:
        self._site = site
        self._line = line
        self._log: AuditLog | None = None
        self._problem = ""
        self._told = ""
        self._end: float | None = None

    def run(self) -> int:
        """Until told to end, or a while after the supervisor is gone."""
        while self._end is None or time.monotonic() < self._end:
            self._take_turn()
            try:
                for question in self._line.wait(_QUIET if self._log else _TURN):
                    self._obey(question)
            except EOFError:
                if self._end is None:
                    self._end = time.monotonic() + self._line.linger
                time.sleep(_TURN)
        if self._log is not None:
            self._log.close()
        return 0

    def _take_turn(self) -> None:
        if self._log is not None:
            return
        try:
            log = open_log(self._site)
        except PreauError as error:
            self._problem = str(error)
            self._tell("failed", problem=self._problem)
            time.sleep(_TURN)
            return
        self._problem = ""
        if log.status().role == "writer":
            self._log = log
            self._tell("ready")
        else:
            log.close()
            self._tell("waiting")

    def _tell(self, word: str, **details: str) -> None:
        if self._told != word:
            self._told = word
            self._line.say(word, **details)

    def _obey(self, question: Document) -> None:
        if question["do"] == "end":
            self._end = 0.0
            return
        status = self._log.status() if self._log else None
        self._line.answer(
            question,
            size=status.size if status else -1,
            sealed=status.sealed if status else -1,
            problem=status.failure if status else self._problem or "another process writes",
        )


def main(argv: list[str]) -> int:
    """``python -m proxy.supervisor.writer SITE LIFELINE LINGER``."""
    site, lifeline, linger = argv
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the supervisor says when: after the workers
    line = Lifeline(int(lifeline), float(linger))
    with contextlib.suppress(KeyboardInterrupt):
        try:
            return WriterProcess(load_site(Path(site)), line).run()
        except InputError as error:
            line.say("failed", problem=str(error))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
