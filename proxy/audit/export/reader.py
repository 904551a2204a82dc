"""The log as a reader behind the writer sees it: only what a signed checkpoint covers."""

from __future__ import annotations

from pathlib import Path

from proxy.audit import checkpoints
from proxy.audit.errors import NoteError
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.note import Checkpoint, VerifierKey


class LogReader:
    """Reads one log. Keeps the segment it is in, so that a batch costs one read of a file."""

    def __init__(self, directory: Path) -> None:
        self.layout = Layout(directory)
        self._number = -1
        self._lines: list[bytes] = []

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint, verified; ``None`` while there is no log."""
        note = checkpoints.read_newest(self.layout)
        return None if note is None else self.open(note)

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note of this log, verified."""
        return self.ring().open(note)

    def first(self) -> int:
        """The first event that there is: those before were pruned."""
        return next(iter(self.layout.segment_numbers()), 0) * SEGMENT

    def key(self) -> VerifierKey:
        """The public key that the log began with."""
        return self.ring().keys[0]

    def ring(self) -> KeyRing:
        """The log's keys."""
        try:
            return read_ring(self.layout)
        except OSError:
            raise NoteError(f"{self.layout.public_key} cannot be read") from None

    def read(self, start: int, sealed: int) -> list[bytes]:
        """Lines from ``start`` on, at most to the end of its segment; none when none is sealed."""
        if start >= sealed:
            return []
        number, first = divmod(start, SEGMENT)
        wanted = min(sealed - number * SEGMENT, SEGMENT)
        if self._number != number or len(self._lines) < wanted:
            self._lines = self._load(number)
            self._number = number
        if len(self._lines) < wanted:
            raise NoteError(
                f"{self.layout.segment(number)} holds fewer lines than were signed: "
                "run 'preau audit verify'"
            )
        return self._lines[first:wanted]

    def _load(self, number: int) -> list[bytes]:
        try:
            return self.layout.segment(number).read_bytes().split(b"\n")[:-1]
        except OSError as error:
            raise NoteError(f"{self.layout.segment(number)}: {error.strerror}") from None
