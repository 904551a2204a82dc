"""From the store's sealed records to the bytes of an index.

A share of the values is opened one by one, and of each only keyed hashes, words and shapes
are kept (``scan``). The shares are put together with numpy (``assemble``): sorted, counted,
cut into the arrays that ``tables`` reads. Large directories are scanned by two processes.

Everything is made anew from the store each time, by today's folding: no index can be older
than the rules it is searched with.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np

from proxy.directory.bearers import NOBODY, POINTING, SEVERAL
from proxy.directory.classes import CLASS_SIZE
from proxy.directory.digests import digests_of
from proxy.directory.fold import name_key, words
from proxy.directory.identifiers import EXACT_KINDS, ShapeBook, key_of
from proxy.directory.name_table import (
    FAMILY_FIRST,
    FAMILY_LAST,
    GIVEN_FIRST,
    GIVEN_LAST,
    GIVEN_NAME,
    REACH_SHIFT,
    pair_keys,
)
from proxy.directory.sealer import ValueSealer
from proxy.directory.tables import HASH_BYTES
from proxy.directory.values import DIGEST, ID, PAIR, initial_key, other_key, single_key
from proxy.errors import Erased
from proxy.kinds import KIND_OF_CODE, Kind, SubjectKind
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.store.interface import Store, SubjectRecord

type Array = np.ndarray[Any, np.dtype[Any]]

_REACH_MAX = 255
_PER_BUCKET = 8
_SINGLE = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)


class Share:
    """What was gathered of a share of the values. Holds no value but words of names."""

    def __init__(self) -> None:
        self.refs = array("Q")
        self.codes = bytearray()
        """The kind of each of ``refs``."""
        self.kinds: Counter[int] = Counter()
        self.hashes: list[bytes] = []
        self.rows = array("I")
        """For each hash, which of ``refs`` it stands for."""
        self.roles: dict[bytes, int] = {}
        self.shapes = ShapeBook()
        self.longest = 0


def scan(store: Store, sealer: ValueSealer, key: bytes, part: int = 0, parts: int = 1) -> Share:
    """Open a share of the values and keep what look-ups need."""
    share = Share()
    taker = _Taker(share, key)
    take = {kind: taker.of(kind) for kind in Kind}
    refs, kinds, open_value = share.refs, [0] * 256, sealer.open
    for ref, kind, _, sealed, _ in store.values(part, parts):
        try:
            text = open_value(ref, kind, sealed)
        except Erased:  # a backup brought it back: as if it were not there
            continue
        refs.append(ref)
        share.codes.append(kind.code)
        kinds[kind.code] += 1
        take[kind](text)
    share.kinds = Counter({code: count for code, count in enumerate(kinds) if count})
    share.hashes = [b"".join(share.hashes)]
    return share


class _Taker:
    """Takes the values of one share in."""

    def __init__(self, share: Share, key: bytes) -> None:
        self._share, self._key = share, key
        self._words = lru_cache(1 << 17)(words)
        self._hash, self._row, self._refs = share.hashes.append, share.rows.append, share.refs

    def of(self, kind: Kind) -> Callable[[str], None]:
        """Takes values of one kind in: each time the last of ``refs``."""
        if kind is Kind.FULL_NAME:
            return self._take_pair
        if kind is Kind.EMAIL:
            return self._take_email
        if kind in EXACT_KINDS:
            return partial(self._take_exact, kind)
        if kind in _SINGLE:
            return partial(self._take_single, kind)
        return lambda text: self._put(other_key(kind, text))

    def _take_exact(self, kind: Kind, text: str) -> None:
        key = key_of(kind, text)
        self._put(ID + key)
        self._share.shapes.add(kind, key)

    def _take_email(self, text: str) -> None:
        self._take_exact(Kind.EMAIL, text)
        for digest in digests_of(text):
            self._put(DIGEST + digest)

    def _take_single(self, kind: Kind, text: str) -> None:
        self._put(single_key(kind, name_key(text)))
        if kind is Kind.GIVEN_NAME:
            self._give(b" ".join(self._words(text)), GIVEN_NAME)

    def _take_pair(self, text: str) -> None:
        given_name, _, family_name = text.partition(NAME_SEPARATOR)
        given, family = self._words(given_name), self._words(family_name)
        if not given or not family:
            return
        for joined in set(pair_keys(given, family)):
            self._put(PAIR + joined)
        self._put(initial_key(given[0][0], b" ".join(family)))
        length = len(given) + len(family)
        self._share.longest = max(self._share.longest, length)
        self._give(b" ".join(given), GIVEN_NAME)
        self._give(given[0], GIVEN_FIRST, length)
        self._give(given[-1], GIVEN_LAST)
        self._give(family[0], FAMILY_FIRST, length)
        self._give(family[-1], FAMILY_LAST)

    def _put(self, message: bytes) -> None:
        self._hash(blake2b(message, digest_size=HASH_BYTES, key=self._key).digest())
        self._row(len(self._refs) - 1)

    def _give(self, word: bytes, role: int, reach: int = 0) -> None:
        known = self._share.roles.get(word, 0)
        if known & role != role or reach > known >> REACH_SHIFT:
            self._share.roles[word] = join_roles(
                known, role | min(reach, _REACH_MAX) << REACH_SHIFT
            )


def join_roles(one: int, two: int) -> int:
    """Flags of both, the longer reach."""
    flags = (one | two) & ((1 << REACH_SHIFT) - 1)
    return flags | max(one >> REACH_SHIFT, two >> REACH_SHIFT) << REACH_SHIFT


def assemble(
    shares: Iterable[Share], subjects: Iterator[SubjectRecord], key: bytes
) -> tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]:
    """Sections, what is to be sealed, and figures that anybody may see."""
    parts = list(shares)
    refs = np.concatenate([np.asarray(part.refs, dtype=np.uint64) for part in parts])
    order = np.argsort(refs, kind="stable")
    number_of = np.empty(len(refs), dtype=np.uint32)
    number_of[order] = np.arange(len(refs), dtype=np.uint32)
    offsets = np.cumsum([0, *(len(part.refs) for part in parts)])
    rows = np.concatenate(
        [
            np.asarray(part.rows, dtype=np.int64) + offset
            for part, offset in zip(parts, offsets, strict=False)
        ]
    )
    hashes = np.frombuffer(b"".join(chain(*(part.hashes for part in parts))), dtype="<u8")
    sections = _hash_table("lookup", hashes, number_of[rows], np.uint16)
    del hashes, rows, number_of
    refs = refs[order]
    sections |= _references(refs)
    roles: dict[bytes, int] = {}
    shapes = ShapeBook()
    for part in parts:
        shapes.update(part.shapes)
        for word, role in part.roles.items():
            roles[word] = join_roles(roles.get(word, 0), role)
    sections |= _word_table(roles, key)
    scopes = ScopeBook(subjects)
    codes = np.frombuffer(b"".join(part.codes for part in parts), dtype=np.uint8)[order]
    sections |= scopes.sections(refs)
    sections |= scopes.rosters(refs, codes)
    sections |= scopes.bearers(refs, codes)
    given = [word for word, role in roles.items() if role & (GIVEN_FIRST | GIVEN_LAST)]
    sealed = {
        "given": sorted(word.decode("latin-1") for word in given),
        "longest": max((part.longest for part in parts), default=0),
        "schools": list(scopes.schools),
        "classes": list(scopes.classes),
        "shapes": shapes.to_lists(),
    }
    kinds = sum((part.kinds for part in parts), Counter[int]())
    values = {KIND_OF_CODE[code].value: count for code, count in sorted(kinds.items())}
    return sections, sealed, {"values": values, **scopes.counts()}


class ScopeBook:
    """Reads every record once: who is where, and which values point at them."""

    def __init__(self, subjects: Iterator[SubjectRecord]) -> None:
        self.schools: dict[str, int] = {}
        self.classes: dict[tuple[str, str], int] = {}
        self._scopes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
        self._values, self._lengths, self._of = array("Q"), array("I"), array("I")
        self._refs, self._kinds, self._active = array("Q"), bytearray(), bytearray()
        kinds = {kind: code for code, kind in enumerate(SubjectKind)}
        for record in subjects:
            places = (record.schools, record.classes)
            scope = self._scopes.setdefault(places, len(self._scopes))
            self._values.extend(record.values)
            self._lengths.append(len(record.values))
            self._of.append(scope)
            self._refs.append(record.ref)
            self._kinds.append(kinds[record.kind])
            self._active.append(record.active)

    def sections(self, refs: Array) -> dict[str, bytes]:
        """The scope of every value: one of the scopes met, or a union of several."""
        values = np.asarray(self._values, dtype=np.uint64)
        where = np.repeat(
            np.asarray(self._of, dtype=np.uint64), np.asarray(self._lengths, dtype=np.int64)
        )
        at = np.searchsorted(refs, values)
        there = at < len(refs)
        there[there] = refs[at[there]] == values[there]
        pairs = _distinct(at[there].astype(np.uint64) << np.uint64(32) | where[there])
        numbers, scopes = pairs >> np.uint64(32), pairs & np.uint64(0xFFFF_FFFF)
        starts = np.flatnonzero(np.diff(numbers, prepend=np.uint64(1 << 63)))
        counts = np.diff(starts, append=len(numbers))
        items = [self._items(*places) for places in self._scopes]
        nowhere = len(items)
        items.append(())
        scope_of = np.full(len(refs), nowhere, dtype=np.uint32)
        single = starts[counts == 1]
        scope_of[numbers[single].astype(np.int64)] = scopes[single].astype(np.uint32)
        unions: dict[tuple[int, ...], int] = {}
        for start, count in zip(
            starts[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True
        ):
            met = scopes[start : start + count].tolist()
            union = tuple(sorted(set(chain.from_iterable(items[scope] for scope in met))))
            scope = unions.get(union)
            if scope is None:
                scope = unions[union] = len(items)
                items.append(union)
            scope_of[int(numbers[start])] = scope
        shift = len(self.schools)
        flat = array(
            "I", (i >> 1 if not i & 1 else shift + (i >> 1) for item in items for i in item)
        )
        lengths = np.fromiter(map(len, items), dtype=np.uint32, count=len(items))
        return {
            "scope-of": scope_of.tobytes(),
            "scope-starts": _starts(lengths),
            "scope-items": flat.tobytes(),
        }

    def rosters(self, refs: Array, codes: Array) -> dict[str, bytes]:
        """The single names of the pupils of each class that is small enough to be one."""
        pupil = list(SubjectKind).index(SubjectKind.PUPIL)
        there = np.frombuffer(bytes(self._active), dtype=np.uint8).astype(bool)
        there &= np.frombuffer(bytes(self._kinds), dtype=np.uint8) == pupil
        lengths = np.asarray(self._lengths, dtype=np.int64)
        scopes = np.asarray(self._of, dtype=np.int64)
        classes = [self._classes_of(*places) for places in self._scopes]
        sizes = np.zeros(len(self.classes) + 1, dtype=np.int64)
        for scope, count in Counter(scopes[there].tolist()).items():
            sizes[list(classes[scope])] += count
        values = np.asarray(self._values, dtype=np.uint64)[np.repeat(there, lengths)]
        where = np.repeat(scopes[there], lengths[there])
        at = np.minimum(np.searchsorted(refs, values), max(len(refs) - 1, 0))
        known = refs[at] == values if len(refs) else np.zeros(len(values), dtype=bool)
        known &= np.isin(codes[at], [kind.code for kind in _SINGLE]) if len(refs) else known
        at, where = at[known], where[known]
        counts = np.fromiter(map(len, classes), dtype=np.int64, count=len(classes))
        flat = np.fromiter(chain.from_iterable(classes), dtype=np.int64, count=int(counts.sum()))
        first = np.concatenate([[0], np.cumsum(counts)])[:-1]
        repeats = counts[where]
        offsets = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        number = flat[np.repeat(first[where], repeats) + offsets]
        value = np.repeat(at, repeats)
        small = sizes[number] <= CLASS_SIZE
        pairs = _distinct(
            number[small].astype(np.uint64) << np.uint64(32) | value[small].astype(np.uint64)
        )
        found = (pairs >> np.uint64(32)).astype(np.int64)
        return {
            "roster-starts": _starts(np.bincount(found, minlength=len(self.classes))),
            "roster-values": pairs.astype(np.uint32).tobytes(),
        }

    def bearers(self, refs: Array, codes: Array) -> dict[str, bytes]:
        """The subjects of each value that points at a person: one number, or a list."""
        everybody, numbers = np.unique(np.asarray(self._refs, dtype=np.uint64), return_inverse=True)
        values = np.asarray(self._values, dtype=np.uint64)
        who = np.repeat(numbers.astype(np.uint64), np.asarray(self._lengths, dtype=np.int64))
        at = np.searchsorted(refs, values)
        known = at < len(refs)
        known[known] = refs[at[known]] == values[known]
        born = known.copy()
        born[born] = codes[at[born]] == Kind.BIRTH_DATE.code
        birth = np.full(len(everybody), NOBODY, dtype=np.uint32)
        birth[who[born].astype(np.int64)] = at[born].astype(np.uint32)
        known[known] = np.isin(codes[at[known]], [kind.code for kind in POINTING])
        pairs = _distinct(at[known].astype(np.uint64) << np.uint64(32) | who[known])
        value = (pairs >> np.uint64(32)).astype(np.int64)
        bearer = pairs.astype(np.uint32)
        of = np.full(len(refs), NOBODY, dtype=np.uint32)
        first = np.flatnonzero(np.diff(value, prepend=-1))
        counts = np.diff(first, append=len(value))
        single, several = first[counts == 1], first[counts > 1]
        of[value[single]] = bearer[single]
        of[value[several]] = np.arange(len(several), dtype=np.uint32) | SEVERAL
        lengths = counts[counts > 1]
        items = bearer[np.repeat(counts > 1, counts)]
        return {
            "bearer-of": of.tobytes(),
            "bearer-starts": _starts(lengths),
            "bearer-items": items.tobytes(),
            "bearer-refs": everybody.tobytes(),
            "bearer-born": birth.tobytes(),
        }

    def _classes_of(self, schools: tuple[str, ...], classes: tuple[str, ...]) -> set[int]:
        return {self.classes[school, name] for school in schools for name in classes}

    def counts(self) -> dict[str, Any]:
        """Active subjects by kind and school, leavers; a subject of two sources counts once."""
        refs = np.asarray(self._refs, dtype=np.uint64)
        kinds = np.frombuffer(bytes(self._kinds), dtype=np.uint8)
        active = np.frombuffer(bytes(self._active), dtype=np.uint8).astype(bool)
        everybody, first = np.unique(refs[active], return_index=True)
        by_kind = np.bincount(kinds[active][first], minlength=len(SubjectKind)).tolist()
        places: dict[int, list[str]] = {n: list(s) for (s, _), n in self._scopes.items()}
        scopes = np.asarray(self._of, dtype=np.uint64)[active]
        met = (
            np.unique(np.stack([refs[active], scopes]), axis=1) if len(scopes) else np.empty((2, 0))
        )
        by_school: Counter[str] = Counter()
        twice = set(_repeated(met[0]))
        schools: dict[int, set[str]] = {}
        whole: Counter[int] = Counter()
        for ref, scope in zip(met[0].tolist(), met[1].tolist(), strict=True):
            if ref in twice:
                schools.setdefault(ref, set()).update(places[scope])
            else:
                whole[scope] += 1
        for scope, count in whole.items():
            for school in set(places[scope]):
                by_school[school] += count
        for names in schools.values():
            by_school.update(names)
        return {
            "subjects": {k.value: n for k, n in zip(SubjectKind, by_kind, strict=True) if n},
            "leavers": len(_distinct(refs)) - len(everybody),
            "schools": dict(by_school),
        }

    def _items(self, schools: tuple[str, ...], classes: tuple[str, ...]) -> tuple[int, ...]:
        """Schools as even numbers, classes as odd ones. A class is one of a school."""
        found = {self.schools.setdefault(school, len(self.schools)) << 1 for school in schools}
        for school in schools:
            for name in classes or ("",):
                found.add(self.classes.setdefault((school, name), len(self.classes)) << 1 | 1)
        return tuple(sorted(found))


def _distinct(values: Array) -> Array:
    """Sorted, each once. ``numpy.unique`` hashes first, which takes three times as long here."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    found: Array = ordered[first]
    return found


def _repeated(sorted_refs: Array) -> list[int]:
    return [int(ref) for ref in sorted_refs[1:][sorted_refs[1:] == sorted_refs[:-1]]]


def _word_table(roles: dict[bytes, int], key: bytes) -> dict[str, bytes]:
    hashed = (blake2b(word, digest_size=HASH_BYTES, key=key).digest() for word in roles)
    hashes = np.frombuffer(b"".join(hashed), dtype="<u8")
    numbers = np.fromiter(roles.values(), dtype=np.uint32, count=len(roles))
    return _hash_table("word", hashes, numbers, np.uint32)


def _hash_table(
    name: str, hashes: Array, numbers: Array, mark: type[np.unsignedinteger[Any]]
) -> dict[str, bytes]:
    bits = max(1, (len(hashes) // _PER_BUCKET).bit_length())
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    buckets = (hashes >> np.uint64(64 - bits)).astype(np.int64)
    return {
        f"{name}-starts": _starts(np.bincount(buckets, minlength=1 << bits)),
        f"{name}-marks": hashes.astype(mark).tobytes(),
        f"{name}-numbers": numbers[order].astype(np.uint32).tobytes(),
    }


def _references(refs: Array) -> dict[str, bytes]:
    tops = (refs >> np.uint64(48)).astype(np.int64)
    return {
        "reference-starts": _starts(np.bincount(tops, minlength=1 << 16)),
        "reference-middles": (refs >> np.uint64(16)).astype(np.uint32).tobytes(),
        "reference-lows": refs.astype(np.uint16).tobytes(),
    }


def _starts(counts: Array) -> bytes:
    starts: bytes = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32).tobytes()
    return starts
