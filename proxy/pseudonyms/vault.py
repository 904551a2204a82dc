"""The vault: values that were seen but that the directory does not hold.

Two sorts. A *stranger* is a value of somebody unknown (a guardian's e-mail found by
pattern): owner 0. A *spelling* is a text that means a directory value but that no form makes
from it (``LéA MARtin``): its owner is that value's reference, so that the restoring scope and
erasure of the value hold for it too.

A vault value keeps its reference, and hence its pseudonym, as long as the site key lives. If
its value enters the directory later it gets a new one; the old still restores.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms.sealing import Reference
from proxy.pseudonyms.values import WRAPPED_BYTES, ValueSealer
from proxy.store.interface import Store

CACHE = 1 << 13
_ATTEMPTS = 4


class VaultValue(NamedTuple):
    """A text and the directory value that it spells (0: none)."""

    text: str
    owner: int


class Vault:
    """Keeps strangers and spellings; one a process, shared by the services.

    ``reference`` is cached, so that the hot path has no store access: a value this process
    has put or seen in the store is not put again.
    """

    def __init__(self, sealer: ValueSealer, store: Store) -> None:
        self._sealer = sealer
        self._store = store
        self.reference = lru_cache(CACHE)(self._reference)
        self._known: dict[Reference, VaultValue] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Vault({self._store!r})"

    def _reference(self, kind: Kind, text: str, owner: int = 0) -> int:
        """The reference of a text, which is in the store when this returns.

        Two texts share a 64-bit HMAC with a chance of 1e-6 among six million; the second
        then takes the next one, so restoring stays exact.
        """
        value = VaultValue(text, owner)
        for attempt in range(_ATTEMPTS):
            ref = self._sealer.vault_reference(kind, text, owner, attempt)
            found = self._store.vault_get((ref,))[0]
            if found is None:
                self._store.vault_put(ref, self._seal(ref, kind, value))
            elif self._open(ref, kind, found) != value:
                continue
            self._remember(Reference(ref, kind, True), value)
            return ref
        raise StoreUnavailable("the vault's references collide; is the store damaged?")

    def find(self, references: Iterable[Reference]) -> dict[Reference, VaultValue]:
        """The values of the references that the vault holds, in one trip to the store."""
        wanted = dict.fromkeys(references)
        found = {r: value for r in wanted if (value := self._known.get(r))}
        missing = [reference for reference in wanted if reference not in found]
        if missing:
            rows = self._store.vault_get([reference.ref for reference in missing])
            for reference, row in zip(missing, rows, strict=True):
                if row is not None:
                    found[reference] = self._open(reference.ref, reference.kind, row)
                    self._remember(reference, found[reference])
        return found

    def _remember(self, reference: Reference, value: VaultValue) -> None:
        """Bounded: the oldest goes first."""
        with self._lock:
            if len(self._known) >= CACHE:
                del self._known[next(iter(self._known))]
            self._known[reference] = value

    def _seal(self, ref: int, kind: Kind, value: VaultValue) -> bytes:
        sealed, wrapped = self._sealer.seal(
            ref, kind, f"{value.owner:016x}{value.text}", in_vault=True
        )
        return wrapped + sealed

    def _open(self, ref: int, kind: Kind, row: bytes) -> VaultValue:
        plain = self._sealer.open(
            ref, kind, row[WRAPPED_BYTES:], row[:WRAPPED_BYTES], in_vault=True
        )
        return VaultValue(plain[16:], int(plain[:16], 16))
