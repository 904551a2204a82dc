"""Answers of assistants, which come a few letters at a time: pseudonyms put together again.

A pseudonym of thirty letters is several *deltas*, the same JSON path of one event after another::

    data: {"choices":[{"index":0,"delta":{"content":"Bonjour zq1f"}}]}
    data: {"choices":[{"index":0,"delta":{"content":"9bysw… !"}}]}

For each path only the tail that may still become a pseudonym is held back and put before the
text of the next event; all else leaves at once, each event an event of its own. When a message
ends with such a tail after all, a copy of its last event brings it.

What a delta is, is told by its path: anything under a key that is called or ends in ``delta``
(OpenAI, Mistral, Anthropic, Cohere, the AI SDK), and the text fields of those who stream without
one (``_PLAIN``: Gemini, Ollama, text completions). Everything else in an event is read as usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from proxy.content import json
from proxy.content.coding import escapes_letters, json_escape
from proxy.content.edits import merge, splice
from proxy.content.json_fields import TOKEN, unescape
from proxy.content.visitor import Edit, Visitor
from proxy.content.walk import Walk

_TAIL = re.compile(
    r"[zZ](?:[qQ](?:[A-Za-z](?:[A-Za-z0-9]{0,29}(?:@[A-Za-z0-9.-]{0,200})?)?)?)?\Z"
    r"|(?<![\w-])(?=[a-fA-F]{0,7}[0-9])[0-9a-fA-F]{1,8}(?:-[0-9a-fA-F-]{0,26})?\Z"
    r"|(?<![\w-])(?:9[0-9]{0,13}|99[0-9]{7}[A-Za-z]?)\Z"
    r"|(?<![\w-])(?:0|(?:0[1-6]|\+33)[0-9 .\xa0()-]{0,16}|\+3?)\Z"
)
"""Tokens and addresses, UUIDs, numbers and INEs, phone numbers: as far as they have come."""
_TOKEN_LENGTH = 30
_EMAIL_FORMS = "234567"
_NO_TEXT = frozenset(
    {"type", "role", "id", "name", "index", "stop_reason", "finish_reason", "call_id", "item_id"}
    | {"obfuscation", "signature", "encrypted_content", "status", "object", "model"}
)
_PLAIN = (
    ("choices", "#", "text"),
    ("candidates", "#", "content", "parts", "#", "text"),
    ("message", "content"),
    ("response",),
    ("completion",),
    ("token", "text"),
    ("text",),
)
_PLAIN_NEEDS = {
    ("message", "content"): "done",
    ("response",): "done",
    ("completion",): "stop_reason",
    ("text",): "is_finished",
}
"""Of whole documents, not of streams, these are fields too: a stream shows by another key."""
_TELLING = ("type", "index", "output_index", "content_index", "item_id")
_ENDING = re.compile(r"(?:stop|done|end|finish|completed|complete|incomplete|failed|error)\Z")
_ENDS = ("finish_reason", "finishReason", "stop_reason", "done_reason")

type Path = tuple[str | int, ...]


class Event(NamedTuple):
    """A document and what it is wrapped in on the wire."""

    before: str
    raw: str
    after: str


@dataclass(slots=True)
class _Pending:
    """What one path still owes."""

    tail: str
    event: Event
    """The event that the tail came in."""
    span: tuple[int, int]
    others: list[tuple[int, int]]
    """Other deltas of that document: they are not sent twice."""


class Deltas:
    """Restores the documents of one stream, in order."""

    __slots__ = ("_pending", "_visitor")

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._pending: dict[Path, _Pending] = {}

    def event(self, event: Event, walk: Walk) -> str:
        """What is sent for one event: copies that bring tails, then the event itself."""
        raw = event.raw
        value = json.parse(raw) if raw[:1] in ("{", "[", '"') else json.INVALID
        if value is json.INVALID:
            return self.flush() + _wrapped(event, splice(raw, walk.text(raw)))
        spots = [(path, span) for path, span in _strings(raw) if _is_delta(path, value)]
        keys = {_key(path, value): span for path, span in spots}
        ends = _ends(value)
        copies = self.flush(set(keys)) if ends else ""
        edits: list[Edit] = []
        for key, (start, end) in keys.items():
            text = unescape(f'"{raw[start:end]}"')
            held = self._pending.pop(key, None)
            whole = (held.tail if held else "") + text
            sent, tail = _restored(whole, self._visitor, final=ends)
            if tail:
                others = [span for span in keys.values() if span != (start, end)]
                self._pending[key] = _Pending(tail, event, (start, end), others)
            if sent != text:
                edits.append(Edit(start, end, json_escape(sent, escapes_letters(raw))))
        covered = list(keys.values())
        found = [
            edit
            for edit in walk.text(raw)
            if not any(start <= edit.start and edit.end <= end for start, end in covered)
        ]
        return copies + _wrapped(event, splice(raw, merge(edits, found)))

    def flush(self, but: set[Path] | None = None) -> str:
        """Events that bring the tails held back, of all paths ``but`` these."""
        copies = ""
        for key in [key for key in self._pending if not but or key not in but]:
            held = self._pending.pop(key)
            raw = held.event.raw
            tail, _ = _restored(held.tail, self._visitor, final=True)
            edits = [Edit(*held.span, json_escape(tail, escapes_letters(raw)))]
            edits += [Edit(*span, "") for span in held.others]
            copies += _wrapped(held.event, splice(raw, sorted(edits)))
        return copies


def _wrapped(event: Event, raw: str) -> str:
    return event.before + raw + event.after


def _restored(text: str, visitor: Visitor, *, final: bool) -> tuple[str, str]:
    """``text`` restored, and the tail of it that must wait."""
    edits = visitor.text(text)
    cut = len(text) if final else _cut(text, edits)
    edits = [edit for edit in edits if edit.end <= cut]
    return splice(text[:cut], edits), text[cut:]


def _cut(text: str, edits: list[Edit]) -> int:
    """Where a pseudonym may begin that does not end in ``text``."""
    match = _TAIL.search(text, max(0, len(text) - 260))
    if match is None:
        return len(text)
    start = match.start()
    for edit in edits:
        if edit.end <= start:
            continue
        if edit.start < start:
            return len(text) if edit.end == len(text) else edit.end
        complete = edit.end == len(text)
        length = edit.end - edit.start
        if complete and not (length == _TOKEN_LENGTH and text[-1] in _EMAIL_FORMS):
            return len(text)
        return start
    if len(match[0]) > 32 and "@" not in match[0] and "-" not in match[0]:
        return len(text)
    return start


# --- paths --------------------------------------------------------------------------------


def _strings(raw: str) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The insides of all string values, with the path to each."""
    path: list[str | int] = []
    in_object: list[bool] = []
    key_next = False
    for match in TOKEN.finditer(raw):
        token = match[0]
        first = token[0]
        if first == '"':
            if key_next:
                path[-1] = unescape(token)
                key_next = False
            else:
                yield tuple(path), (match.start() + 1, match.end() - 1)
        elif first in "{[":
            in_object.append(first == "{")
            key_next = in_object[-1]
            path.append("" if key_next else 0)
        elif first in "}]":
            if in_object:
                in_object.pop()
                path.pop()
            key_next = False
        elif first == "," and in_object:
            if in_object[-1]:
                key_next = True
            else:
                last = path[-1]
                path[-1] = last + 1 if isinstance(last, int) else 0


def _is_delta(path: Path, value: Any) -> bool:
    if not path:
        return isinstance(value, str)
    keys = [key for key in path if isinstance(key, str)]
    if keys and keys[-1] in _NO_TEXT:
        return False
    if any(key.lower().endswith("delta") for key in keys):
        return True
    shape = tuple(key if isinstance(key, str) else "#" for key in path)
    if shape[:1] == ("#",):
        shape = shape[1:]
    if shape not in _PLAIN:
        return False
    needs = _PLAIN_NEEDS.get(shape)
    return needs is None or (isinstance(value, dict) and needs in value)


def _key(path: Path, value: Any) -> Path:
    """What is one text over all events: the path, with the numbers that events give themselves."""
    key: list[str | int] = []
    here = value
    for step in path:
        if isinstance(here, dict):
            key += [str(here[name]) for name in _TELLING if name in here]
            here = here.get(step)
            key.append(step)
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
            numbered = isinstance(here, dict) and "index" in here
            key.append("#" if numbered else step)
    return tuple(key)


def _ends(value: Any) -> bool:
    """Whether an event says that its message ends, or a block of it."""
    if isinstance(value, list):
        return any(_ends(one) for one in value)
    if not isinstance(value, dict):
        return False
    if value.get("done") is True or value.get("is_finished") is True:
        return True
    if _ENDING.search(str(value.get("type", ""))) or any(value.get(name) for name in _ENDS):
        return True
    inner = [value.get(name) for name in ("choices", "candidates", "delta")]
    return any(_ends(one) for one in inner)
