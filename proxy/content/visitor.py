"""What a codec calls for each piece of text it finds: the seam between formats and meaning.

A codec (``json``, ``form``, ``html`` …) knows where text stands and how it is escaped there.
A visitor knows what to do with text: ``protect`` pseudonymises, ``restore`` puts names back.
Neither knows the other, so every format serves both directions.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from proxy.kinds import Kind
from proxy.policy.model import FieldRule, FieldState


class Edit(NamedTuple):
    """Replace ``text[start:end]`` (character offsets) by ``replacement``, unescaped."""

    start: int
    end: int
    replacement: str


class Drop:
    """Singleton answer of ``Visitor.field``: the value must not be sent at all."""

    __slots__ = ()


DROP = Drop()


class Visitor(Protocol):
    """Decides about text. May raise ``proxy.errors.Refused``."""

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        """The replacement for a value under a field rule; ``None`` keeps it as it is.

        ``DROP`` asks the codec to remove the value: JSON ``""`` for a string and ``null``
        otherwise, an empty value in a form, query or header.
        """

    def text(self, text: str) -> list[Edit]:
        """Edits for free text, sorted, not overlapping.

        An edit never spans a character outside letters, digits, marks, what has no width,
        spaces that part no line, hyphens, apostrophes and ``, . _ @ +`` (a phone number may
        hold ``(0)``, an address ``(at)``, ``[dot]``; a date ``/``); in particular never
        a quote ``"``, a brace, ``<``, ``>``, ``&``, ``=``, a backslash or a line break. So a
        codec may hand over a whole document at once where its text stands unescaped.
        """

    def typed(self) -> Visitor:
        """The visitor for what a person typed: one that finds names in lower case too."""

    def signs(self, text: str, state: FieldState, inside: FieldState) -> int | None:
        """What a JSON text may hold by a quick look at it (``signs``); ``None``: cannot tell.

        ``state``: the field rules of its members; ``inside``: of JSON in its strings.
        """

    def absent(self, data: bytes) -> bool:
        """Whether bytes certainly hold nothing to restore, escapes and base64 apart."""

    def may_tell(self, form: str) -> bool:
        """Whether names in a form may tell: decoded, a line break for each ``=``."""

    def holds(self, text: str) -> bool:
        """Whether ``text`` finds anything in ``text``. Nothing is counted."""

    def passed(self, text: str) -> None:
        """A text is known to hold nothing to change; it may hold what a field shows."""

    def knows(self, kind: Kind, text: str) -> bool:
        """Whether the directory has this identifier."""

    def escapes(self) -> bool:
        """Whether letters beyond ASCII are to be written ``\\u…`` where a JSON text has none that
        would tell its own way."""


class Thorough:
    """What a visitor without a quick look inherits: everything is read."""

    __slots__ = ()

    def signs(self, text: str, state: FieldState, inside: FieldState) -> int | None:
        """It cannot tell."""
        return None

    def absent(self, data: bytes) -> bool:
        """Never certain."""
        return False

    def may_tell(self, form: str) -> bool:
        """Not excluded."""
        return True

    def holds(self, text: str) -> bool:
        """Not excluded."""
        return True

    def passed(self, text: str) -> None:
        """Nothing is remembered."""

    def knows(self, kind: Kind, text: str) -> bool:
        """It cannot tell."""
        return False

    def escapes(self) -> bool:
        """As they are."""
        return False
