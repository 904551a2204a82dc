"""URLs that stand in other text: what is put there must not change where the URL leads.

On the way back a pseudonym inside ``https://x/?n=…`` becomes ``Jean%20Martin``, not
``Jean Martin``. The spot is recognised by what stands before it on the same word.
"""

from __future__ import annotations

import re

from proxy.content.coding import PERCENT
from proxy.content.visitor import Edit

_NEEDS_URL_CODING = re.compile(r"[^A-Za-z0-9@._~!$'()*,;:/-]")
_URL_BEFORE = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>\\]*|(?:^|[\s\"'=(])/?[^\s\"'<>\\]*\?[^\s\"'<>\\]*"
    r"|(?:^|[?&\"])[\w.\[\]$-]+=[^\s\"'<>\\]*|(?:^|[\s\"'])/[^\s\"'<>\\]*)\Z"
)
_FORM_PAIRS = re.compile(r"\A\??[\w.\[\]$%~-]+=[^\s&]*(?:&[\w.\[\]$%~-]+=[^\s&]*)+\Z")
_LOOK_BACK = 300


def in_urls(text: str, edits: list[Edit]) -> list[Edit]:
    """Percent-encode replacements that stand inside a URL or a form written in ``text``."""
    if not any(_NEEDS_URL_CODING.search(edit.replacement) for edit in edits):
        return edits
    whole_form = _FORM_PAIRS.match(text) is not None if "=" in text else False
    return [_in_url(text, edit, whole_form) for edit in edits]


def _in_url(text: str, edit: Edit, whole_form: bool) -> Edit:
    start, end, replacement = edit
    if not _NEEDS_URL_CODING.search(replacement):
        return edit
    spot = text[start:end]
    if " " in spot:
        return edit
    before = text[max(0, start - _LOOK_BACK) : start]
    if not whole_form and not _URL_BEFORE.search(before):
        return edit
    return Edit(start, end, PERCENT.encode(replacement, spot, before if "%" in before else ""))
