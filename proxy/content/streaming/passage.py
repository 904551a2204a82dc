"""One body that passes: who decides, how it is declared, and what to do with what is opaque."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from proxy.content import charset, quiet
from proxy.content.data import (
    NO_FIELDS,
    BodyFields,
    charset_parameter,
    opaque,
    start,
    text_edits,
)
from proxy.content.edits import shift, splice
from proxy.content.limits import Limits
from proxy.content.visitor import Edit, Visitor
from proxy.content.walk import Walk


@dataclass(frozen=True, slots=True)
class Span:
    """How much is read at once, in bytes."""

    stretch: int = 128 << 10
    """Below this nothing is read before the end: many small readings cost more than one."""
    long: int = 256 << 10
    """What has no place to cut in so many bytes is read through a window."""
    hold: int = 8 << 10
    """More than the longest identifier or pseudonym in any nesting that is read."""
    word: int = 64 << 10
    """A longer word of base64 is decoded as it passes."""


class Reader(Protocol):
    """Reads a body in pieces. May raise ``Refused``; nothing it gave out before is wrong."""

    def feed(self, data: bytes) -> bytes:
        """What may leave now, perhaps nothing."""

    def end(self) -> bytes:
        """The rest."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What every reader of one body needs."""

    visitor: Visitor
    limits: Limits
    answer: bool
    unread: Callable[[str | None, bool], None]
    """Told of content that cannot be read (a short word, or nothing) and whether it is a picture;
    raises ``Refused`` where policy does."""
    declared: str = ""
    """The Content-Type of this body or part."""
    fields: BodyFields = NO_FIELDS
    span: Span = Span()
    absent: Callable[[bytes], bool] | None = None
    """Whether bytes certainly hold nothing for the visitor: they are then not even decoded."""
    depth: int = 0
    """How many layers were undone around it."""

    def inside(self, declared: str) -> Passage:
        """For a body within this one: other type, what holds at any depth, one layer down."""
        fields = self.fields.nested()
        return replace(self, declared=declared, fields=fields, depth=self.depth + 1)

    @property
    def media(self) -> str:
        """The declared type without parameters."""
        return self.declared.partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The declared charset, or an empty string."""
        return charset_parameter(self.declared.partition(";")[2])

    def walk(self, size: int) -> Walk:
        """A reading of one stretch."""
        direction = "answer" if self.answer else "request"
        walk = start(self.visitor, self.limits, direction, size, fields=self.fields)
        walk.depth = self.depth
        return walk

    def settle(self, walk: Walk) -> None:
        """Hand to policy what a reading could not read."""
        if walk.opaque is not None or walk.picture:
            self.unread(walk.opaque, walk.picture)

    def unread_word(self, word: str) -> None:
        """The same for content that is opaque as a whole."""
        self.unread(word, word == "image")

    def rewrite(self, stretch: bytes, before: str = "", after: str = "") -> bytes:
        """A stretch rewritten as it stands between ``before`` and ``after``."""
        if not stretch or self._is_quiet(stretch, before, after):
            return stretch

        def edits(view: str, walk: Walk) -> list[Edit]:
            return text_edits(view, self.media, walk, self.fields)

        return self.rewrite_with(edits, stretch, before, after)

    def _is_quiet(self, stretch: bytes, before: str, after: str) -> bool:
        """Whether a quick look at a stretch shows that it holds nothing to change."""
        if self.answer:
            return False
        try:
            text = before + stretch.decode() + after
        except UnicodeDecodeError:
            return False
        walk = self.walk(len(stretch) + len(before))
        return quiet.is_quiet_stretch(text, self.media, self.charset, walk, self.fields.json)

    def rewrite_with(
        self,
        edits: Callable[[str, Walk], list[Edit]],
        stretch: bytes,
        before: str = "",
        after: str = "",
    ) -> bytes:
        """A stretch rewritten by one codec; edits outside it are left aside."""
        if not stretch or (self.absent is not None and self.absent(stretch)):
            return stretch
        walk = self.walk(len(stretch) + len(before))
        text = charset.read(stretch, self.charset)
        if text is None:
            kept = opaque(stretch, self.media, walk)
            self.settle(walk)
            return kept
        found = edits(before + text.view + after if before or after else text.view, walk)
        self.settle(walk)
        if before or after:
            low, high = len(before), len(before) + len(text.view)
            found = shift((e for e in found if low <= e.start and e.end <= high), -low)
        return text.encode(splice(text.raw, found)) if found else stretch
