"""The checkpoints on disk: the newest in one file, earlier ones kept beside it.

Order of writing: events, full tiles, then the checkpoint that covers them, then its copy
in the history. So a crash at any point leaves no checkpoint ahead of the events, and the
history never ahead of the newest one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from proxy.audit._files import sync_directory, write_all, write_atomically
from proxy.audit.errors import NoteError
from proxy.audit.layout import Layout
from proxy.audit.note import Checkpoint, Trust


def publish(layout: Layout, size: int, note: str, *, keep: bool) -> None:
    """Make ``note`` the newest checkpoint, and with ``keep`` part of the history."""
    write_atomically(layout.checkpoint, note.encode())
    if keep:
        _append(layout, size, note)


def _append(layout: Layout, size: int, note: str) -> None:
    path = layout.history_file(size)
    fresh = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        write_all(descriptor, f"{note}\n".encode())
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    if fresh:
        sync_directory(layout.history)


def read_newest(layout: Layout) -> str | None:
    """The text of the newest checkpoint, or ``None``."""
    try:
        return layout.checkpoint.read_text()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise NoteError(f"{layout.checkpoint} is not a signed note") from None


def read_history(layout: Layout) -> Iterator[tuple[str, str]]:
    """Each kept checkpoint as (where it stands, note); a torn last one is left out."""
    for path in layout.history_files():
        for number, note in enumerate(split_notes(path.read_text(errors="replace")), start=1):
            yield f"{path.name} note {number}", note


def newest_kept(layout: Layout, key: Trust) -> Checkpoint | None:
    """The last checkpoint of the history, verified."""
    for path in reversed(list(layout.history_files())):
        notes = split_notes(path.read_text(errors="replace"))
        if notes:
            return key.open(notes[-1])
    return None


def mend_history(layout: Layout) -> None:
    """Cut a note that a crash left torn off the end of the history."""
    for path in list(layout.history_files())[-1:]:
        data = path.read_bytes()
        whole = "".join(f"{note}\n" for note in split_notes(data.decode(errors="replace"))).encode()
        if whole != data and data.startswith(whole):
            os.truncate(path, len(whole))


def split_notes(text: str) -> list[str]:
    """The whole notes of a history: one after the other, an empty line after each."""
    pieces = text.split("\n\n")
    pairs = zip(pieces[0:-1:2], pieces[1:-1:2], strict=False)
    return [f"{body}\n\n{signatures}\n" for body, signatures in pairs]
