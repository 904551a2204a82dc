"""Objects of a document, outermost first, and small questions about their values."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

type Object = dict[str, Any]

_DEPTH = 5
_OBJECTS = 200
_IN_LIST = 8
"""What is looked at of a document: a batch tells what it is by its first messages."""


def objects(document: object) -> Iterator[Object]:
    """The document's objects breadth-first, within bounds; strings are not read as documents."""
    waiting = deque([(document, 0)])
    given = 0
    while waiting and given < _OBJECTS:
        value, depth = waiting.popleft()
        inner: Iterable[object] = ()
        if isinstance(value, dict):
            given += 1
            yield value
            inner = value.values()
        elif isinstance(value, list):
            inner = value[:_IN_LIST]
        if depth < _DEPTH:
            waiting.extend((each, depth + 1) for each in inner if isinstance(each, dict | list))


def is_text(value: object) -> TypeGuard[str]:
    """A string that is not empty."""
    return isinstance(value, str) and value != ""


def is_number(value: object) -> TypeGuard[float]:
    """A number, which ``true`` is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_object(value: object) -> TypeGuard[Object]:
    """An object."""
    return isinstance(value, dict)


def is_objects(value: object) -> TypeGuard[list[Object]]:
    """A list of objects, at least one."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and all(isinstance(each, dict) for each in value)
    )


def is_one_of(value: object, words: frozenset[str]) -> bool:
    """One of some words; any other value is none."""
    return isinstance(value, str) and value in words
