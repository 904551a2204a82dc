"""Bytes that are no UTF-8 in a text that is: a second look, in which they are no letters.

``charset.read`` shows such a byte as the letter it is in Windows-1252, which finds ``Zo\xe9
Martin`` among UTF-8. But a byte that damage put there is no letter, and what stands beside it
is a word of its own: ``\x9aZoé Martin``.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.content.charset import Text
from proxy.content.coding import STRAYS
from proxy.content.edits import splice
from proxy.content.visitor import Edit
from proxy.content.walk import Walk


def look_again(text: Text, written: str, walk: Walk, read: Callable[[str], list[Edit]]) -> str:
    """``written``, which ``text`` became, with what ``read`` finds when strays are no letters."""
    if walk.answer or text.charset != "utf-8" or text.view is text.raw:
        return written
    return splice(written, read(STRAYS.sub("\ufffd", written)))
