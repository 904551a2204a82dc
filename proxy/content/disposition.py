"""Parameters of header fields: ``Content-Disposition``, ``Link`` and those of a part.

``filename="…"`` (RFC 6266), ``filename*=UTF-8''…`` (RFC 8187) in its own charset, and values
that go on in ``filename*1=…`` (RFC 2231), which are read as one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from proxy.content import charset
from proxy.content.coding import PERCENT, Coding, Writer, back
from proxy.content.edits import Page, merge, shift, splice
from proxy.content.strays import look_again
from proxy.content.url_spots import either_plus
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_EXTENDED = re.compile(r"\b[\w-]+\*\s*=\s*(?:([\w-]*)'[\w-]*')?([^;,\s\"]+)")
_CONTINUED = re.compile(
    r"\b([\w-]+)\*([0-9]{1,3})(\*?)\s*=\s*"
    r"(?:(?:([\w-]*)'[\w-]*')?([^;,\s\"]+)|\"((?:[^\"\\]|\\.)*)\")"
)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_SPECIAL = re.compile(r"[\"\\\r\n]")
_ATTRIBUTE_SIGNS = "!#$&+-.^_`|~"


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


class _Extended:
    """An extended value: percent signs over the bytes of the charset that it names."""

    __slots__ = ("charset",)

    def __init__(self, name: str) -> None:
        try:
            found = codecs.lookup(name or "utf-8").name
        except LookupError:
            found = "utf-8"
        self.charset = "cp1252" if found == "iso8859-1" else found

    def decode(self, raw: str) -> str:
        return PERCENT.decode(raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        return PERCENT.units(raw)

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: quote(
            replacement, _ATTRIBUTE_SIGNS, encoding=self.charset, errors=charset.NEAREST
        )


_QUOTED_STRING = _QuotedString()


class _Segment(NamedTuple):
    """A piece of a value that goes on: where its text stands, how it stands and reads."""

    number: int
    start: int
    raw: str
    view: str
    coding: Coding


def rewrite_disposition(value: bytes, walk: Walk) -> bytes:
    """The header value rewritten; the same object when nothing changed."""
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a header")
    written = splice(text.raw, _edits(text.view, walk))
    written = look_again(text, written, walk, lambda view: _edits(view, walk))
    return value if written is text.raw else text.encode(written)


def _edits(view: str, walk: Walk) -> list[Edit]:
    page = Page(view)
    parameter_edits(page, walk)
    return page.finish(walk.text(page.rest()))


def parameter_edits(page: Page, walk: Walk) -> None:
    """Deal with the parameters on a page whose values are not plain tokens."""
    if "*" in page.text:
        _continued(page, walk)
        for match in _EXTENDED.finditer(page.rest()):
            coding, raw = _Extended(match[1] or ""), match[2]
            if coding.charset == "utf-8":
                found = either_plus(raw, walk)
                found = [_extended_safe(edit) for edit in found]
            else:
                found = back(raw, walk.text(coding.decode(raw)), coding)
            page.cover(*match.span(2), shift(found, match.start(2)))
    for match in _QUOTED.finditer(page.rest()):
        start, raw = match.start(1), match[1]
        found = back(raw, walk.text(_QUOTED_STRING.decode(raw)), _QUOTED_STRING)
        if "\\" in raw:  # browsers do not escape with it: there it is a backslash
            found = merge(found, walk.text(raw))
        page.cover(start, match.end(1), shift(found, start))


def _extended_safe(edit: Edit) -> Edit:
    """What a URL may hold as it stands, an extended value may not."""
    return edit._replace(replacement=edit.replacement.translate(_NOT_EXTENDED))


_NOT_EXTENDED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "@'*(),:;/?="})


def _continued(page: Page, walk: Walk) -> None:
    """Values in several parameters, each read as the one it is."""
    values: dict[str, list[_Segment]] = {}
    for match in _CONTINUED.finditer(page.text):
        group = 5 if match[5] is not None else 6
        coding: Coding = _QUOTED_STRING
        if match[3] and group == 5:
            coding = _Extended(match[4] or "")
        segment = _Segment(
            int(match[2]), match.start(group), match[group], coding.decode(match[group]), coding
        )
        values.setdefault(match[1].lower(), []).append(segment)
    for segments in values.values():
        segments.sort()
        _one_value(page, walk, segments)


def _one_value(page: Page, walk: Walk, segments: list[_Segment]) -> None:
    """What stands in several segments is replaced in the first and taken out of the others."""
    found = walk.text("".join([segment.view for segment in segments]))
    at = 0
    for _, start, raw, view, coding in segments:
        end = at + len(view)
        edits = [
            Edit(max(edit.start, at) - at, min(edit.end, end) - at,
                 edit.replacement if edit.start >= at else "")
            for edit in found
            if edit.start < end and edit.end > at
        ]  # fmt: skip
        page.cover(start, start + len(raw), shift(back(raw, edits, coding), start))
        at = end
