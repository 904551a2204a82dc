"""People as a service will know them: every field a pseudonym, or empty.

A field is made as the gateway makes it on the wire: by the service's rule for its kind, in
the rule's shape. What a rule drops or refuses is left empty, what it generalises is
generalised; what it allows is a pseudonym here all the same. Without a rule, names, e-mail,
login and number are pseudonyms in the shape that suits them, everything else is empty.

Accounts are made anew each time they are iterated, so that a roster of a whole academy
needs no memory for its people: only schools and classes are held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from proxy.directory.exporters.places import Place, Places
from proxy.kinds import Kind, SubjectKind
from proxy.policy.model import Action, FieldRule
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.pseudonyms.minimise import generalise
from proxy.pseudonyms.pseudonymiser import Pseudonymiser, ValueSource
from proxy.store.interface import SubjectRecord

type Subjects = Callable[[], Iterable[SubjectRecord]]

_ALWAYS = (
    Kind.GIVEN_NAME,
    Kind.FAMILY_NAME,
    Kind.FULL_NAME,
    Kind.EMAIL,
    Kind.LOGIN,
    Kind.STUDENT_NUMBER,
    Kind.UUID,
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom to write. Empty: whatever the school, whatever the class."""

    kinds: frozenset[SubjectKind]
    schools: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    def takes(self, subject: SubjectRecord) -> bool:
        """Whether a subject belongs to it; who has left never does."""
        return (
            subject.active
            and subject.kind in self.kinds
            and (not self.schools or not self.schools.isdisjoint(subject.schools))
            and (not self.classes or not self.classes.isdisjoint(subject.classes))
        )

    def takes_class(self, title: str) -> bool:
        """Whether a class is written: of somebody in several, only those asked for."""
        return not self.classes or title in self.classes


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who exports decides."""

    new_passwords: bool = False
    """Make passwords for new accounts; else existing ones keep theirs."""
    unit: str = "/"
    """Google's organisational unit for everybody."""
    today: date = field(default_factory=date.today)


@dataclass(frozen=True, slots=True)
class Account:
    """One person under pseudonyms."""

    kind: SubjectKind
    id: str
    """Stable for the person in this service; restored to nothing, or a pseudonymous UUID."""
    given_name: str
    family_name: str
    full_name: str
    email: str
    """Never empty: services know accounts by it."""
    login: str
    student_number: str
    phone: str
    birth_date: str
    schools: tuple[Place, ...]
    classes: tuple[Place, ...]


class Accounts:
    """The accounts of one service. ``len`` counts them, iterating makes them."""

    def __init__(
        self,
        subjects: Subjects,
        source: ValueSource,
        pseudonymiser: Pseudonymiser,
        rules: Mapping[Kind, FieldRule],
        selection: Selection,
        places: Places,
        *,
        domain: str,
        today: date,
    ) -> None:
        self._subjects, self._source, self._selection = subjects, source, selection
        self._pseudonymiser, self._rules = pseudonymiser, rules
        self._places, self._domain, self._today = places, domain, today
        self._count = places.learn(subjects, source, selection)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Account]:
        return map(self._account, filter(self._selection.takes, self._subjects()))

    @property
    def schools(self) -> tuple[Place, ...]:
        """Every school of somebody here."""
        return self._places.schools

    @property
    def classes(self) -> tuple[Place, ...]:
        """Every class of somebody here."""
        return self._places.classes

    def _account(self, subject: SubjectRecord) -> Account:
        values = self._first_values(subject)

        def cell(kind: Kind) -> str:
            return self._cell(kind, *values[kind]) if kind in values else ""

        token = self._pseudonymiser.subject_id(subject.ref)
        return Account(
            kind=subject.kind,
            id=cell(Kind.UUID) or token,
            given_name=cell(Kind.GIVEN_NAME),
            family_name=cell(Kind.FAMILY_NAME),
            full_name=cell(Kind.FULL_NAME),
            email=cell(Kind.EMAIL) or f"{token}@{self._domain}",
            login=cell(Kind.LOGIN),
            student_number=cell(Kind.STUDENT_NUMBER),
            phone=cell(Kind.PHONE),
            birth_date=cell(Kind.BIRTH_DATE),
            schools=self._places.schools_of(subject),
            classes=self._places.classes_of(subject, self._selection),
        )

    def _first_values(self, subject: SubjectRecord) -> dict[Kind, tuple[int, str]]:
        """The first value of each kind: subjects name the current one first."""
        first: dict[Kind, tuple[int, str]] = {}
        for ref in subject.values:
            plain = self._source.plain(ref)
            if plain is not None and plain[0] not in first:
                first[plain[0]] = ref, plain[1]
        return first

    def _cell(self, kind: Kind, ref: int, text: str) -> str:
        rule = self._rules.get(kind)
        if rule is None and kind not in _ALWAYS:
            return ""
        if rule is not None and rule.action in (Action.DROP, Action.REFUSE):
            return ""
        if rule is not None and rule.action is Action.GENERALISE:
            return generalise(text, rule.generalise, self._today)
        seen = text.replace(NAME_SEPARATOR, " ")
        return self._pseudonymiser.pseudonym(kind, seen, rule.shape if rule else "auto", ref)
