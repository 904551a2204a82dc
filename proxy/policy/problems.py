"""What is wrong in the site's files, and where: for people as one line, for programs as fields."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from proxy.errors import InputError


class Mark(NamedTuple):
    """A place in a file, counted from 1 as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake or one warning. ``file`` is relative to the site's folder."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    def document(self) -> dict[str, str | int]:
        """For ``--json``."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
        }


class InvalidFiles(InputError):
    """The site's files cannot be used; ``found`` holds every problem, not only the first."""

    def __init__(self, message: str, found: Iterable[Problem]) -> None:
        self.found = tuple(sorted(found))
        super().__init__(message, tuple(str(problem) for problem in self.found))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` when a known word is close, else the list of what is known."""
    known = sorted(known)
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"expected one of: {', '.join(known)}"
