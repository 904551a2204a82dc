"""The path language of field rules: ``students[].profile.name``, ``**.emailAddress``.

=========  ====================================================================
``name``   the member ``name`` of an object; ``"a.b"`` in double quotes for odd keys
``[]``     an element of a list
``[0]``    one element by its place, the first is 0: ``rows[][1]``
``*``      any one member or element
``**``     any number of them, none included
=========  ====================================================================
"""

from __future__ import annotations

import re
from functools import lru_cache

from proxy.policy.model import ELEMENT

ANY = "*"
ANY_DEPTH = "**"
MAX_STEPS = 40

type Step = str
"""``ELEMENT``, ``[0]``, ``ANY``, ``ANY_DEPTH`` or ``=`` followed by a member's name."""

_PART = re.compile(r'\*\*|\*|"(?P<quoted>[^"]+)"|(?P<bare>[^.\[\]"*\s][^.\[\]"*\s]*)')


_PLACE = re.compile(r"\[(?:0|[1-9][0-9]{0,3})?\]")


def is_place(step: Step) -> bool:
    """Whether a step is one element by its place."""
    return step.startswith("[") and step != ELEMENT


@lru_cache(maxsize=4096)
def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path. Raises ``ValueError`` that says where and what was expected."""
    steps: list[Step] = []
    position = 0
    while True:
        position = _part(text, position, steps)
        while place := _PLACE.match(text, position):
            steps.append(place[0])
            position = place.end()
        if position == len(text):
            break
        if text[position] != ".":
            raise _error(text, position, "expected '.', '[]', '[0]' or the end")
        position += 1
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a path of {len(steps)} steps, expected at most {MAX_STEPS}")
    if all(step == ANY_DEPTH for step in steps):
        raise ValueError("'**' alone names everything, name a field after it: **.emailAddress")
    return tuple(steps)


def _part(text: str, position: int, steps: list[Step]) -> int:
    if position == 0 and _PLACE.match(text):  # a list at the top: [].name
        return 0
    match = _PART.match(text, position)
    if match is None:
        raise _error(text, position, "expected a name, '*', '**' or a name in double quotes")
    name = match["quoted"] or match["bare"]
    if name is not None and _PLACE.fullmatch(name):
        raise _error(text, position, f"a member cannot be called '{name}'")
    if name is not None:
        steps.append("=" + name)
    elif not (match[0] == ANY_DEPTH and steps and steps[-1] == ANY_DEPTH):
        steps.append(match[0])
    return match.end()


def _error(text: str, position: int, expected: str) -> ValueError:
    where = f"at character {position + 1}" if position < len(text) else "at its end"
    return ValueError(f"not a field path, {where}: {expected}")
