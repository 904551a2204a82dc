"""Values whose field is named beside them: ``{"name": "last_name", "value": "Roy"}``.

Lists of attributes, answers to forms, patches (``"path": "name.familyName"``): the name of the
field is a value itself, and the value stands under ``value``. All such objects of one list are
one form: what is ambiguous alone (``nom``) is settled by the others.
"""

from __future__ import annotations

import re
from typing import Any

from proxy.policy.model import FieldState, dead_state

LABELS = frozenset(
    "name key path field attribute label type id title property fieldname attributename".split()
)
VALUES = frozenset(("value", "stringvalue", "newvalue", "val"))
_LAST = re.compile(r"([^.:/#\[\]]+)(?:\[[^\]]*\])?(?:\.value)?\s*\Z")
_DEAD = dead_state()
_LONGEST = 120


def state_of(label: str, holder: FieldState) -> FieldState:
    """The state of a value that is named so, among the members of ``holder``."""
    match = _LAST.search(label) if len(label) <= _LONGEST else None
    return holder.step(match[1].strip()) if match else _DEAD


def may_be(members: dict[str, Any]) -> bool:
    """Whether an object may be a value and its name."""
    lower = [key.lower() for key in members]
    return not VALUES.isdisjoint(lower) and not LABELS.isdisjoint(lower)
