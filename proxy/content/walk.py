"""One reading of one message: who decides, how deep we are, what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from proxy.content.limits import Limits
from proxy.content.visitor import Edit, Visitor
from proxy.errors import Refused
from proxy.reasons import Reason


@dataclass(slots=True)
class Ledger:
    """What is shared by every depth of one reading: work left, opaque content met."""

    work: int
    opaque: str | None = None


@dataclass(slots=True)
class Walk:
    """Passed to every codec. ``text`` and ``data`` lead back to the entrance of the room.

    The two readers are handed in when a reading starts (``proxy.content.data.start``), so
    that codecs can hold one another's formats without importing one another.
    """

    visitor: Visitor
    limits: Limits
    answer: bool
    read_text: Callable[[str, Walk], list[Edit]]
    read_prose: Callable[[str, Walk], list[Edit]]
    read_data: Callable[[bytes, str, Walk], bytes]
    ledger: Ledger
    depth: int = 0
    seen: set[str] = field(default_factory=set)
    """Base64-looking words of this message that turned out to be none."""

    def text(self, text: str) -> list[Edit]:
        """Edits for unescaped text that may hold further encodings, one layer down."""
        return self.read_text(text, self.deeper(len(text)))

    def prose(self, text: str) -> list[Edit]:
        """Like ``text``, for what must not be taken as a whole for JSON or markup."""
        return self.read_prose(text, self.deeper(len(text)))

    def data(self, data: bytes, declared: str) -> bytes:
        """Bytes of a nested body, rewritten; the same object when nothing changed."""
        return self.read_data(data, declared, self.deeper(len(data)))

    def deeper(self, size: int) -> Walk:
        """The walk one layer down. Refuses what is nested too deeply or read too often."""
        if self.depth >= self.limits.nesting:
            raise Refused(Reason.UNDECODABLE, "nested too deeply")
        self.ledger.work -= size
        if self.ledger.work < 0:
            raise Refused(Reason.EXPANSION_LIMIT, "too much work for its size")
        return Walk(
            self.visitor,
            self.limits,
            self.answer,
            self.read_text,
            self.read_prose,
            self.read_data,
            self.ledger,
            self.depth + 1,
            self.seen,
        )

    def note_opaque(self, word: str) -> None:
        """Remember that something could not be read; the caller applies the policy."""
        if self.ledger.opaque is None:
            self.ledger.opaque = word
