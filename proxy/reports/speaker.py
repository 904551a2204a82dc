"""One language of a report: its sentences, numbers, dates and lists.

A table of texts gives each key in French and English side by side (``texts/``), so that a
language can never lack a key; a missing value in a sentence is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxy.reports.texts.common import COMMON, KINDS, MONTHS
from proxy.reports.texts.countries import COUNTRIES

type Texts = Mapping[str, tuple[str, str]]

LANGUAGES = ("fr", "en")
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Speaker:
    """Says things in one language."""

    def __init__(self, language: str, texts: Texts) -> None:
        self.language = language
        self._place = LANGUAGES.index(language)
        self._texts = {**COMMON, **texts}

    def __call__(self, key: str, **values: object) -> str:
        """The sentence ``key``. Whole numbers among the values are written for people."""
        shown = {
            name: self.number(value) if isinstance(value, int) else value
            for name, value in values.items()
        }
        return self._texts[key][self._place].format(**shown)

    def pick[T](self, pair: tuple[T, T]) -> T:
        """The one of two texts that is in this language."""
        return pair[self._place]

    def number(self, value: int) -> str:
        """With groups of three digits."""
        text = f"{value:,}"
        return text.replace(",", "\u202f") if self.language == "fr" else text

    def size(self, count: int) -> str:
        """Bytes in the largest unit that leaves at least 1, a decimal below 10."""
        size, units = float(count), self.pick((("o", "ko", "Mo", "Go", "To"), _UNITS))
        for unit in units:
            if size < 1000 or unit == units[-1]:
                break
            size /= 1000
        shown = f"{size:.1f}" if unit != units[0] and size < 9.95 else f"{size:.0f}"
        return f"{shown.replace('.', self.pick((',', '.')))}\u00a0{unit}"

    def kind(self, name: str) -> str:
        """What people call a kind of identifier."""
        return self.pick(KINDS[name])

    def kinds(self, names: Iterable[str]) -> str:
        """Several, as a list in a sentence."""
        return self.listed(self.kind(name) for name in names)

    def country(self, code: str) -> str:
        """The name of a country, its two letters when it is a rare one."""
        found = COUNTRIES.get(code)
        return self.pick(found) if found else code

    def countries(self, codes: Iterable[str]) -> str:
        """Several."""
        return self.listed(self.country(code) for code in codes)

    def month(self, month: str) -> str:
        """``2026-11`` for people."""
        year, number = month.split("-")
        return f"{self.pick(MONTHS[int(number) - 1])} {year}"

    def day(self, time: str) -> str:
        """The day of an RFC 3339 time, or of the beginning of one."""
        parts = time[:10].split("-")
        if len(parts) == 3:
            return f"{int(parts[2])} {self.month(time[:7])}"
        return self.month(time[:7]) if len(parts) == 2 else time

    def listed(self, items: Iterable[str]) -> str:
        """``a, b and c``."""
        found = list(items)
        if len(found) < 2:
            return "".join(found)
        return f"{', '.join(found[:-1])} {self('and')} {found[-1]}"
