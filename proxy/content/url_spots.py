"""URLs that stand in other text: what is put there must not change where the URL leads.

On the way back a pseudonym inside ``https://x/?n=…`` becomes ``Jean%20Martin``, not
``Jean Martin``. The spot is recognised by what stands before it on the same word.
"""

from __future__ import annotations

import re

from proxy.content import base64
from proxy.content.coding import FORM, PERCENT, Percent, back, url_escape
from proxy.content.edits import merge, touching
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_NEEDS_CODING = re.compile(r"[^A-Za-z0-9@._~!$'()*,;:/-]")
_FORM = re.compile(r"\A\??[\w.\[\]$%~-]++=[^\s&]*+(?:&[\w.\[\]$%~-]++=[^\s&]*+)++\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_WORD = re.compile(r"[^\s\"'<>\\]*")
_LITERAL = re.compile(r"(?:\b(?:eq|ne|gt|ge|lt|le|in)\s{1,3}\(?|\w\(|\w=|,\s?)'[^']*\Z")
_BREAKS = " \n\t\r\"'<>\\"
_LOOK_BACK = 300


def either_plus(raw: str, walk: Walk, coding: Percent = FORM) -> list[Edit]:
    """Percent-encoded text where ``+`` may be a space or itself: both are read.

    It is a space in forms and queries, and in cookies that PHP wrote; it is itself in paths, in
    ``tel=+33…`` typed by hand, and in base64 that nobody encoded. One level is read as itself,
    not a whole second tree.
    """
    plain = PERCENT.decode(raw)
    if "+" not in raw:
        return back(raw, walk.text(plain), PERCENT)
    words = back(raw, _with_plus(plain, base64.edits(plain, walk)), PERCENT)
    found = merge(
        back(raw, walk.text(coding.decode(raw)), coding),
        back(raw, _with_plus(plain, walk.visitor.text(plain)), PERCENT),
    )
    apart = zip(found, touching(found, words), strict=True)
    return merge(words, [edit for edit, touches in apart if not touches])


def _with_plus(text: str, edits: list[Edit]) -> list[Edit]:
    return [edit for edit in edits if "+" in text[edit.start : edit.end]]


def in_urls(text: str, edits: list[Edit]) -> list[Edit]:
    """Write replacements for the spot: a URL, a form, or a literal in one of OData."""
    if edits and "'" in text and any("'" in edit.replacement for edit in edits):
        edits = [_in_literal(text, edit) for edit in edits]
    if not edits or not any(_NEEDS_CODING.search(edit.replacement) for edit in edits):
        return edits
    if "/" not in text and "=" not in text:
        return edits
    whole_form = "=" in text and _FORM.match(text) is not None
    return [_in_url(text, edit, whole_form) for edit in edits]


def _in_literal(text: str, edit: Edit) -> Edit:
    """``name eq 'O''Brien'`` and ``Users('O''Brien')``: a quote is doubled."""
    if "'" in edit.replacement and _LITERAL.search(text, max(0, edit.start - 80), edit.start):
        return edit._replace(replacement=edit.replacement.replace("'", "''"))
    return edit


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
