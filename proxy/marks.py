"""What was looked at and held nothing, remembered by hash alone: no text of traffic is kept.

A hash is keyed by the process. A text's hash is that of its bytes in memory, so that UTF-16 read as
Latin-1 and what it stands for have one and the same: a text's mark holds its length too.
"""

from __future__ import annotations


def mark_of(text: str, *more: str) -> int:
    """The mark of a text, and of what else the answer depends on."""
    return hash((len(text), text, *more))


class Marks(set[int]):
    """A set of marks that begins anew when it is full."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def remember(self, mark: int) -> None:
        """Take one in."""
        if len(self) >= self._most:
            self.clear()
        self.add(mark)
