"""Canaries: pupils who do not exist, planted in the directory. Nobody has a reason to type them.

One in a request means that somebody sends a copy of the directory about. A canary's pseudonym of
one service at another (in a request or an answer) means that the first gave its data away: rosters
for services (``preau roster export``) carry canaries as they carry everybody.

They are treated as everybody is, to the byte, so that who sends one learns nothing. Their names
are made of syllables, sound French, and are compared with the directory before they are taken:
neither the full name nor the family name may be anybody's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import orjson
import re2

from proxy.directory import importing
from proxy.directory.bearers import POINTING
from proxy.directory.index import Index
from proxy.directory.subjects import Person
from proxy.errors import Erased, InputError
from proxy.kinds import Kind, SubjectKind
from proxy.policy.model import Service
from proxy.pseudonyms.aliases import likely, noted_shapes
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.sealing import Reference, Sealer, ServiceSeal
from proxy.pseudonyms.tokens import MARKER
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store, SubjectRecord

NOTE = "c"
SOURCE = "canaries"
MOST = 200
_ATTEMPTS = 500
_GIVEN = (
    "Adèle", "Aline", "Basile", "Bérénice", "Clovis", "Colombe", "Désiré", "Edgar", "Faustine",
    "Firmin", "Ghislain", "Hortense", "Isaure", "Lazare", "Ludivine", "Maxence", "Mélusine",
    "Octave", "Philippine", "Quentin", "Romane", "Sidonie", "Tancrède", "Ursule", "Violaine",
)  # fmt: skip
_FIRST = ("Bra", "Cor", "Dal", "Fer", "Gri", "Hau", "Lar", "Mor", "Pel", "Rou", "Ser", "Tra", "Ver")
_MIDDLE = ("ba", "de", "go", "li", "mau", "ni", "que", "ro", "ta", "vi")
_LAST = ("dier", "fond", "gnan", "lard", "met", "nault", "quin", "reuil", "sson", "tier", "vaux")


@dataclass(frozen=True, slots=True)
class Canary:
    """One, as its note and its record say."""

    ref: int
    name: str
    """``canary-7f3a``: what events call it."""
    planted: date
    schools: tuple[str, ...]
    classes: tuple[str, ...]
    values: tuple[int, ...] = field(repr=False)


class Canaries:
    """What requests are compared with. Empty: nothing is."""

    __slots__ = ("_cores", "_pattern", "_values")

    def __init__(self, values: Mapping[int, str], cores: Mapping[bytes, tuple[str, str]]) -> None:
        """``values``: whose a value is. ``cores``: whose, and which service's, a pseudonym is:
        behind the marker and its key's version, or by itself (``_BARE``)."""
        self._values, self._cores = values, cores
        self._pattern = _compiled(cores) if cores else None

    def __bool__(self) -> bool:
        return bool(self._values)

    def of_value(self, ref: int) -> str | None:
        """The canary whose value this is."""
        return self._values.get(ref)

    def elsewhere(self, text: str, service: str) -> Iterator[tuple[str, str]]:
        """Canaries whose pseudonyms of other services stand in a text, and of which."""
        if self._pattern is None or len(text) < _SHORTEST:
            return
        data = text.encode("latin-1", "replace").lower()
        for hit in self._pattern.finditer(data):
            found = hit[0]
            whose = self._cores.get(found) or self._cores[found[len(MARKER) + 1 :]]
            canary, origin = whose
            if origin != service:
                yield canary, origin


NO_CANARIES = Canaries({}, {})
_SHORTEST = 11
_BARE = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}|9[0-9]{14}|99[0-9]{7}[a-z]{2}|zqz[a-z]{9}")
"""Shapes without marker and version: a UUID, a number, an INE, the shortest."""
_DIGITS = ("number", "ine", "tiny")
"""Aliases that a value of a canary may have. It has no phone number."""


def load(
    store: Store, sealer: ValueSealer, keys: Keys, services: Mapping[str, Service]
) -> Canaries:
    """The canaries of the store, against the services of a policy."""
    values: dict[int, str] = {}
    kinds: dict[int, Kind] = {}
    for canary in planted(store, sealer):
        for value in filter(None, store.get_values(canary.values)):
            if value.kind in POINTING:
                values[value.ref] = canary.name
                kinds[value.ref] = value.kind
    if not values:
        return NO_CANARIES
    cores: dict[bytes, tuple[str, str]] = {}
    for name, service in services.items():
        shapes = service.pseudonyms.aliases | noted_shapes(store, name)
        sealers = ServiceSeal(keys, name).sealers.values()
        for ref, kind in kinds.items():
            reference = Reference(ref, kind, False)
            texts = [text for one in sealers for text in _sealed(one, reference, shapes)]
            for shape in shapes.intersection(_DIGITS):
                texts += likely(keys, name, sealer, shape, reference)
            cores |= dict.fromkeys((text.encode().lower() for text in texts), (values[ref], name))
    return Canaries(values, cores)


def _sealed(sealer: Sealer, reference: Reference, shapes: Collection[str]) -> Iterator[str]:
    """What a value's pseudonyms hold in a service, under one version of the keys."""
    yield sealer.core32(reference)
    yield sealer.core26(reference)
    yield sealer.short(reference)
    yield sealer.uuid(reference, 8)
    if "uuid4" in shapes:
        yield sealer.uuid(reference, 4)


def planted(store: Store, sealer: ValueSealer) -> list[Canary]:
    """All of them, oldest first."""
    found = []
    for ref, sealed in store.notes.every(NOTE):
        try:
            content = orjson.loads(sealer.open_note(NOTE, ref, sealed))
        except Erased:
            continue
        for record in store.records_of(ref)[:1]:
            day = date.fromisoformat(content["planted"])
            found.append(
                Canary(ref, content["name"], day, record.schools, record.classes, record.values)
            )
    return sorted(found, key=lambda canary: (canary.planted, canary.name))


def refs(store: Store) -> frozenset[int]:
    """The subjects that are canaries."""
    return frozenset(ref for ref, _ in store.notes.every(NOTE))


def plant(
    store: Store,
    sealer: ValueSealer,
    index: Index,
    count: int,
    *,
    school: str = "",
    domain: str = "",
    today: date | None = None,
) -> list[Canary]:
    """Plant some, in classes that exist; those that were planted."""
    places = _places(store, school)
    if not places:
        raise InputError(
            "no pupil in a class of that school, so a canary would be told from others; import "
            "the roster first, or name another school"
        )
    people = [_person(index, secrets.choice(places), domain) for _ in range(count)]
    importing.apply(lambda: people, store, sealer, SOURCE, complete=False, accept_shrink=True)
    known = refs(store)
    day = (today or date.today()).isoformat()
    rows = {}
    for record in _records(store, sealer):
        if record.ref not in known:
            content = {"name": f"canary-{secrets.token_hex(2)}", "planted": day}
            rows[record.ref] = sealer.seal_note(NOTE, record.ref, orjson.dumps(content))
    store.notes.put(NOTE, rows)
    return [canary for canary in planted(store, sealer) if canary.ref in rows]


def _records(store: Store, sealer: ValueSealer) -> Iterator[SubjectRecord]:
    return store.subjects(importing.source_tag(sealer, SOURCE))


def _places(store: Store, school: str) -> list[tuple[str, str]]:
    places: dict[tuple[str, str], None] = {}
    for record in store.subjects():
        if record.active and record.kind is SubjectKind.PUPIL and len(record.schools) == 1:
            for class_ in record.classes:
                if not school or school in record.schools:
                    places[record.schools[0], class_] = None
    return list(places)


def _person(index: Index, place: tuple[str, str], domain: str) -> Person:
    school, class_ = place
    for _ in range(_ATTEMPTS):
        given = secrets.choice(_GIVEN)
        family = secrets.choice(_FIRST) + secrets.choice(_MIDDLE) + secrets.choice(_LAST)
        login = f"{given}.{family}".lower()
        login = login.translate(str.maketrans("éèê", "eee"))
        taken: Callable[[Kind, str], object] = index.spelt
        if any(
            taken(kind, text)
            for kind, text in (
                (Kind.FULL_NAME, f"{given} {family}"),
                (Kind.FAMILY_NAME, family),
                (Kind.LOGIN, login),
            )
        ):
            continue
        return Person(
            SubjectKind.PUPIL,
            secrets.token_hex(8),
            given,
            family,
            emails=(f"{login}@{domain}",) if domain else (),
            logins=(login,),
            schools=(school,),
            classes=(class_,),
        )
    raise InputError("no name was found that is nobody's; plant fewer at once")


def _compiled(cores: Iterable[bytes]) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 64 << 20
    longest_first = sorted(cores, key=lambda core: (-len(core), core))
    bare = [core for core in longest_first if _BARE.fullmatch(core)]
    marked = b"|".join(core for core in longest_first if core not in bare)
    # Within a longer number or word there is none.
    alone = rb"\b(?:" + b"|".join(bare) + rb")\b"
    return re2.compile(MARKER.encode() + b"[a-y](?:" + marked + b")|" + alone, options)
