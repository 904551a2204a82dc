"""Text that means to be JSON and is none: comments, trailing commas, ``'…'``, bare names, ``...``.

Examples in documentation, settings files, scripts and cut-off bodies are written so. No strict
reader takes them, yet whoever wrote ``{givenName: 'Camille', // her name`` named somebody. What
stands in the way of the token reader is covered by signs of the same length, so that each value
has the place it has in the text; the rules of its field then hold for it. All the rest is read
as the plain text it is: nothing here has a value pass that would else be found.
"""

from __future__ import annotations

import re

from proxy.content import json_fields
from proxy.content.coding import BACKSLASHES, json_escape
from proxy.content.edits import Page, merge
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_BEGINS = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+[{\[]")
_MEMBER = re.compile(r"""[{,\s](?:"[^"\\\n]{1,80}"|'[^'\\\n]{1,80}'|[A-Za-z_$][\w$-]{0,79})\s*:""")
_PIECE = re.compile(
    r"""
    (?P<string>"(?:[^"\\\n]|\\.)*+")
    | (?P<single>'(?:[^'\\\n]|\\.)*+')
    | (?P<comment>//[^\n]*+ | /\*(?:[^*]|\*(?!/))*+\*/ | (?<!\S)\#[^\n]*+)
    | (?P<stray>\.\.\.|["'…])
    """,
    re.X,
)
_NO_COMMA = re.compile(r'(?<=["\]}0-9a-z])\s(?=\s*+(?:"[^"\\\n]{1,80}"|[A-Za-z_$][\w$-]*+)\s*+:)')


def looks_so(text: str) -> bool:
    """Whether text that is no JSON has an object's look."""
    return _BEGINS.match(text) is not None and _MEMBER.search(text) is not None


def edits(text: str, walk: Walk, state: FieldState) -> list[Edit]:
    """Edits for such a text; ``state``: the field rules."""
    page = Page(text)
    if not state.dead and not walk.answer:
        tidy = Page(_NO_COMMA.sub(",", _PIECE.sub(_tidied, text)))
        typed = json_fields.apply(tidy, walk, state, BACKSLASHES, None, strings_only=True)
        if typed is not None:
            json_fields.read_typed(tidy, walk, BACKSLASHES, typed())
        page.spans, page.edits = tidy.spans, tidy.edits
    found = walk.prose(page.rest())
    if walk.answer and walk.visitor.escapes() and text.isascii():
        found = [Edit(start, end, json_escape(new, True)) for start, end, new in found]
    return merge(sorted(page.edits), found)


def _tidied(match: re.Match[str]) -> str:
    """A piece as the token reader takes it, of the same length."""
    piece = match[0]
    if match.lastgroup == "string":
        return piece
    if match.lastgroup == "single" and '"' not in piece:
        return f'"{piece[1:-1]}"'
    return " " * len(piece)
