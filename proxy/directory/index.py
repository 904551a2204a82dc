"""The lookup index: a directory version in memory, immutable, swapped whole.

``Index`` answers for one version; ``Directory`` holds the current one and rebuilds it when
the store's version moved. A request keeps the index it started with.

Values stand decrypted in memory here. The parts are cut for the version of a whole academy,
where name pairs are a mapped trie and identifiers keyed fingerprints: only ``NameNet``'s pair
table and ``IdentifierNet``'s exact table change then.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.directory import titled
from proxy.directory.classes import Classes
from proxy.directory.fold import fold, name_key
from proxy.directory.identifiers import EXACT_KINDS, IdentifierNet
from proxy.directory.match import Match, without_overlaps
from proxy.directory.names import NameNet, NamePair
from proxy.directory.sealer import ValueSealer
from proxy.directory.seen import SeenNet
from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.store.interface import Store, SubjectRecord

_SINGLE_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_NOWHERE: frozenset[str] = frozenset()
_NO_CLASS: frozenset[tuple[str, str]] = frozenset()
_ATTEMPTS = 5


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
        values: Mapping[int, tuple[Kind, str]],
        schools: Mapping[int, frozenset[str]],
        counts: Counts,
        canonical: Callable[[Kind, str], str],
        school_domains: Iterable[str] = (),
        classes: Mapping[int, frozenset[tuple[str, str]]] | None = None,
        subjects: Iterable[SubjectRecord] = (),
    ) -> None:
        """``values``: kind and canonical text by reference. ``schools``, ``classes``: by it too."""
        self._values, self._schools, self._counts = values, schools, counts
        self._classes = classes or {}
        self._canonical = canonical
        self._single: dict[tuple[Kind, str], tuple[int, ...]] = {}
        self._other: dict[tuple[Kind, str], int] = {}
        pairs, exact, given_names = [], [], []
        for ref, (kind, text) in sorted(values.items()):
            if kind is Kind.FULL_NAME:
                given, _, family = text.partition(NAME_SEPARATOR)
                pairs.append(NamePair(ref, given, family))
            elif kind in EXACT_KINDS:
                exact.append((kind, text, ref))
            elif kind in _SINGLE_NAMES:
                key = (kind, name_key(text))
                self._single[key] = (*self._single.get(key, ()), ref)
                if kind is Kind.GIVEN_NAME:
                    given_names.append(text)
            else:
                self._other[kind, text] = ref
        self._names = NameNet(pairs, given_names)
        self._rosters = Classes(subjects, values)
        self._identifiers = IdentifierNet(exact, self._names, school_domains)

    @classmethod
    def build(cls, store: Store, sealer: ValueSealer, school_domains: Iterable[str] = ()) -> Index:
        """The index of what the store holds now, of one single version."""
        for _ in range(_ATTEMPTS):
            version = store.directory_version()
            values = _open_values(store, sealer)
            subjects = list(store.subjects())
            if store.directory_version() == version:
                counts = _count(version, values, subjects)
                return cls(
                    values,
                    _gathered(subjects, lambda subject: subject.schools),
                    counts,
                    sealer.canonical,
                    school_domains,
                    _gathered(subjects, _classes),
                    subjects,
                )
        raise StoreUnavailable("the directory kept changing while it was read; try again")

    @property
    def version(self) -> int:
        """The directory version this was built from."""
        return self._counts.version

    def find(
        self, text: str, any_case: bool = False, school: str = "", seen: SeenNet | None = None
    ) -> list[Match]:
        """Identifiers in ``text``, sorted, not overlapping.

        ``any_case`` for a field that people type: names count in lower case too. ``school``
        is the viewer's: its families are found behind a title or an initial. ``seen`` is the
        net of what the same request has shown.
        """
        folded = fold(text)
        names = self._names.find(folded, any_case)
        found = self._identifiers.find(folded)
        if school:
            found += titled.find(folded, _School(self, school))
        if seen is not None:
            found += seen.find(folded, any_case)
        found = without_overlaps([*names, *found]) if found else names
        if found and folded.shift:
            back = folded.shift.back
            return [Match(back(m.start), back(m.end), m.kind, m.ref) for m in found]
        return found

    def classmates(self, refs: Iterable[int]) -> list[tuple[Kind, str]]:
        """The lone names of each class that several of these people sit in."""
        shared = self._rosters.shared(refs)
        return [self._values[ref] for number in shared for ref in self._rosters.names(number)]

    def lookup(self, kind: Kind, text: str) -> int | None:
        """The reference of the directory value that ``text`` spells, or ``None``."""
        if kind is Kind.FULL_NAME:
            pair = self._names.of_text(text)
            return pair.ref if pair else None
        if kind in EXACT_KINDS:
            return self._identifiers.known(kind, text)
        if kind in _SINGLE_NAMES:
            refs = self._single.get((kind, name_key(text)))
            return self._spelt(kind, text, refs) if refs else None
        return self._other.get((kind, self._canonical(kind, text)))

    def plain(self, ref: int) -> tuple[Kind, str] | None:
        """The kind and canonical text of a directory value; ``None`` if unknown or erased."""
        return self._values.get(ref)

    def schools(self, ref: int) -> frozenset[str]:
        """The schools of the subjects that this value points at."""
        return self._schools.get(ref, _NOWHERE)

    def classes(self, ref: int) -> frozenset[tuple[str, str]]:
        """School and class of the subjects it points at; ``(school, "")`` for one in no class."""
        return self._classes.get(ref, _NO_CLASS)

    def counts(self) -> Counts:
        """Figures for people and metrics."""
        return self._counts

    def family_of(self, key: bytes, school: str) -> int | None:
        """A family name of this school, by its folded words."""
        refs = self._single.get((Kind.FAMILY_NAME, key.decode("latin-1")), ())
        return next((ref for ref in refs if school in self.schools(ref)), None)

    def person_of(self, letter: int, family: bytes, school: str) -> int | None:
        """A full name of this school: a given name with this initial, and this family name."""
        for given in self._names.given_names(letter):
            for pair in self._names.known(given + b" " + family):
                if school in self.schools(pair.ref):
                    return pair.ref
        return None

    def _spelt(self, kind: Kind, text: str, refs: tuple[int, ...]) -> int:
        """Of values that fold alike, the one spelt so; else always the same one."""
        typed = self._canonical(kind, text)
        exact = (ref for ref in refs if self._values[ref][1] == typed)
        return next(exact, refs[0])


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
    """The current index; ``refresh`` swaps in a new one when the store's version moved."""

    def __init__(
        self, store: Store, sealer: ValueSealer, school_domains: Iterable[str] = ()
    ) -> None:
        self._store, self._sealer = store, sealer
        self._domains = tuple(school_domains)
        self._lock = threading.Lock()
        self._index = Index.build(store, sealer, self._domains)

    @property
    def index(self) -> Index:
        """The index to use for one request."""
        return self._index

    def refresh(self) -> bool:
        """Rebuild if the directory changed; the old index serves until the new one is whole."""
        if self._store.directory_version() == self._index.version:
            return False
        with self._lock:
            if self._store.directory_version() == self._index.version:
                return False
            self._index = Index.build(self._store, self._sealer, self._domains)
        return True


def _open_values(store: Store, sealer: ValueSealer) -> dict[int, tuple[Kind, str]]:
    """Every value whose key is there: one without was erased."""
    keys = dict(store.keys())
    return {
        value.ref: (value.kind, sealer.open(value.ref, value.kind, value.sealed, keys[value.ref]))
        for value in store.values()
        if value.ref in keys
    }


def _gathered[T](
    subjects: Iterable[SubjectRecord], of: Callable[[SubjectRecord], Iterable[T]]
) -> dict[int, frozenset[T]]:
    """What the subjects of each value have together; the few distinct sets are shared."""
    shared: dict[frozenset[T], frozenset[T]] = {}
    gathered: dict[int, frozenset[T]] = {}
    for subject in subjects:
        theirs = frozenset(of(subject))
        for ref in subject.values:
            before = gathered.get(ref)
            union = theirs if before is None else before | theirs
            gathered[ref] = shared.setdefault(union, union)
    return gathered


def _classes(subject: SubjectRecord) -> Iterable[tuple[str, str]]:
    return ((school, class_) for school in subject.schools for class_ in subject.classes or ("",))


def _count(
    version: int, values: Mapping[int, tuple[Kind, str]], subjects: Iterable[SubjectRecord]
) -> Counts:
    kinds: Counter[SubjectKind] = Counter()
    by_school: Counter[str] = Counter()
    leavers = 0
    for subject in subjects:
        if subject.active:
            kinds[subject.kind] += 1
            by_school.update(set(subject.schools))
        else:
            leavers += 1
    by_kind = Counter(kind for kind, _ in values.values())
    return Counts(version, kinds, leavers, by_school, by_kind)
