"""The terminal: colour where it is wanted, plain text where it is not."""

from __future__ import annotations

import os
import sys


class Screen:
    """Prints the story. Colours only on a terminal, and never with ``NO_COLOR`` set."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def title(self, text: str) -> None:
        """The name of the whole."""
        print(f"\n{self._paint(text, '1;36')}\n")

    def chapter(self, text: str) -> None:
        """One step of the story."""
        print(f"\n{self._paint(text, '1')}")

    def row(self, label: str, text: str, colour: str = "") -> None:
        """A labelled line."""
        print(f"   {label:<24} {self._paint(text, colour) if colour else text}")

    def line(self, text: str) -> None:
        """A plain line."""
        print(f"   {text}")

    def check(self, label: str, good: bool, yes: str, no: str) -> None:
        """A promise, kept or broken."""
        mark = self._paint(f"✔ {yes}", "32") if good else self._paint(f"✘ {no}", "1;31")
        print(f"   {mark:<12} {label}")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text
