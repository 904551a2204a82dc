"""The lookup index: a directory version, immutable, swapped whole.

``Index`` answers for one version; ``Directory`` holds the current one and takes the next when
the store's version moved. A request keeps the index it started with.

What an index looks up lies in mapped bytes (``tables``), the same for all workers of a machine;
values are opened one by one from the store when they are met (``values``), or from this
machine's copy while a store elsewhere is gone (``mirror``).
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from proxy.content import signs as sign
from proxy.directory import mentions, mirror, titled
from proxy.directory.bearers import NOBODY, Bearers
from proxy.directory.classes import POINTS, QUORUM, Rosters
from proxy.directory.fold import Folded, fold, name_key, words
from proxy.directory.identifiers import EXACT_KINDS, IdentifierNet, ShapeBook
from proxy.directory.index_file import IndexKeys, building, load, save
from proxy.directory.match import Match, without_overlaps
from proxy.directory.mirror import Source, backed
from proxy.directory.name_table import NameTable
from proxy.directory.names import NameNet
from proxy.directory.screen import Screen
from proxy.directory.sealer import NoSealer, ValueSealer
from proxy.directory.seen import SeenNet
from proxy.directory.tables import HashTable, References, Scopes, Sections
from proxy.directory.values import Values, other_key, single_key
from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.marks import Marks, mark_of
from proxy.policy.telling import member_patterns
from proxy.store.interface import Store
from proxy.store.memory import MemoryStore

_SINGLE_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_NETS = sign.NAMES | sign.IDENTIFIERS | sign.TITLES
_NOWHERE: frozenset[str] = frozenset()
_ATTEMPTS = 5
_FEW = 8
_KEPT = 1 << 13
"""Answers kept at most: who writes to a service writes again."""
_SHORT = 120
_LINE = 1024
type Kept = dict[tuple[str, bool], tuple[Folded, list[Match], list[Match]]]
"""Texts as they fold, the full names found in them, and what else was. By text and any case."""
_SEALED = "sealed"
_STORE_ID = "directory-id"


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures about a directory, without anybody's name."""

    version: int = 0
    subjects: Mapping[SubjectKind, int] = field(default_factory=dict)
    """Active ones."""
    leavers: int = 0
    schools: Mapping[str, int] = field(default_factory=dict)
    """Active subjects by school."""
    values: Mapping[Kind, int] = field(default_factory=dict)


class Index:
    """Finds the directory's identifiers in text. Immutable, shared by threads."""

    def __init__(
        self,
        sections: Sections,
        figures: Mapping[str, Any],
        store: Source,
        sealer: ValueSealer,
        school_domains: Iterable[str] = (),
    ) -> None:
        """Raises ``ValueError`` for sections that were made under other keys."""
        keys = IndexKeys(sealer)
        sealed = keys.open(bytes(sections[_SEALED]))
        self._counts = _counts(figures)
        self._canonical = sealer.canonical
        self._references = References(sections)
        self._values = Values(
            HashTable(sections, "lookup", keys.hashes), self._references, store, sealer
        )
        self._scopes = Scopes(
            sections, sealed["schools"], [(school, name) for school, name in sealed["classes"]]
        )
        self._rosters = Rosters(sections)
        self._bearers = Bearers(sections)
        given = [word.encode("latin-1") for word in sealed["given"]]
        word_table = HashTable(sections, "word", keys.hashes, mark="I")
        self._table = NameTable(word_table, self._values, given, sealed["longest"])
        self._names = NameNet(self._table)
        shapes = ShapeBook.from_lists(sealed["shapes"])
        self._identifiers = IdentifierNet(self._values, self._names, shapes, school_domains)
        self.screen = Screen(given, self._identifiers.pattern, *member_patterns())
        """What a text may hold, by one quick look."""
        self.plain = self._values.plain
        """The kind and canonical text of a directory value; ``None`` if unknown or erased."""
        self._kept = lru_cache(_KEPT)(self._look_up)
        self._kept_halves = lru_cache(_KEPT)(self._halves)
        self._bare = Marks(_KEPT)
        """Hashes of short texts without a sign: header fields and phrases come again."""

    @classmethod
    def build(cls, store: Store, sealer: ValueSealer, school_domains: Iterable[str] = ()) -> Index:
        """The index of what the store holds now, in this process's own memory."""
        content, figures = make(store, sealer)
        sections = {name: memoryview(part) for name, part in content.items()}
        return cls(sections, figures, store, sealer, school_domains)

    @classmethod
    def empty(cls, canonical: Callable[[Kind, str], str]) -> Index:
        """The index of nobody: patterns alone are found."""
        return cls.build(MemoryStore(), NoSealer(canonical))

    @property
    def version(self) -> int:
        """The directory version this was built from."""
        return self._counts.version

    def find(
        self,
        text: str,
        any_case: bool = False,
        school: str = "",
        seen: SeenNet | None = None,
        kept: Kept | None = None,
    ) -> list[Match]:
        """Identifiers in ``text``, sorted, not overlapping.

        ``any_case`` for a field that people type: names count in lower case too. ``school``
        is the viewer's: its families are found behind a title or an initial. ``seen`` is the
        net of what the same request has shown. ``kept``: what a reading found, for the next.
        """
        known = None if kept is None else kept.get((text, any_case))
        if known is None:
            signs = self._signs(text)
            if seen is None and not signs & _NETS:
                return []
            folded = fold(text)
            names = self._names.find(folded, any_case) if signs & sign.NAMES else []
            others = self._others(folded, signs, school)
            if kept is not None:
                kept[text, any_case] = folded, names, others
        else:
            folded, names, others = known
        found = others if seen is None else [*others, *seen.find(folded, any_case, names)]
        found = without_overlaps([*names, *found]) if found else names
        if found and folded.shift:
            back = folded.shift.back
            return [Match(back(m.start), back(m.end), m.kind, m.ref) for m in found]
        return found

    def catches(self, text: str, any_case: bool = False, school: str = "") -> bool:
        """Whether ``find`` finds anything in ``text``: the first match is enough."""
        signs = self._signs(text)
        if not signs & _NETS:
            return False
        folded = fold(text)
        if signs & sign.NAMES and self._names.catches(folded, any_case):
            return True
        return bool(self._others(folded, signs, school))

    def _signs(self, text: str) -> int:
        """Which nets have to be asked."""
        mark = mark_of(text) if len(text) <= _LINE else 0
        if mark in self._bare:
            return 0
        signs = None if "\xad" in text else self.screen.signs(text)
        if signs is None:
            return _NETS
        if mark and not signs & _NETS:
            self._bare.remember(mark)
        return signs

    def _others(self, folded: Folded, signs: int, school: str) -> list[Match]:
        """What the nets find that are not for full names."""
        found: list[Match] = []
        if signs & sign.IDENTIFIERS:
            found = self._identifiers.find(folded)
            found += mentions.find(folded, self._identifiers.known)
        if school and signs & sign.TITLES:
            found += titled.find(folded, _School(self, school))
        return found

    def classmates(self, refs: Iterable[int]) -> list[tuple[Kind, str]]:
        """The lone names of each class that several of these people sit in."""
        met = Counter(number for ref in refs for number in self._class_numbers(ref))
        shared = [number for number, count in met.items() if count >= QUORUM]
        numbers = (value for number in shared for value in self._rosters.names(number))
        return list(filter(None, (self.plain(self._references[value]) for value in numbers)))

    def _class_numbers(self, ref: int) -> list[int]:
        """The classes of those whom a value points at, if they are few."""
        number, plain = self._references.number(ref), self.plain(ref)
        if number is None or plain is None or plain[0] not in POINTS:
            return []
        return self._scopes.class_numbers(number)

    def lookup(self, kind: Kind, text: str) -> int | None:
        """The reference of the directory value that ``text`` spells, or ``None``."""
        return self._kept(kind, text) if len(text) <= _SHORT else self._look_up(kind, text)

    def _look_up(self, kind: Kind, text: str) -> int | None:
        if kind is Kind.FULL_NAME:
            pair = self._names.of_text(text)
            return pair.ref if pair else None
        if kind in EXACT_KINDS:
            return self._identifiers.known(kind, text)
        if kind in _SINGLE_NAMES:
            return self._single(kind, text)
        typed = self._canonical(kind, text)
        found = self._values.candidates(other_key(kind, typed))
        return next((ref for ref, k, plain in found if (k, plain) == (kind, typed)), None)

    def halves(self, text: str) -> tuple[str, str] | None:
        """Given and family name of the directory's full name that ``text`` spells."""
        return self._kept_halves(text) if len(text) <= _SHORT else self._halves(text)

    def _halves(self, text: str) -> tuple[str, str] | None:
        pair = self._names.of_text(text)
        return (pair.given, pair.family) if pair else None

    def spelt(self, kind: Kind, text: str) -> list[int]:
        """Every value that ``text`` spells, whatever its accents and case: for people's questions.

        ``lookup`` takes the nearest of them.
        """
        if kind is Kind.FULL_NAME:
            return [pair.ref for pair in self._table.pairs(b" ".join(words(text)))]
        if kind in _SINGLE_NAMES:
            folded = name_key(text)
            found = self._values.candidates(single_key(kind, folded))
            return [ref for ref, k, plain in found if k is kind and name_key(plain) == folded]
        ref = self.lookup(kind, text)
        return [] if ref is None else [ref]

    def schools(self, ref: int) -> frozenset[str]:
        """The schools of the subjects that this value points at."""
        number = self._references.number(ref)
        return _NOWHERE if number is None else self._scopes.schools(number)

    def classes(self, ref: int) -> frozenset[tuple[str, str]]:
        """School and class of the subjects it points at; ``(school, "")`` for one in no class."""
        number = self._references.number(ref)
        return frozenset() if number is None else self._scopes.classes(number)

    def bearers(self, ref: int) -> tuple[int, ...]:
        """The subjects that bear a value which points at people; else none."""
        number = self._references.number(ref)
        return () if number is None else self._bearers.of(number)

    def born(self, refs: Iterable[int]) -> frozenset[date | None]:
        """The birth dates of those whom values point at; ``None`` among them if one's is unknown.

        Values of many people (a name shared by a whole site) tell nothing.
        """
        numbers = {number for ref in refs if (number := self._references.number(ref)) is not None}
        born = {
            day
            for number in numbers
            if len(days := self._bearers.born(number)) <= _FEW
            for day in days
        }
        return frozenset(map(self._day, born))

    def _day(self, number: int) -> date | None:
        known = None if number == NOBODY else self.plain(self._references[number])
        try:
            return date.fromisoformat(known[1]) if known else None
        except ValueError:
            return None

    def references(self) -> Iterator[int]:
        """Every value's reference."""
        return (self._references[number] for number in range(len(self._references)))

    def counts(self) -> Counts:
        """Figures for people and metrics."""
        return self._counts

    def _single(self, kind: Kind, text: str) -> int | None:
        """Of names that fold alike, the one spelt so; else always the same one."""
        folded, typed = name_key(text), self._canonical(kind, text)
        alike = sorted(
            (plain != typed, ref)
            for ref, found, plain in self._values.candidates(single_key(kind, folded))
            if found is kind and name_key(plain) == folded
        )
        return alike[0][1] if alike else None

    def family_of(self, key: bytes, school: str) -> int | None:
        """A family name of this school, by its folded words."""
        folded = key.decode("latin-1")
        for ref, kind, plain in self._values.candidates(single_key(Kind.FAMILY_NAME, folded)):
            spelt = kind is Kind.FAMILY_NAME and name_key(plain) == folded
            if spelt and school in self.schools(ref):
                return ref
        return None

    def person_of(self, letter: int, family: bytes, school: str) -> int | None:
        """A full name of this school: a given name with this initial, and this family name."""
        pairs = self._table.initialled(letter, family)
        return next((pair.ref for pair in pairs if school in self.schools(pair.ref)), None)


class _School(NamedTuple):
    """The families of the viewer's school (``names.FamilyScope``)."""

    directory: Index
    school: str

    def family(self, key: bytes) -> int | None:
        return self.directory.family_of(key, self.school)

    def person(self, letter: int, family: bytes) -> int | None:
        if self.family(family) is None:
            return None
        return self.directory.person_of(letter, family, self.school)


class Directory:
    """The current index; ``refresh`` swaps in a new one when the store's version moved.

    With a ``folder`` the index is a file there, made once on this machine, by ``make_file``
    (``building_process.build``: in a process of its own, so that nobody waits for it) or here.
    """

    def __init__(
        self,
        store: Store,
        sealer: ValueSealer,
        school_domains: Iterable[str] = (),
        folder: Path | None = None,
        make_file: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._sealer = store, sealer
        self._domains = tuple(school_domains)
        self._folder, self._make_file = folder, make_file
        self._lock = threading.Lock()
        first = self._next(wait=True)
        assert first is not None, "who waits gets one"
        self._index = first

    @property
    def index(self) -> Index:
        """The index to use for one request."""
        return self._index

    def refresh(self) -> bool:
        """Take the index of a new version; the old one serves until the new one is whole.

        While another worker of this machine builds it, nothing changes yet.
        """
        if self._store.directory_version() == self._index.version:
            return False
        with self._lock:
            if self._store.directory_version() == self._index.version:
                return False
            found = self._next(wait=False)
            if found is None:
                return False
            self._index = found
        return True

    def _next(self, *, wait: bool) -> Index | None:
        if self._folder is None:
            return Index.build(self._store, self._sealer, self._domains)
        for _ in range(_ATTEMPTS):
            if found := self._open():
                return found
            with building(self._folder, wait=wait) as ours:
                if not ours:
                    return None
                if not self._open():
                    self._build()
        raise StoreUnavailable("the directory kept changing while it was read; try again")

    def _open(self) -> Index | None:
        assert self._folder is not None, "asked for only then"
        path = self._folder / _file_name(self._store, self._sealer)
        found = load(path)
        if found is None:
            return None
        try:
            return Index(*found, backed(self._store, path), self._sealer, self._domains)
        except (ValueError, KeyError):
            return None

    def _build(self) -> None:
        if self._make_file is not None:
            self._make_file()
        elif self._folder is not None:
            write(self._store, self._sealer, self._folder)


def write(
    store: Store,
    sealer: ValueSealer,
    folder: Path,
    scan_shares: Callable[[bytes], list[Any]] | None = None,
) -> Path:
    """Build the index of what the store holds now, as a file; its path."""
    content, figures = make(store, sealer, scan_shares)
    path = folder / IndexKeys(sealer).file_name(_store_id(store), figures["version"])
    if store.remote:
        mirror.write(store, mirror.beside(path))
    save(path, content, figures)
    return path


def make(
    store: Store, sealer: ValueSealer, scan_shares: Callable[[bytes], list[Any]] | None = None
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Sections and figures of one single version. ``scan_shares`` scans in other processes."""
    from proxy.directory.building import assemble, scan  # here: numpy is no worker's business

    keys = IndexKeys(sealer)
    for _ in range(_ATTEMPTS):
        version = store.directory_version()
        shares = scan_shares(keys.hashes) if scan_shares else [scan(store, sealer, keys.hashes)]
        sections, sealed, figures = assemble(shares, store.subjects(), keys.hashes)
        if store.directory_version() == version:
            sections[_SEALED] = keys.seal(sealed)
            return sections, {"version": version, **figures}
    raise StoreUnavailable("the directory kept changing while it was read; try again")


def _file_name(store: Store, sealer: ValueSealer) -> str:
    return IndexKeys(sealer).file_name(_store_id(store), store.directory_version())


def _store_id(store: Store) -> bytes:
    """Random, made once: versions of two stores are not the same."""
    found = store.get_meta(_STORE_ID)
    if found is None:
        store.set_meta(_STORE_ID, secrets.token_bytes(16))
        found = store.get_meta(_STORE_ID) or b""
    return found


def _counts(figures: Mapping[str, Any]) -> Counts:
    return Counts(
        figures["version"],
        {SubjectKind(kind): count for kind, count in figures["subjects"].items()},
        figures["leavers"],
        figures["schools"],
        {Kind(kind): count for kind, count in figures["values"].items()},
    )
