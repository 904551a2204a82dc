"""What mitmproxy logs reaches our log without its words.

Defect: its log lines quote request heads, answers, ping payloads, client addresses and
exception values, which are personal data.

Mend: only errors, each as the place in mitmproxy's code and the exception's type, under the
logger ``preau.mitmproxy``. The copy that mitmproxy keeps for its ``add_log`` hook is not
installed either (see ``addons.worker``).

Tested on 12.2.3. Delete never: no version promises clean lines.
"""

from __future__ import annotations

import logging
from functools import cache

log = logging.getLogger("preau.mitmproxy")


class Scrubber(logging.Handler):
    """Passes on where an error happened and its type, never what it says."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        log.log(
            record.levelno, "%s:%d %s", record.name, record.lineno, kind.__name__ if kind else ""
        )


@cache
def apply() -> None:
    """Mend it."""
    theirs = logging.getLogger("mitmproxy")
    theirs.setLevel(logging.ERROR)
    theirs.propagate = False
    theirs.handlers[:] = [Scrubber()]
    logging.getLogger("hpack").setLevel(logging.WARNING)
