"""The last step of a pruning: delete what its event says is gone, now or after a crash.

Apart from ``pruning``, because the writer does it too, when it opens a log.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from proxy.audit._files import sync_directory, write_atomically
from proxy.audit.cuts import Cut, Ranges
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.tiles import drop_below


def finish(layout: Layout, cut: Cut) -> None:
    """Step 5 of ``pruning``, as far as it is not done."""
    if not cut.name:
        return
    doomed = [n for n in layout.segment_numbers() if n * SEGMENT < cut.minimum]
    for number in doomed:
        layout.segment(number).unlink()
    if doomed:
        sync_directory(layout.segments)
    drop_below(layout, cut.minimum)
    for number in cut.expired.segments():
        _blank(layout, number, cut.expired)
    for path in layout.pruned.glob("*.expired"):
        if path.stem != cut.name:
            path.unlink()


def finish_if_alone(layout: Layout, cut: Cut) -> None:
    """``finish``, unless another process is pruning this very moment."""
    with only_one(layout) as alone:
        if alone:
            finish(layout, cut)


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[bool]:
    """Hold the lock of pruning; says ``False`` when another process does."""
    descriptor = os.open(layout.prune_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _blank(layout: Layout, number: int, expired: Ranges) -> None:
    path = layout.segment(number)
    lines = path.read_bytes().split(b"\n")
    first = number * SEGMENT
    blanked = [
        b"" if line and first + place in expired else line for place, line in enumerate(lines)
    ]
    if blanked != lines:
        write_atomically(path, b"\n".join(blanked))
