"""Answers that cannot wait for their end: restored piece by piece.

Event streams go event by event, each read like a whole body. Anything else goes as text with
a short hold-back, so that a pseudonym cut in two by the network is still found. A streamed
answer is restored with the escapes of its declared format; encodings nested in it are not
opened (a pseudonym inside one stays a pseudonym, which leaks nothing).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from proxy.content import lines
from proxy.content.coding import ENTITIES, json_escape, script_escape
from proxy.content.data import start
from proxy.content.edits import splice
from proxy.content.limits import Limits
from proxy.content.visitor import Visitor
from proxy.errors import Refused
from proxy.reasons import Reason

HOLD_BACK = 64
_EVENT_END = re.compile(r"(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
_BREAK = re.compile(r"[^A-Za-z0-9@._+'’-]")
_MAX_EVENT = 1 << 20


class StreamRestorer:
    """Restores one streamed answer. Call it with each chunk, and with ``b""`` at the end.

    It gives a list of pieces to send on, empty while there is nothing to send, and never an
    empty piece: mitmproxy would end a chunked body there.
    """

    __slots__ = ("_decoder", "_escape", "_events", "_held", "_limits", "_visitor")

    def __init__(self, visitor: Visitor, media: str, limits: Limits) -> None:
        media = media.partition(";")[0].strip().lower()
        self._visitor = visitor
        self._limits = limits
        self._events = media == "text/event-stream"
        self._escape = _escape_for(media)
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held = ""

    def __call__(self, chunk: bytes) -> list[bytes]:
        self._held += self._decoder.decode(chunk, final=not chunk)
        ready = self._take_events(not chunk) if self._events else self._take_text(not chunk)
        return [ready.encode("utf-8", "surrogateescape")] if ready else []

    def _take_events(self, final: bool) -> str:
        """All complete events, restored; the rest waits."""
        end = len(self._held) if final else 0
        if not final:
            for match in _EVENT_END.finditer(self._held):
                end = match.end()
            if not end and len(self._held) > _MAX_EVENT:
                raise Refused(Reason.BODY_TOO_LARGE, "an event of the stream is too long")
        whole, self._held = self._held[:end], self._held[end:]
        if not whole:
            return ""
        walk = start(self._visitor, self._limits, "answer", len(whole))
        return splice(whole, lines.event_edits(_clean(whole), walk))

    def _take_text(self, final: bool) -> str:
        """All but the last characters, cut where no word is open."""
        held = self._held
        edits = self._visitor.text(_clean(held)) if held else []
        cut = len(held) if final else self._cut(held)
        while edits and edits[-1].end > cut:
            cut = min(cut, edits[-1].start)
            edits.pop()
        self._held = held[cut:]
        escape = self._escape
        written = [edit._replace(replacement=escape(edit.replacement)) for edit in edits]
        return splice(held[:cut], written)

    def _cut(self, held: str) -> int:
        limit = len(held) - HOLD_BACK
        if limit <= 0:
            return 0
        for place in range(limit, max(0, limit - HOLD_BACK), -1):
            if _BREAK.match(held, place - 1):
                return place
        return limit


def _clean(text: str) -> str:
    """Stray bytes (surrogates) as replacement characters, same length."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _escape_for(media: str) -> Callable[[str], str]:
    if "json" in media:
        return lambda replacement: json_escape(replacement, ascii_only=False)
    if "html" in media or "xml" in media:
        return ENTITIES.escape
    if "javascript" in media or "ecmascript" in media:
        return lambda replacement: script_escape(replacement)
    return lambda replacement: replacement
