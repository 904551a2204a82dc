"""The cast: generated people for the demonstration, the tests and the benchmarks.

The same count and seed give the same people, and a longer cast starts with the shorter one.
Nobody can be reached through them: phone numbers come from the blocks that the French regulator
reserves for fiction, national identifiers carry a school year that lies decades ahead, and
e-mail domains end in ``.example``.
"""

from __future__ import annotations

import datetime
import random
import unicodedata
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proxy.demo.names import FAMILY_NAMES, GIVEN_NAMES, TRAPS
from proxy.kinds import SubjectKind

SCHOOL_YEAR = 2025
"""The year in which the cast's school year begins; ages are counted from it."""

CLASS_SIZE = 30
# Out of twenty people in a row: one teacher, two guardians, 17 pupils.
STAFF_PLACES = (8,)
GUARDIAN_PLACES = (14, 19)
NAMESAKE_PLACE = 10
CYCLE = 20

LEVELS = (
    ("2DE", 15, "10"),
    ("4E", 13, "08"),
    ("TG", 17, "12"),
    ("6E", 11, "06"),
    ("1G", 16, "11"),
    ("3E", 14, "09"),
    ("5E", 12, "07"),
)
"""Level, age at the start of the school year, the grade code that OneRoster takes for it."""

PHONE_BLOCKS = ("063998", "019900", "026191", "035301", "046571", "053649")
"""Reserved for fiction. The cast takes the lower half of each: 30,000 numbers, then repeats."""

ID_YEAR = "90"
"""School year 2090: no pupil has such an identifier. Pseudonyms use another impossible year."""

KEY_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""The 23 letters of French check keys: the alphabet without I, O and Q."""

_SPECIAL = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ß": "ss"}
)


@dataclass(frozen=True, slots=True)
class Person:
    """A generated subject with every identifier a roster may hold; empty when it has none."""

    kind: SubjectKind
    given_name: str
    family_name: str
    email: str
    login: str
    phone: str
    school: str
    uuid: str
    national_id: str = ""
    student_number: str = ""
    birth_date: str = ""
    class_name: str = ""
    ward: str = ""
    """For a guardian, the ``uuid`` of the pupil."""

    @property
    def full_name(self) -> str:
        """Both names in the order they are spoken."""
        return f"{self.given_name} {self.family_name}"


def ascii_part(name: str) -> str:
    """A name as e-mail addresses spell it: ``d'Orvilliers`` → ``dorvilliers``."""
    folded = unicodedata.normalize("NFKD", name.lower().translate(_SPECIAL))
    plain = folded.encode("ascii", "ignore").decode().replace("'", "")
    return "-".join(plain.replace("-", " ").split())


def cast(
    count: int,
    seed: int = 7,
    school: str = "0751234A",
    domain: str = "lycee-demo.example",
) -> list[Person]:
    """``count`` people of one school: 85 % pupils, 5 % staff, 10 % guardians."""
    company = _Company(random.Random(f"{seed}/{school}"), school, domain)
    for index in range(count):
        company.admit(index)
    return company.people


class _Company:
    """Who is there so far: what makes the next person's identifiers unique."""

    def __init__(self, rng: random.Random, school: str, domain: str) -> None:
        self.people: list[Person] = []
        self._pupils: list[Person] = []
        self._taken: set[str] = set()
        self._rng = rng
        self._school = school
        self._domain = domain

    def admit(self, index: int) -> None:
        """Add the person of this place in the row."""
        place = index % CYCLE
        if place in STAFF_PLACES:
            self.people.append(self._staff(index))
        elif place in GUARDIAN_PLACES:
            self.people.append(self._guardian(index))
        else:
            self._pupils.append(self._pupil(index))
            self.people.append(self._pupils[-1])

    def _person(self, index: int, kind: SubjectKind, given: str, family: str) -> Person:
        """What every subject has."""
        first, last = ascii_part(given), ascii_part(family)
        return Person(
            kind=kind,
            given_name=given,
            family_name=family,
            email=f"{self._unique(f'{first}.{last}', '.')}@{self._domain}",
            login=self._unique(f"{first[0]}{last.replace('-', '')}"),
            phone=_phone(index),
            school=self._school,
            uuid=str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
        )

    def _pupil(self, index: int) -> Person:
        """A pupil: a class, an age that fits it, and the identifiers only pupils have."""
        number = len(self._pupils)
        person = self._person(index, SubjectKind.PUPIL, *self._names(index))
        age = LEVELS[number // CLASS_SIZE % len(LEVELS)][1]
        return replace(
            person,
            national_id=national_id(self._school, number, old_form=number % 10 == 9),
            student_number=str(2_000_000 + number * 7919 % 1_000_000),
            birth_date=self._birth_date(SCHOOL_YEAR - age),
            class_name=_class_name(number // CLASS_SIZE),
        )

    def _staff(self, index: int) -> Person:
        """A teacher, and the class they lead."""
        person = self._person(index, SubjectKind.STAFF, *self._names(index))
        return replace(
            person,
            birth_date=self._birth_date(SCHOOL_YEAR - self._rng.randint(24, 63)),
            class_name=_class_name(index // CYCLE * (CYCLE - 3) // CLASS_SIZE),
        )

    def _guardian(self, index: int) -> Person:
        """A guardian bears the family name of a pupil who is there already."""
        ward = self._rng.choice(self._pupils)
        given = self._draw(GIVEN_NAMES)
        person = self._person(index, SubjectKind.GUARDIAN, given, ward.family_name)
        return replace(person, ward=ward.uuid)

    def _names(self, index: int) -> tuple[str, str]:
        """A trap in every fourth place while they last, a namesake in every twentieth."""
        trap, is_other_place = divmod(index - 1, 4)
        if not is_other_place and trap < len(TRAPS):
            return TRAPS[trap]
        if index % CYCLE == NAMESAKE_PLACE:
            namesake = self._rng.choice(self.people)
            return namesake.given_name, namesake.family_name
        return self._draw(GIVEN_NAMES), self._draw(FAMILY_NAMES)

    def _draw(self, names: Sequence[str]) -> str:
        """Earlier names more often: the square of a uniform number leans towards zero."""
        return names[int(self._rng.random() ** 2 * len(names))]

    def _birth_date(self, year: int) -> str:
        day = datetime.date(year, 1, 1) + datetime.timedelta(days=self._rng.randrange(365))
        return day.isoformat()

    def _unique(self, text: str, joint: str = "") -> str:
        """``text``, numbered from 2 when somebody already has it."""
        candidate, number = text, 2
        while candidate in self._taken:
            candidate, number = f"{text}{joint}{number}", number + 1
        self._taken.add(candidate)
        return candidate


def _class_name(room: int) -> str:
    return f"{LEVELS[room % len(LEVELS)][0]}{room // len(LEVELS) + 1}"


def _phone(index: int) -> str:
    place, block = divmod(index, len(PHONE_BLOCKS))
    return f"{PHONE_BLOCKS[block]}{(place * 7919 + 1234) % 5000:04d}"  # 7919 is prime: no repeat


def national_id(school: str, number: int, old_form: bool = False) -> str:
    """An impossible INE: nine digits and two letters, or (before 2018) ten and a check letter."""
    start = zlib.crc32(school.encode())
    if old_form:
        digits = f"{ID_YEAR}{(start + number * 76_543_211) % 10**8:08d}"
        return digits + KEY_LETTERS[int(digits) % len(KEY_LETTERS)]
    letters = KEY_LETTERS[start % 23] + KEY_LETTERS[start // 23 % 23]
    return f"{ID_YEAR}{(start + number * 7_654_321) % 10**7:07d}{letters}"
