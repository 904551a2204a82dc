"""People as a service will know them: every field a pseudonym, or empty.

A field is made as the gateway makes it on the wire: by the service's rule for its kind, in
the rule's shape. What a rule drops or refuses is left empty, what it generalises is
generalised; what it allows is a pseudonym here all the same. Without a rule, names, e-mail,
login and number are pseudonyms in the shape that suits them, everything else is empty.

Accounts are made anew each time they are iterated, so that a roster of a whole academy
needs no memory for its people: only schools and classes are held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from proxy.directory.exporters.merged import Merged, Subjects
from proxy.directory.exporters.places import Place, Places
from proxy.kinds import Kind, SubjectKind
from proxy.policy.model import Action, FieldRule
from proxy.pseudonyms.canonical import NAME_SEPARATOR
from proxy.pseudonyms.minimise import generalise
from proxy.pseudonyms.pseudonymiser import Pseudonymiser, ValueSource
from proxy.store.interface import SubjectRecord

type _Values = dict[Kind, tuple[int, str]]
"""A reference and its canonical text, by kind."""

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
        """Whether an active subject belongs to it."""
        return (
            subject.kind in self.kinds
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
class Member:
    """Where one person belongs, by an id alone."""

    kind: SubjectKind
    id: str
    """Stable for the person in this service; restored to nothing, or a pseudonymous UUID."""
    schools: tuple[Place, ...]
    classes: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Account(Member):
    """One person under pseudonyms."""

    given_name: str
    family_name: str
    full_name: str
    email: str
    """Never empty: services know accounts by it."""
    login: str
    student_number: str
    phone: str
    birth_date: str


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
        self._subjects, self._source, self._selection = Merged(subjects), source, selection
        self._pseudonymiser, self._rules = pseudonymiser, rules
        self._places, self._domain, self._today = places, domain, today
        self._count = places.learn(self._subjects, source, selection)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Account]:
        return map(self._account, filter(self._selection.takes, self._subjects()))

    @property
    def have_birth_dates(self) -> bool:
        """Whether the service's rules leave anything of a birth date."""
        rule = self._rules.get(Kind.BIRTH_DATE)
        return rule is not None and rule.action not in (Action.DROP, Action.REFUSE)

    def members(self) -> Iterator[Member]:
        """The same people without their names: for tables of roles and classes."""
        return map(self._member, filter(self._selection.takes, self._subjects()))

    @property
    def schools(self) -> tuple[Place, ...]:
        """Every school of somebody here."""
        return self._places.schools

    @property
    def classes(self) -> tuple[Place, ...]:
        """Every class of somebody here."""
        return self._places.classes

    def _member(self, subject: SubjectRecord) -> Member:
        return Member(
            kind=subject.kind,
            id=self._id(subject, self._first_values(subject)),
            schools=self._places.schools_of(subject),
            classes=self._places.classes_of(subject, self._selection),
        )

    def _account(self, subject: SubjectRecord) -> Account:
        values = self._first_values(subject)

        def cell(kind: Kind) -> str:
            return self._cell(kind, *values[kind]) if kind in values else ""

        return Account(
            kind=subject.kind,
            id=self._id(subject, values),
            schools=self._places.schools_of(subject),
            classes=self._places.classes_of(subject, self._selection),
            given_name=cell(Kind.GIVEN_NAME),
            family_name=cell(Kind.FAMILY_NAME),
            full_name=cell(Kind.FULL_NAME),
            email=cell(Kind.EMAIL) or self._address(subject),
            login=cell(Kind.LOGIN),
            student_number=cell(Kind.STUDENT_NUMBER),
            phone=cell(Kind.PHONE),
            birth_date=cell(Kind.BIRTH_DATE),
        )

    def _id(self, subject: SubjectRecord, values: _Values) -> str:
        own = self._cell(Kind.UUID, *values[Kind.UUID]) if Kind.UUID in values else ""
        return own or self._pseudonymiser.subject_id(subject.ref)

    def _address(self, subject: SubjectRecord) -> str:
        return f"{self._pseudonymiser.subject_id(subject.ref)}@{self._domain}"

    def _first_values(self, subject: SubjectRecord) -> _Values:
        """The first value of each kind: subjects name the current one first."""
        first: _Values = {}
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
