"""A part of a path with fixed text around a value: ``users('{id}')``, ``{id}.json``, ``@{handle}``.

The fixed text may stand percent-encoded on the wire. Between single quotes the value is an
OData literal: a quote in it is doubled, and a lone one ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

_QUOTE = "(?:'|%27)"
_LITERAL = rf"((?:{_QUOTE}{_QUOTE}|(?!{_QUOTE}).)++)"


@dataclass(frozen=True, slots=True)
class Part:
    """Finds the value in one part as it stands on the wire."""

    pattern: re.Pattern[str]
    quoted: bool

    def span(self, raw: str) -> tuple[int, int] | None:
        """Where the value stands; ``None`` if the fixed text is another."""
        match = self.pattern.fullmatch(raw)
        return match.span(1) if match else None

    def read(self, decoded: str) -> str:
        """The value, of its decoded text."""
        return decoded.replace("''", "'") if self.quoted else decoded

    def write(self, value: str) -> str:
        """The text that stands for a value, to be encoded."""
        return value.replace("'", "''") if self.quoted else value


@lru_cache(maxsize=4096)
def part_of(before: str, after: str, *, ignore_case: bool) -> Part:
    """The part with this fixed text, decoded, around its value."""
    quoted = before.endswith("'") and after.startswith("'")
    pattern = _fixed(before, ignore_case) + (_LITERAL if quoted else "(.+)")
    return Part(re.compile(pattern + _fixed(after, ignore_case), re.DOTALL), quoted)


def _fixed(text: str, ignore_case: bool) -> str:
    return "".join(_sign(sign, ignore_case) for sign in text)


def _sign(sign: str, ignore_case: bool) -> str:
    """One character, plain or percent-encoded; hexadecimal digits know no case."""
    encoded = quote(sign, safe="")
    if encoded == sign:
        encoded = "".join(f"%{byte:02X}" for byte in sign.encode())
    plain = f"(?i:{re.escape(sign)})" if ignore_case else re.escape(sign)
    return f"(?:{plain}|(?i:{encoded}))"
