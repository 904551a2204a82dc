"""URLs that stand in other text: what is put there must not change where the URL leads.

On the way back a pseudonym inside ``https://x/?n=…`` becomes ``Jean%20Martin``, not
``Jean Martin``. The spot is recognised by what stands before it on the same word.
"""

from __future__ import annotations

import re

from proxy.content.coding import url_escape
from proxy.content.visitor import Edit

_NEEDS_CODING = re.compile(r"[^A-Za-z0-9@._~!$'()*,;:/-]")
_FORM = re.compile(r"\A\??[\w.\[\]$%~-]++=[^\s&]*+(?:&[\w.\[\]$%~-]++=[^\s&]*+)++\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_WORD = re.compile(r"[^\s\"'<>\\]*")
_BREAKS = " \n\t\r\"'<>\\"
_LOOK_BACK = 300


def in_urls(text: str, edits: list[Edit]) -> list[Edit]:
    """Percent-encode replacements that stand inside a URL or a form written in ``text``."""
    if not edits or not any(_NEEDS_CODING.search(edit.replacement) for edit in edits):
        return edits
    if "/" not in text and "=" not in text:
        return edits
    whole_form = "=" in text and _FORM.match(text) is not None
    return [_in_url(text, edit, whole_form) for edit in edits]


def in_percent(text: str, edit: Edit) -> bool:
    """Whether the word around an edit is percent-encoded."""
    before = text[max(0, edit.start - _LOOK_BACK) : edit.start]
    word = before[max(map(before.rfind, _BREAKS)) + 1 :]
    if _ESCAPE.search(word):
        return True
    after = _WORD.match(text, edit.end, edit.end + _LOOK_BACK)
    return after is not None and _ESCAPE.search(after[0]) is not None


def _in_url(text: str, edit: Edit, whole_form: bool) -> Edit:
    start, end, replacement = edit
    if not _NEEDS_CODING.search(replacement):
        return edit
    spot = text[start:end]
    if " " in spot:
        return edit
    before = text[max(0, start - _LOOK_BACK) : start]
    word = before[max(map(before.rfind, _BREAKS)) + 1 :]
    if not whole_form and not _is_url(word):
        return edit
    return Edit(start, end, url_escape(replacement, spot, word))


def _is_url(word: str) -> bool:
    """Whether the word before a spot is the beginning of a URL."""
    if "://" in word or word.startswith("/"):
        return True
    return "=" in word and ("?" in word or len(word) == _LOOK_BACK)
