"""The kinds of value that an event's field may hold.

Every kind is closed: a choice from a list, a bounded number, or a short word that a
regular expression recognises. None accepts free text, so a name, an e-mail address or a
URL with a query has no field to slip into. A refusal never repeats the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import Any, Protocol

_REMEMBERED = 4096
_MOST = 10**9


class Field(Protocol):
    """One kind of value.

    ``known`` holds words already recognised: a set lookup spares the call of ``check`` for
    most fields of most events, since most words come from the policy and few differ.
    """

    @property
    def known(self) -> Set[str]:
        """Words that need no check."""

    def check(self, value: object) -> bool:
        """Whether ``value`` may stand in this field."""

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""


class Word:
    """A short word that ``pattern`` recognises whole.

    Recognised words are remembered, except where each event has its own
    (``remember=False``).
    """

    __slots__ = ("_match", "_pattern", "_remember", "known", "limit")

    def __init__(self, pattern: str, limit: int, *, remember: bool = True) -> None:
        self._pattern = pattern
        self._match = re.compile(pattern).fullmatch
        self._remember = remember
        self.known: set[str] = set()
        self.limit = limit

    def check(self, value: object) -> bool:
        """Whether ``value`` is such a word."""
        if not isinstance(value, str):
            return False
        if len(value) > self.limit or self._match(value) is None:
            return False
        if self._remember:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known.add(value)
        return True

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""
        return {"type": "string", "pattern": f"^{self._pattern}$", "maxLength": self.limit}


class Hex:
    """Exactly ``digits`` lower-case hexadecimal digits."""

    __slots__ = ("_digits", "known")

    def __init__(self, digits: int) -> None:
        self._digits = digits
        self.known: set[str] = set()

    def check(self, value: object) -> bool:
        """Whether ``value`` is such a number (``strip`` beats an expression three times)."""
        if (
            not isinstance(value, str)
            or len(value) != self._digits
            or value.strip("0123456789abcdef")
        ):
            return False
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        self.known.add(value)
        return True

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""
        return {"type": "string", "pattern": f"^[0-9a-f]{{{self._digits}}}$"}


class Choice:
    """One of a closed list of words."""

    __slots__ = ("known",)

    def __init__(self, values: Iterable[str]) -> None:
        self.known = frozenset(str(value) for value in values)

    def check(self, value: object) -> bool:
        """Whether ``value`` is in the list."""
        return isinstance(value, str) and value in self.known

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""
        return {"enum": sorted(self.known)}


class Number:
    """A whole number within bounds."""

    __slots__ = ("high", "known", "low")

    def __init__(self, low: int = 0, high: int = 2**53 - 1) -> None:
        self.low = low
        self.high = high
        self.known: frozenset[str] = frozenset()

    def check(self, value: object) -> bool:
        """Whether ``value`` is such a number (``True`` is not one)."""
        return value.__class__ is int and self.low <= value <= self.high

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Counts:
    """How many, by a closed list of words."""

    __slots__ = ("_number", "keys", "known")

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(str(key) for key in keys)
        self._number = Number(1, _MOST)
        self.known: frozenset[str] = frozenset()

    def check(self, value: object) -> bool:
        """Whether ``value`` maps known words to numbers of at least one."""
        if not isinstance(value, dict):
            return False
        for key, count in value.items():
            if key not in self.keys or count.__class__ is not int or not 1 <= count <= _MOST:
                return False
        return True

    def schema(self) -> dict[str, Any]:
        """The same rule as JSON Schema."""
        return {
            "type": "object",
            "properties": {key: self._number.schema() for key in sorted(self.keys)},
            "additionalProperties": False,
        }
