"""Words that people and programs spell in several ways, and now and then wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_LEAST_FORGIVEN: Final = 8


class Aliases(Mapping[str, str]):
    """Canonical header by folded spelling; long ones forgive one wrong letter."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.exact = dict(names)

    def __getitem__(self, header: str) -> str:
        if header in self.exact or len(header) < _LEAST_FORGIVEN:
            return self.exact[header]
        near = {name for known, name in self.exact.items() if _is_one_edit(known, header)}
        if len(near) != 1:
            raise KeyError(header)
        return near.pop()

    def __iter__(self) -> Iterator[str]:
        return iter(self.exact)

    def __len__(self) -> int:
        return len(self.exact)


def _is_one_edit(known: str, typed: str) -> bool:
    """Whether one letter was added, left out, changed or swapped with its neighbour."""
    if abs(len(known) - len(typed)) > 1:
        return False
    start = 0
    while start < min(len(known), len(typed)) and known[start] == typed[start]:
        start += 1
    rest, other = known[start:], typed[start:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return rest[1:] == other or rest == other[1:] or rest[1:] == other[1:] or swapped
