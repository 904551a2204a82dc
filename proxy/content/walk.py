"""One reading of one message: who decides, how deep we are, what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from proxy.content.limits import Limits
from proxy.content.visitor import Edit, Visitor
from proxy.errors import Refused
from proxy.policy.model import Endpoint, FieldRule, FieldState, dead_state
from proxy.reasons import Reason

_DEAD = dead_state()


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
    read_data: Callable[[bytes, str, Walk, Endpoint | None], bytes]
    work: int
    """How many characters may still be read, over all layers."""
    depth: int = 0
    opaque: str | None = None
    """A word for the first thing met that could not be read."""
    picture: bool = False
    """Whether there was a picture: read and cleaned, but who is on it nobody can tell."""
    inside: FieldState = _DEAD
    """The field rules of JSON that stands inside something else."""
    forms: Mapping[str, FieldRule] = field(default_factory=dict)
    """Those of forms and columns that do."""
    inner: Callable[[Any], Endpoint] | None = None
    """The endpoint of a request inside this one (``inner_requests.Rules``), where there may be
    some."""

    @contextmanager
    def under(self, endpoint: Endpoint, size: int) -> Iterator[None]:
        """What is read meanwhile is a request of ``size`` characters inside this one."""
        usual = self.inside, self.forms
        entered = self._descend(size)
        self.inside, self.forms = endpoint.inside, endpoint.form_fields
        try:
            yield
        finally:
            self.inside, self.forms = usual
            self.depth -= entered

    @contextmanager
    def typed(self) -> Iterator[None]:
        """What is read meanwhile, somebody typed: names count in lower case too."""
        usual = self.visitor
        self.visitor = usual.typed()
        try:
            yield
        finally:
            self.visitor = usual

    def text(self, text: str) -> list[Edit]:
        """Edits for unescaped text that may hold further encodings, one layer down."""
        if not self._descend(len(text)):
            return []
        try:
            return self.read_text(text, self)
        finally:
            self.depth -= 1

    def prose(self, text: str) -> list[Edit]:
        """Like ``text``, for what must not be taken as a whole for JSON or markup."""
        if not self._descend(len(text)):
            return []
        try:
            return self.read_prose(text, self)
        finally:
            self.depth -= 1

    def data(self, data: bytes, declared: str, endpoint: Endpoint | None = None) -> bytes:
        """Bytes of a nested body, rewritten; the same object when nothing changed.

        ``endpoint``: of the inner request whose body it is.
        """
        if not self._descend(len(data)):
            return data
        try:
            return self.read_data(data, declared, self, endpoint)
        finally:
            self.depth -= 1

    def _descend(self, size: int) -> bool:
        """Go one layer down.

        A request nested too deeply, or read too often, is refused. In an answer what lies
        deeper is left as the service sent it: that leaks nothing.
        """
        if not self.spend(size):
            return False
        if self.depth >= self.limits.nesting:
            if self.answer:
                return False
            raise Refused(Reason.UNDECODABLE, "nested too deeply")
        self.depth += 1
        return True

    def spend(self, size: int) -> bool:
        """Count ``size`` more characters to be read; false in an answer that cost too much."""
        self.work -= size
        if self.work >= 0:
            return True
        if self.answer:
            return False
        raise Refused(Reason.EXPANSION_LIMIT, "too much work for its size")

    def note_opaque(self, word: str) -> None:
        """Remember that something could not be read; the caller applies the policy."""
        if self.opaque is None:
            self.opaque = word
