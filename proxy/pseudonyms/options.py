"""What a service's pack says about its pseudonyms, beside each field's shape."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UsedUp(StrEnum):
    """What a phone number becomes when the numbers of fiction are all given away."""

    REFUSE = "refuse"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class PseudonymOptions:
    """One service's. The defaults are those of a pack that says nothing."""

    aliases: frozenset[str] = frozenset()
    """Shapes without room for a reference that its rules use: answers are searched for them."""
    phones_used_up: UsedUp = UsedUp.REFUSE
    folds_case: bool = False
    """It does not keep upper and lower case: what comes back is what was typed, and the case
    of a pseudonym says nothing."""
