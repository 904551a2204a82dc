"""OData literals: ``$filter=displayName eq 'Tom O''Brien'`` and ``users('tom@…')``.

A quote inside a literal is doubled. An expression stands in a URL, in JSON (Microsoft Graph's
``$batch``) or alone; what is put into a literal must not end it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.content.coding import Writer, back
from proxy.content.edits import Page, shift
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_OPENING = (
    r"'(?:(?<= (?:eq|ne|gt|ge|lt|le) ')|(?<=[\w)],')|(?<=[\w)], ')|(?<=\(')|(?<=',')|(?<=', '))"
)
"""The quote first and what stands before it then: else every character is looked at six times."""
OPENING = re.compile(_OPENING)
"""The quote that opens a literal."""
_LITERAL = re.compile(_OPENING + "((?:[^']|''){0,2000}+)'(?!')")
_DOUBLED = re.compile("''")


class _Quotes:
    """A quote is written twice."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return raw.replace("''", "'")

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _DOUBLED.finditer(raw):
            yield match.start(), match.end(), 1

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: replacement.replace("'", "''")


_QUOTES = _Quotes()


def edits(text: str, walk: Walk) -> list[Edit] | None:
    """Edits for text with literals in it; ``None`` if there are none."""
    page = Page(text)
    for match in _LITERAL.finditer(text):
        start, raw = match.start(1), match[1]
        found = back(raw, walk.text(_QUOTES.decode(raw)), _QUOTES) if raw else []
        page.cover(match.start(), match.end(), shift(found, start))
    return page.finish(walk.prose(page.rest())) if page.spans else None
