"""The values of a directory version: from a key to references, from a reference to plain text.

Nothing is kept in clear: a candidate's reference comes from the mapped tables, its text from
the store, opened when it is asked for and kept in a bounded cache. So every answer has been
compared with the value itself, and what was erased answers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from proxy.directory.mirror import Source
from proxy.directory.sealer import ValueSealer
from proxy.directory.tables import HashTable, References
from proxy.errors import Erased
from proxy.kinds import Kind

OPENED = 1 << 15
"""Plain texts kept at most, about 250 bytes each."""

ID, PAIR, DIGEST = b"i", b"p", b"d"
"""What a key of the look-up table begins with, so that no two sorts of key meet."""


def single_key(kind: Kind, name: str) -> bytes:
    """A name alone, folded."""
    return b"s%c" % kind.code + name.encode("utf-8", "surrogatepass")


def initial_key(letter: int, family: bytes) -> bytes:
    """A family name's folded words and the first letter of a given name beside it."""
    return b"f%c" % letter + family


def other_key(kind: Kind, canonical: str) -> bytes:
    """A value that is looked up as it is."""
    return b"o%c" % kind.code + canonical.encode("utf-8", "surrogatepass")


class Values:
    """Look-ups in one version. Shared by threads."""

    def __init__(
        self, table: HashTable, references: References, store: Source, sealer: ValueSealer
    ) -> None:
        self._table, self._references = table, references
        self._store, self._sealer = store, sealer
        self.plain = lru_cache(OPENED)(self._open)

    def candidates(self, key: bytes) -> Iterator[tuple[int, Kind, str]]:
        """Reference, kind and text of the values that may stand under ``key``: compare."""
        for number in self._table.get(key):
            ref = self._references[number]
            plain = self.plain(ref)
            if plain is not None:
                yield ref, *plain

    def _open(self, ref: int) -> tuple[Kind, str] | None:
        """The kind and canonical text of a value; ``None`` if unknown or erased."""
        (record,) = self._store.get_values((ref,))
        if record is None:
            return None
        try:
            text = self._sealer.open(ref, record.kind, record.sealed)
        except Erased:
            return None
        return record.kind, text
