"""``Content-Disposition``: ``filename="…"`` and ``filename*=UTF-8''…`` (RFC 6266, 5987, 8187)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.content import charset
from proxy.content.coding import Writer, back
from proxy.content.edits import Page, merge, shift, splice
from proxy.content.url_spots import either_plus
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_EXTENDED = re.compile(r"\b[\w-]+\*(?:[0-9]+\*?)?\s*=\s*(?:[\w-]*'[\w-]*')?([^;\s\"]+)")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_SPECIAL = re.compile(r"[\"\\\r\n]")


class _QuotedString:
    """A quoted string of RFC 9110. File names in forms write ``%22`` for a quote (WHATWG)."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return re.sub(r"\\(.)", r"\1", raw) if "\\" in raw else raw

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in re.finditer(r"\\.", raw):
            yield match.start(), match.end(), 1

    def writer(self, raw: str) -> Writer:
        return _write_quoted


def _write_quoted(replacement: str, spot: str) -> str:
    return _SPECIAL.sub(lambda match: f"%{ord(match[0]):02X}", replacement)


_QUOTED_STRING = _QuotedString()


def rewrite_disposition(value: bytes, walk: Walk) -> bytes:
    """The header value rewritten; the same object when nothing changed."""
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a header")
    page = Page(text.view)
    for match in _EXTENDED.finditer(text.view):
        start, raw = match.start(1), match[1]
        found = either_plus(raw, walk)
        page.cover(start, match.end(1), shift(found, start))
    for match in _QUOTED.finditer(page.rest()):
        start, raw = match.start(1), match[1]
        found = back(raw, walk.text(_QUOTED_STRING.decode(raw)), _QUOTED_STRING)
        if "\\" in raw:  # browsers do not escape with it: there it is a backslash
            found = merge(found, walk.text(raw))
        page.cover(start, match.end(1), shift(found, start))
    edits = page.finish(walk.text(page.rest()))
    return text.encode(splice(text.raw, edits)) if edits else value
