"""What shows that a text is written in an escape that has to be undone. Cheap to look for.

Each is a sign, looked for first (``str.find`` is next to free), and a pattern around it.
"""

from __future__ import annotations

import re

from proxy.content.coding import BACKSLASHES, ENTITIES, PERCENT, Coding

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};)")
_BACKSLASH = re.compile(r"\\[^\s]")
_PLUS = re.compile(r"\+(?<=[^\W_]\+)[^\W_]")
_DOUBLED = re.compile(r"''(?<=[^\W\d_]'')[^\W\d_]")
_TAG = re.compile(r"<[A-Za-z!/?]")


def has_percent(text: str) -> bool:
    """``%20``."""
    return "%" in text and _PERCENT.search(text) is not None


def has_entity(text: str) -> bool:
    """``&eacute;`` or ``&#233;``."""
    return "&" in text and _ENTITY.search(text) is not None


def has_backslash(text: str) -> bool:
    """``\\u00e9``."""
    return "\\" in text and _BACKSLASH.search(text) is not None


def has_plus(text: str) -> bool:
    """``Jean+Martin``."""
    return "+" in text and _PLUS.search(text) is not None


def has_tag(text: str) -> bool:
    """``<b>``."""
    return "<" in text and _TAG.search(text) is not None


def has_doubled(text: str) -> bool:
    """``'O''Brien'``, a literal of OData or SQL."""
    return "''" in text and _DOUBLED.search(text) is not None


def next_coding(text: str) -> Coding | None:
    """The escape to undo first."""
    if has_percent(text):
        return PERCENT
    if has_entity(text):
        return ENTITIES
    if has_backslash(text):
        return BACKSLASHES
    return None
