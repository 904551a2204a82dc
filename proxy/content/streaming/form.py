"""Urlencoded forms: cut before an ``&``; a value longer than ``LONG`` goes through a window."""

from __future__ import annotations

from urllib.parse import unquote_plus

from proxy.content.coding import FORM
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.window import Inner, Window
from proxy.content.visitor import Drop
from proxy.errors import Refused
from proxy.policy.model import Action, FieldRule
from proxy.reasons import Reason


class Form:
    """Whole pairs at a time."""

    def __init__(self, passage: Passage, inner: Inner) -> None:
        self._passage = passage
        self._inner = inner
        self._held = b""
        self._value: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out = b""
        while True:
            if self._value is not None:
                end = self._held.find(b"&")
                if end < 0:
                    held, self._held = self._held, b""
                    return out + self._value.feed(held)
                out += self._value.feed(self._held[:end]) + self._value.end()
                self._held, self._value = self._held[end:], None
            if len(self._held) < self._passage.span.stretch:
                return out
            cut = max(self._held.rfind(b"&"), 0)
            if not cut and len(self._held) < self._passage.span.long:
                return out
            if not cut:
                cut = self._held.find(b"=") + 1
                rule = self._rule(self._held[:cut])
                if must_wait(self._passage, rule, len(self._held)):
                    return out
                self._value = ruled(self._passage, rule) or Window(self._passage, self._inner, FORM)
            stretch, self._held = self._held[:cut], self._held[cut:]
            out += self._passage.rewrite(stretch)

    def end(self) -> bytes:
        if self._value is not None:
            return self._value.feed(self._held) + self._value.end()
        return self._passage.rewrite(self._held)

    def _rule(self, name: bytes) -> FieldRule | None:
        written = unquote_plus(name.lstrip(b"&").rstrip(b"=").decode("latin-1"))
        return self._passage.fields.form.get(written)


def must_wait(passage: Passage, rule: FieldRule | None, size: int) -> bool:
    """Whether a value of ``size`` bytes so far has to be whole for its field rule."""
    if rule is None or passage.answer or rule.action in _UNSEEN:
        return False
    if size > MOST_VALUE:
        raise Refused(Reason.BODY_TOO_LARGE, "a value under a field rule is too long")
    return True


def ruled(passage: Passage, rule: FieldRule | None) -> Reader | None:
    """What treats a long value under a rule that need not see it; ``None`` if none holds."""
    if rule is None or passage.answer:
        return None
    if rule.action is not Action.ALLOW and isinstance(passage.visitor.field(rule, "…"), Drop):
        return Nothing()
    return Untouched()


_UNSEEN = (Action.ALLOW, Action.DROP, Action.REFUSE)
MOST_VALUE = 1 << 20
"""The longest value that a field rule is given."""


class Untouched:
    """Lets all pass: a rule allows it."""

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class Nothing:
    """Lets nothing pass: a rule drops it."""

    def feed(self, data: bytes) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""
