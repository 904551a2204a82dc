"""Erasure: the keys of a person are destroyed, then the rows they opened.

Values that others bear too (a family name, a shared full name, a family's address) stay, for
them. The order makes a kill at any moment harmless: what is to be forgotten is written down
first (references alone), so every worker and the next start carry it out; only then do rows go.

1. tombstones, so that the next roster does not bring the person back unnoticed;
2. the list of references to forget, in the store: every machine of the site reads it there and
   forgets them in its own ``erasure.key`` (``carry_out``), within a second if it serves;
3. this machine's ``erasure.key``;
4. the rows: notes, spellings in the vault, strangers that spell the same, values, records.

From step 3 on an old copy of the store or of the vault holds only noise for these references,
whoever reads it with whatever keys are left.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from proxy.directory.importing import ERASED_BY
from proxy.directory.index import Index
from proxy.errors import InputError
from proxy.kinds import Kind
from proxy.pseudonyms import erasable
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.pseudonyms.erasable import Forgotten, KeyTree, neighbours
from proxy.pseudonyms.values import ValueSealer
from proxy.pseudonyms.vault import Vault
from proxy.rights import canaries, consents, objections, sightings, tombstones
from proxy.rights.people import Held, Subject
from proxy.store.interface import Change, Store

NOTE = "x"
"""A reference to forget; its content: the neighbours whose keys stay."""
_NONE = b"\x00"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done. Figures only."""

    values: int
    """Made unrecoverable, those of the vault among them."""
    shared: int
    """Borne by others too: they stay, for these."""
    records: int


@dataclass(frozen=True, slots=True)
class Tools:
    """What erasing needs of an open site."""

    store: Store
    sealer: ValueSealer
    index: Index
    tree: KeyTree
    folder: Path
    """Where ``erasure.key`` is."""


def erase(
    tools: Tools, subjects: Sequence[Subject], held: Iterable[Held], *, mark: bool = True
) -> Erasure:
    """Erase subjects, of whom this is ``held``. ``mark``: remember that, for imports."""
    store, sealer = tools.store, tools.sealer
    version = tools.index.version
    if store.directory_version() != version:
        raise InputError("the directory has just changed; run the command again")
    refs = [subject.ref for subject in subjects]
    own, shared = _parted(store, subjects)
    texts = [value for value in held if value.ref in own]
    records = [record for ref in refs for record in store.records_of(ref)]
    if mark:
        values = filter(None, store.get_values(sorted(own)))
        keys = [value.fingerprint for value in values if value.kind in ERASED_BY]
        tombstones.lay(store, sealer, [*(record.source_key for record in records), *keys])
    vault = Vault(sealer, store)
    in_vault = _in_vault(vault, own, texts)
    _write_down(store, {*own, *in_vault, *refs}, tools.index.references())
    carry_out(store, tools.tree, tools.folder)
    _forget_notes(store, refs, own)
    vault.forget_refs(sorted(in_vault))
    gone = Change(version, forget_values=sorted(own), forget_subjects=refs)
    store.directory_apply(gone)
    return Erasure(len(own) + len(in_vault), len(shared), len(records))


def carry_out(store: Store, tree: KeyTree, folder: Path) -> bool:
    """Forget what the store says is to be forgotten; whether that changed the file."""
    rows = dict(store.notes.every(NOTE))
    pending = {ref: kept for ref, kept in rows.items() if tree.key(ref) is not None}
    if not pending:
        return False
    kept = frozenset(ref for content in pending.values() for ref in _unpacked(content))
    return erasable.forget(folder, tree, Forgotten(frozenset(pending), kept - rows.keys()))


def _parted(store: Store, subjects: Sequence[Subject]) -> tuple[set[int], set[int]]:
    """The values that nobody else bears, and those that somebody does: by every record."""
    refs = {subject.ref for subject in subjects}
    own = {value for subject in subjects for value in subject.values}
    shared: set[int] = set()
    for record in store.subjects():
        if record.ref not in refs and not own.isdisjoint(record.values):
            shared.update(own.intersection(record.values))
            own.difference_update(record.values)
    return own, shared


def _in_vault(vault: Vault, own: Iterable[int], texts: Iterable[Held]) -> set[int]:
    """Spellings of values that go, and strangers that are the same."""
    found = {ref for value in own for ref in vault.spellings(value)}
    for value in texts:
        for kind, text in _as_stranger(value):
            found.update(vault.strangers(kind, text))
    return found


def _as_stranger(value: Held) -> Iterator[tuple[Kind, str]]:
    """A value as it was kept before the directory knew it, or by a field of another kind."""
    if value.kind is Kind.FULL_NAME:
        given, _, family = value.text.partition(NAME_SEPARATOR)
        yield from ((value.kind, text) for text in (f"{given} {family}", f"{family} {given}"))
        yield value.kind, f"{family.upper()} {given}"
        return
    yield value.kind, value.text


def _write_down(store: Store, refs: Iterable[int], others: Iterable[int]) -> None:
    gone = set(refs)
    kept = neighbours(gone, others)
    packed = struct.pack(f">{len(kept)}Q", *sorted(kept)) if kept else _NONE
    store.notes.put(NOTE, dict.fromkeys(gone, packed))


def _unpacked(content: bytes) -> tuple[int, ...]:
    return () if content == _NONE else struct.unpack(f">{len(content) // 8}Q", content)


def _forget_notes(store: Store, subjects: Iterable[int], values: Iterable[int]) -> None:
    for kind in (objections.NOTE, consents.NOTE, canaries.NOTE):
        store.notes.put(kind, dict.fromkeys(subjects, b""))
    store.notes.put(sightings.NOTE, dict.fromkeys(values, b""))
