"""JSON of any shape: cut between elements, each stretch read inside a copy of what surrounds it.

The brackets are followed outside strings, so at every cut the way down is known: a stack of
containers with the key each stands behind. A stretch is then read as a whole document::

    {"value":[null  ,{"name":"Léa Martin"},{"name":"…"}  ]}
    before          the stretch                         after

so field rules see the path they ask for. It is cut where the document is shallowest, so that a
record stays whole where it fits. A string longer than ``LONG`` leaves in three steps: what stands
before it with an empty string, its inside through a window (or by its field rule), the rest.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from proxy.content import sniff
from proxy.content.coding import BACKSLASHES, json_escape
from proxy.content.json_fields import unescape
from proxy.content.streaming.brackets import last_of_outermost
from proxy.content.streaming.form import MOST_VALUE
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.window import Inner, Window
from proxy.content.visitor import Drop
from proxy.errors import Refused
from proxy.policy.model import ELEMENT, Action, FieldRule
from proxy.reasons import Reason

_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([{}\[\]])', re.S)
_COMMA = re.compile(rb'(?:[^",]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+(,)', re.S)
_OUTSIDE = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.S)
_FOLLOWED = re.compile(rb"\s*,")
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.S)
_SPACES = b" \t\r\n"
_OPENING = frozenset(b"{[")
_MOST_DEPTH = 512
_PATIENCE = 4

type _Event = tuple[int, int]
"""A bracket outside strings: where it ends, which it is."""


class _Container(NamedTuple):
    """An open object or array, and the JSON string of the key it stands behind, if any."""

    is_object: bool
    key: str


type _Stack = list[_Container]


class JsonDocument:
    """Reads one JSON value, or several in a row."""

    def __init__(self, passage: Passage, inner: Inner, *, least: int | None = None) -> None:
        """``least`` is how many bytes are waited for: 0 sends each element on as it comes."""
        self._passage = passage
        self._inner = inner
        self._least = passage.span.stretch if least is None else least
        self._held = b""
        self._stack: _Stack = []
        """The containers around the start of what is held."""
        self._key: str | None = None
        """What is held begins at the closing quote of a string: the key that stood before it."""
        self._scan_from: int | None = None
        self._string: _LongString | None = None
        self._broken: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        if self._broken is not None:
            return self._broken.feed(data)
        self._held += data
        out: list[bytes] = []
        while len(self._held) >= self._least and self._advance(out):
            pass
        return b"".join(out)

    def end(self) -> bytes:
        out: list[bytes] = []
        while self._broken is None and self._string is not None and self._advance(out):
            pass
        if self._broken is not None:
            return b"".join(out) + self._broken.end()
        if self._string is not None:  # never closed: broken JSON
            return b"".join(out) + self._held + self._string.end()
        last = self._at(len(self._held), self._events())
        return b"".join(out) + self._read(len(self._held), _after(last))

    def _advance(self, out: list[bytes]) -> bool:
        """One step; whether there may be another."""
        if self._string is not None:
            return self._through_string(out)
        found = last_of_outermost(self._held, self._begin(), len(self._stack))
        if found is not None:
            cut, depth = found
            stack = self._stack[:depth]
            out.append(self._read(cut, _after(stack)))
            self._stack = stack
            return len(self._held) >= self._passage.span.long
        events = self._events()
        cut = self._shallowest(events)
        if cut:
            stack = self._at(cut, events)
            out.append(self._read(cut, _after(stack)))
            self._stack = stack
            return len(self._held) >= self._passage.span.long
        if len(self._held) < self._passage.span.long:
            return False
        return self._without_brackets(out, events)

    def _without_brackets(self, out: list[bytes], events: list[_Event]) -> bool:
        """No element ends in so much: a long list of scalars, a long string, or no JSON."""
        cut = self._last_comma(events)
        if cut:
            stack = self._at(cut, events)
            out.append(self._read(cut, _after(stack)))
            self._stack = stack
            return True
        stack = self._at(len(self._held), events)
        quote = self._open_quote(events[-1][0] if events else self._begin(), stack)
        if quote is None:
            if len(self._held) < _PATIENCE * self._passage.span.long:
                return False
            self._broken = Window(self._passage, self._inner)
            held, self._held = self._held, b""
            out.append(self._broken.feed(held))
            return False
        key = _key_before(self._held, quote) if stack and stack[-1].is_object else ""
        out.append(self._read(quote + 1, '"' + _after(stack)))
        self._stack, self._key = stack, key
        self._string = _LongString(self._passage, self._inner, self._rule(stack, key))
        return True

    def _through_string(self, out: list[bytes]) -> bool:
        string = self._string
        assert string is not None
        inside = _INSIDE.match(self._held)
        end = inside.end() if inside else 0
        out.append(string.feed(self._held[:end]))
        self._held = self._held[end:]
        if not self._held.startswith(b'"'):
            return False
        out.append(string.end())
        self._string = None
        return True

    def _rule(self, stack: _Stack, key: str) -> FieldRule | None:
        """The field rule for the value behind ``key`` in the innermost container."""
        state = self._passage.fields.json
        for parent, child in pairwise(stack):
            state = state.step(unescape(child.key) if parent.is_object else ELEMENT)
        if stack:
            state = state.step(unescape(key) if stack[-1].is_object else ELEMENT)
        return state.rule

    def _read(self, cut: int, after: str) -> bytes:
        stretch, self._held = self._held[:cut], self._held[cut:]
        before = _before(self._stack, self._key)
        self._key = None
        self._scan_from = 0
        return self._passage.rewrite(stretch, before, after)

    # --- where to cut --------------------------------------------------------------------

    def _begin(self) -> int:
        if self._scan_from is None:  # a guard such as )]}' holds brackets of its own
            self._scan_from = sniff.guard_end(self._held[:200].decode("latin-1"))
        return 1 if self._key is not None else self._scan_from

    def _events(self) -> list[_Event]:
        match = _BRACKET.scanner(self._held, self._begin()).match  # type: ignore[attr-defined]
        held = self._held
        events: list[_Event] = []
        while found := match():
            end = found.end()
            events.append((end, held[end - 1]))
        return events

    def _shallowest(self, events: list[_Event]) -> int:
        """The last place behind an element where the document is shallowest, or 0."""
        depth = len(self._stack)
        cut, least = 0, _MOST_DEPTH
        for end, sign in events:
            if sign in _OPENING:
                depth += 1
                continue
            depth = max(0, depth - 1)
            if depth <= least and (not depth or _FOLLOWED.match(self._held, end)):
                cut, least = end, depth
        return cut

    def _at(self, cut: int, events: list[_Event]) -> _Stack:
        """The containers open at ``cut``."""
        opened: list[_Container | int] = list(self._stack)
        for end, sign in events:
            if end > cut:
                break
            if sign in _OPENING:
                opened.append(end - 1)
            elif opened:
                opened.pop()
        if len(opened) >= _MOST_DEPTH:
            raise Refused(Reason.UNDECODABLE, "nested too deeply")
        stack: _Stack = []
        for one in opened:
            if isinstance(one, int):
                key = _key_before(self._held, one) if stack and stack[-1].is_object else ""
                one = _Container(self._held[one] == 0x7B, key)
            stack.append(one)
        return stack

    def _last_comma(self, events: list[_Event]) -> int:
        """The last comma between values, or 0."""
        end = len(self._held)
        begin = self._begin()
        for start in (*(place for place, _ in reversed(events)), begin):
            match = _COMMA.scanner(self._held, start, end).match  # type: ignore[attr-defined]
            cut = 0
            while found := match():
                cut = found.start(1)
            if cut:
                return cut
            end = start
        return 0

    def _open_quote(self, at: int, stack: _Stack) -> int | None:
        """The quote that opens a long value which has not ended yet."""
        outside = _OUTSIDE.match(self._held, at)
        quote = outside.end() if outside else at
        if len(self._held) - quote < self._passage.span.stretch:
            return None
        if stack and stack[-1].is_object and not self._held[:quote].rstrip(_SPACES).endswith(b":"):
            return None
        return quote


def _before(stack: _Stack, key: str | None) -> str:
    """The way down to a stretch. ``null`` stands for what went before: no rule treats it."""
    pieces: list[str] = []
    inside = False
    for container in stack:
        pieces.append(f"{container.key}:" if inside else "")
        pieces.append("{" if container.is_object else "[")
        inside = container.is_object
    if key is not None:
        pieces.append(f'{key}:"' if inside else '"')
    elif stack:
        pieces.append('"":null' if inside else "null")
    return "".join(pieces)


def _after(stack: _Stack) -> str:
    return "".join("}" if container.is_object else "]" for container in reversed(stack))


def _key_before(held: bytes, at: int) -> str:
    """The JSON string of the key that the value at ``at`` stands behind."""
    end = at
    while end and held[end - 1] in b" \t\r\n:":
        end -= 1
    start = held.rfind(b'"', 0, max(0, end - 1))
    while start > 0 and (start - len(held[:start].rstrip(b"\\"))) % 2:
        start = held.rfind(b'"', 0, start)
    key = held[start:end] if start >= 0 else b""
    return key.decode("utf-8", "replace") if key.startswith(b'"') and len(key) > 1 else '""'


class _LongString:
    """The inside of one long string: by its field rule where it has one, else by window."""

    def __init__(self, passage: Passage, inner: Inner, rule: FieldRule | None) -> None:
        self._passage = passage
        self._window = Window(passage, inner, BACKSLASHES)
        self._rule = None if passage.answer else rule
        self._value = b""
        self._dropped = False
        if self._rule is not None and self._rule.action in (Action.DROP, Action.REFUSE):
            self._dropped = isinstance(passage.visitor.field(self._rule, "…"), Drop)

    def feed(self, raw: bytes) -> bytes:
        if self._rule is None:
            return self._window.feed(raw)
        if self._dropped:
            return b""
        if self._rule.action is Action.ALLOW:
            return raw
        self._value += raw
        if len(self._value) > MOST_VALUE:
            raise Refused(Reason.BODY_TOO_LARGE, "a value under a field rule is too long")
        return b""

    def end(self) -> bytes:
        if self._rule is None:
            return self._window.end()
        if self._dropped or not self._value:
            return b""
        text = self._value.decode("utf-8", "replace")
        answer = self._passage.visitor.field(self._rule, unescape(f'"{text}"'))
        if answer is None:
            return self._value
        return b"" if isinstance(answer, Drop) else json_escape(answer, text.isascii()).encode()
