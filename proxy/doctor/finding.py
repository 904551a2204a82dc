"""One finding, in two languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from proxy.site import Site


class Severity(StrEnum):
    """How bad it is."""

    GOOD = "good"
    WARNING = "warning"
    """It works; something will go wrong, or protects less than it could."""
    BROKEN = "broken"
    """It does not work, or does not protect."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. ``check`` is a stable word; ``mend`` a command, empty when good."""

    check: str
    severity: Severity
    en: str
    fr: str
    why_en: str = ""
    why_fr: str = ""
    mend: str = ""

    def document(self) -> dict[str, str]:
        """For ``--json``."""
        return {
            "check": self.check,
            "severity": self.severity.value,
            "en": self.en,
            "fr": self.fr,
            "why_en": self.why_en,
            "why_fr": self.why_fr,
            "mend": self.mend,
        }


@dataclass(frozen=True, slots=True)
class Patient:
    """What checks look at: a site whose settings can be read."""

    site: Site
    named: Path
    """The site's folder as the user named it: commands are told with it."""
    online: bool = False

    def preau(self, words: str) -> str:
        """A command of ours for this site."""
        return f"preau {words} --site {self.named}"


type Check = Callable[[Patient], Iterable[Finding]]


def good(check: str, en: str, fr: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Severity.GOOD, en, fr)


def warning(check: str, text: tuple[str, str], why: tuple[str, str], mend: str) -> Finding:
    """Texts are (English, French)."""
    return Finding(check, Severity.WARNING, *text, *why, mend)


def broken(check: str, text: tuple[str, str], why: tuple[str, str], mend: str) -> Finding:
    """Texts are (English, French)."""
    return Finding(check, Severity.BROKEN, *text, *why, mend)
