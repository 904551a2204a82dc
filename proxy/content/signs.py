"""Signs that a text may hold something: what one quick look at it tells (``directory.screen``).

Bits of a number, not an ``enum``: they are put together for every body.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = 1
"""A word of a given name."""
IDENTIFIERS: Final = 2
"""A shape of an identifier, or an ``@``."""
TITLES: Final = 4
"""A title or an initial next to a word."""
HIDDEN: Final = 8
"""Text in an escape or an encoding, or what else makes it more than it shows."""
QUOTED: Final = 16
"""What mail would read as encoded. To JSON it is, in a string that is read on its own."""
FIELDS: Final = 32
"""A member whose name may tell, or that a rule mentions."""
TYPED: Final = 64
"""A member whose value people type."""
ESCAPED: Final = 128
"""A backslash."""
