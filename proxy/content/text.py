"""Free text and the encodings that hide inside it.

One layer at a time. If the text as a whole is JSON or markup it goes to that codec. Else it
is scanned as it stands, and then as it reads once the first escape found (percent, entity,
backslash) is undone: that view comes back here for the next layer. Base64 words are opened
where no escape is left, so that the cost of a layer is a few passes, never a tree of them.
"""

from __future__ import annotations

import re

from proxy.content import base64, json, markup
from proxy.content.coding import BACKSLASHES, ENTITIES, PERCENT, Coding, back
from proxy.content.edits import merge
from proxy.content.url_spots import in_urls
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};)")
_BACKSLASH = re.compile(r"\\[^\s]")
_PLUS = re.compile(r"[^\W_]\+[^\W_]")
_TAG = re.compile(r"<[A-Za-z!/?]")


def read(text: str, walk: Walk) -> list[Edit]:
    """Edits for unescaped text in which any encoding may be nested."""
    first = text.lstrip()[:1]
    if first in ("{", "[", '"') and json.is_valid(text):
        return json.edits(text, walk)
    if "<" in text and _TAG.search(text):
        return markup.edits(text, walk)
    return prose(text, walk)


def prose(text: str, walk: Walk) -> list[Edit]:
    """Edits for text that is not, as a whole, of another format."""
    if not text:
        return []
    found = in_urls(text, walk.visitor.text(text))
    groups = [found]
    if "+" in text and _PLUS.search(text):
        groups.append(_plus_view(text, walk))
    coding = _next_coding(text)
    if coding is not None:
        view = coding.decode(text)
        if view != text:
            groups.append(_unless_plain(back(text, walk.text(view), coding), text))
    else:
        groups.append(base64.edits(text, walk))
    return merge(*groups) if len(groups) > 1 else found


def _next_coding(text: str) -> Coding | None:
    if "%" in text and _PERCENT.search(text):
        return PERCENT
    if "&" in text and _ENTITY.search(text):
        return ENTITIES
    if "\\" in text and _BACKSLASH.search(text):
        return BACKSLASHES
    return None


def _unless_plain(edits: list[Edit], text: str) -> list[Edit]:
    return [edit for edit in edits if text[edit.start : edit.end] != edit.replacement]


def _plus_view(text: str, walk: Walk) -> list[Edit]:
    """``Jean+Martin`` in a query that stands in text: ``+`` read as a space."""
    edits = walk.visitor.text(text.replace("+", " "))
    return [
        Edit(start, end, replacement.replace(" ", "+"))
        for start, end, replacement in edits
        if "+" in text[start:end]
    ]
