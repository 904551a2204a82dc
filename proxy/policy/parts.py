"""A part of a path with fixed text around a value: ``users('{id}')``, ``{id}.json``, ``@{handle}``.

The fixed text may stand percent-encoded on the wire. Between single quotes the value is an
OData literal: a quote in it is doubled, and a lone one ends it.

Several values may stand in one part: ``{login}-{year}``, ``grades(pupil='{id}',term={n})``. Where
one ends is told by the fixed text between them; if that stands there more often, the first value
that a rule names takes all that the others can leave: rather too much is treated than too little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import quote

from proxy.policy.model import FieldRule

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


@dataclass(frozen=True, slots=True)
class Several:
    """Finds several values in one part. Linear in its length, whatever stands there."""

    fixed: tuple[re.Pattern[str], ...]
    """Before, between and behind the values."""
    quoted: tuple[bool, ...]
    rules: tuple[FieldRule | None, ...] = ()

    def spans(self, raw: str) -> list[tuple[int, int]] | None:
        """Where the values stand; ``None`` if the fixed text is another."""
        first = self.fixed[0].match(raw)
        last = next((m for m in self._backwards(raw, self.fixed[-1]) if m.end() == len(raw)), None)
        if first is None or last is None or first.end() > last.start():
            return None
        low, high = first.end(), last.start()
        count = len(self.quoted)
        widest = next((at for at, rule in enumerate(self.rules) if rule is not None), count - 1)
        marks: list[tuple[int, int]] = [(0, low)] * (count + 1)
        marks[count] = (high, len(raw))
        for at in range(1, widest + 1):  # the first place from the left
            found = self.fixed[at].search(raw, low + 1, high)
            if found is None:
                return None
            marks[at], low = found.span(), found.end()
        for at in range(count - 1, widest, -1):  # and from the right
            behind = next(iter(self._backwards(raw[: high - 1], self.fixed[at])), None)
            if behind is None or behind.start() <= low:
                return None
            marks[at], high = behind.span(), behind.start()
        spans = [(before[1], after[0]) for before, after in pairwise(marks)]
        return spans if all(map(self._is_value, spans, self.quoted, [raw] * count)) else None

    def span(self, raw: str) -> tuple[int, int] | None:
        """From the first value to the last."""
        spans = self.spans(raw)
        return (spans[0][0], spans[-1][1]) if spans else None

    def read(self, decoded: str, at: int) -> str:
        """A value, of its decoded text."""
        return decoded.replace("''", "'") if self.quoted[at] else decoded

    def write(self, value: str, at: int) -> str:
        """The text that stands for a value, to be encoded."""
        return value.replace("'", "''") if self.quoted[at] else value

    def _backwards(self, raw: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        return [*pattern.finditer(raw)][::-1]

    def _is_value(self, span: tuple[int, int], quoted: bool, raw: str) -> bool:
        start, end = span
        return start < end and (not quoted or _VALUE.fullmatch(raw, start, end) is not None)


_VALUE = re.compile(_LITERAL, re.DOTALL)


@lru_cache(maxsize=4096)
def several_of(
    fixed: tuple[str, ...], *, ignore_case: bool, rules: tuple[FieldRule | None, ...] = ()
) -> Several:
    """The part with these fixed texts, decoded, before, between and behind its values."""
    patterns = tuple(re.compile(_fixed(text, ignore_case)) for text in fixed)
    quoted = tuple(
        before.endswith("'") and after.startswith("'") for before, after in pairwise(fixed)
    )
    return Several(patterns, quoted, rules)


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
