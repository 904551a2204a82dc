"""What is remembered of an erasure, so that a roster does not bring somebody back unnoticed.

64 keyed bits of each key of the person (their ids in rosters, INE, e-mail, login, number): enough
to know them again, nothing to read. Who holds ``site.key`` and guesses an INE can ask whether it
was erased; nobody can list whom.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

NOTE = "t"
_LAID = b"\x01"


class Tombstones:
    """Asked by an import about each new row; loaded once, eight bytes an entry."""

    def __init__(self, store: Store, sealer: ValueSealer) -> None:
        self._store, self._sealer = store, sealer
        self._laid = {ref for ref, _ in store.notes.every(NOTE)}

    def __bool__(self) -> bool:
        return bool(self._laid)

    def met(self, source_key: bytes, fingerprints: Iterable[bytes]) -> frozenset[int]:
        """The tombstones of a row: none for almost everybody."""
        keys = (self._sealer.tombstone(key) for key in (source_key, *fingerprints))
        return frozenset(key for key in keys if key in self._laid)

    def lift(self, met: Iterable[int]) -> None:
        """They are people of the directory again."""
        rows = dict.fromkeys(met, b"")
        if rows:
            self._store.notes.put(NOTE, rows)
            self._laid -= rows.keys()


def lay(store: Store, sealer: ValueSealer, keys: Iterable[bytes]) -> None:
    """Remember source keys and fingerprints of somebody who is erased."""
    store.notes.put(NOTE, {sealer.tombstone(key): _LAID for key in keys})
