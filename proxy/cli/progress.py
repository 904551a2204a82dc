"""How far a long command is: one line on a terminal, rewritten; nothing anywhere else."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_EVERY_SECONDS = 0.2


@contextlib.contextmanager
def shown(dry_run: bool = False) -> Iterator[Callable[[int], None]]:
    """What to call with the number of people done so far. The line is wiped at the end."""
    started = last = time.monotonic()
    verb = "compared" if dry_run else "read"
    wide = 0

    def progress(done: int) -> None:
        nonlocal last, wide
        now = time.monotonic()
        if now - last < _EVERY_SECONDS:
            return
        last = now
        line = f"{done:,} people {verb}, {done / (now - started):,.0f} a second"
        wide = max(wide, len(line))
        print(f"\r{line:<{wide}}", end="", file=sys.stderr, flush=True)

    try:
        yield progress if sys.stderr.isatty() else lambda done: None
    finally:
        if wide:
            print(f"\r{'':<{wide}}\r", end="", file=sys.stderr, flush=True)
