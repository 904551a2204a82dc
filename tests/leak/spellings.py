"""What people write: names in the forms that are claimed, identifiers, and the words between.

A ``Said`` is a list of pieces, plain words or identifiers, so that a test knows which of the
bytes must change and which must not. The filler holds no word of any name of the cast.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from proxy.demo.people import Person
from tests.adversary.oracle import PARTICLES

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
TOKEN = r"[A-Za-z0-9@.-]{26,120}"
"""What a pseudonym may look like in any text."""


def _plain(text: str) -> str:
    """Without accents, as on a keyboard that has none."""
    marks = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    return "".join(c for c in marks if not unicodedata.combining(c))


def _natural(person: Person) -> str:
    return f"{person.given_name} {person.family_name}"


SPELLINGS: dict[str, Callable[[Person], str]] = {
    "given family": _natural,
    "FAMILY given": lambda p: f"{p.family_name.upper()} {p.given_name}",
    "family, given": lambda p: f"{p.family_name}, {p.given_name}",
    "CAPITALS": lambda p: _natural(p).upper(),
    "no accents": lambda p: _plain(_natural(p)),
    "no-break space": lambda p: _natural(p).replace(" ", "\xa0"),
    "decomposed": lambda p: unicodedata.normalize("NFD", _natural(p)),
    "typographic apostrophe": lambda p: _natural(p).replace("'", "’"),
    "family given": lambda p: f"{p.family_name} {p.given_name}",
    "FAMILY, given": lambda p: f"{p.family_name.upper()}, {p.given_name}",
    "NO ACCENTS": lambda p: _plain(f"{p.family_name} {p.given_name}").upper(),
    "narrow no-break space": lambda p: _natural(p).replace(" ", "\u202f"),
}

EMAILS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda e: "@".join((e.partition("@")[0].title(), e.partition("@")[2])),
)


def _phone(separator: str, prefix: str = "0") -> Callable[[str], str]:
    def spell(number: str) -> str:
        return prefix + separator.join((number[1], *re.findall("..", number[2:])))

    return spell


PHONES: tuple[Callable[[str], str], ...] = (
    str,
    _phone(" "),
    _phone("."),
    _phone(" ", "+33 "),
    _phone("\xa0"),
    _phone("-"),
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A piece that must not leave."""

    text: str
    spelling: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text, the people in it, and where they stand."""

    pieces: tuple[str | Identifier, ...]
    people: tuple[Person, ...]

    @property
    def text(self) -> str:
        """As the person typed it."""
        return "".join(p if isinstance(p, str) else p.text for p in self.pieces)

    @property
    def spellings(self) -> set[str]:
        """The forms in it."""
        return {piece.spelling for piece in self.pieces if isinstance(piece, Identifier)}

    def is_protected_as(self, seen: str) -> bool:
        """Whether ``seen`` is this text with a pseudonym for each identifier and nothing else."""
        pattern = "".join(re.escape(p) if isinstance(p, str) else TOKEN for p in self.pieces)
        return re.fullmatch(pattern, seen) is not None

    def fits(self, charset: str) -> bool:
        """Whether the charset can say it."""
        try:
            self.text.encode(charset)
        except UnicodeEncodeError:
            return False
        return True


NEUTRAL = (
    "le cours de mardi est à dix heures, salle 12",
    "élève : voir l'énoncé n° 3 (barème sur 20)",
    '100 % des copies, soit 7 < 8 & "ok" ; c\'est tout',
)
"""Texts with nobody in them: they must come through as they are."""


class Author:
    """Writes about people of a cast in turn, each time in the next spelling."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people
        self._turn = 0
        self._said = 0
        self.used: set[str] = set()
        """The ``uuid`` of everybody written about so far."""

    def texts(self, count: int, charset: str = "utf-8") -> list[Said]:
        """``count`` texts that ``charset`` can say."""
        said: list[Said] = []
        while len(said) < count:
            candidate = self._next()
            if candidate.fits(charset):
                self.used |= {person.uuid for person in candidate.people}
                said.append(candidate)
        return said

    def names(self, count: int, charset: str = "utf-8") -> list[Said]:
        """Names alone, nothing around them."""
        said: list[Said] = []
        while len(said) < count:
            person, name = self._name()
            candidate = Said((name,), (person,))
            if candidate.fits(charset):
                self.used.add(person.uuid)
                said.append(candidate)
        return said

    def _person(self) -> Person:
        self._turn += 1
        return self._people[self._turn % len(self._people)]

    def _name(self) -> tuple[Person, Identifier]:
        """The next person, in the next spelling that differs from the natural one for them."""
        person = self._person()
        forms = list(SPELLINGS.items())
        # One more each time round, so that everybody meets every spelling.
        start = self._turn + self._turn // len(self._people)
        for step in range(len(forms)):
            name, form = forms[(start + step) % len(forms)]
            if name == "given family" or form(person) != _natural(person):
                return person, Identifier(form(person), name)
        raise AssertionError("every name has its natural form")

    def _next(self) -> Said:
        self._said += 1
        return _TEMPLATES[self._said % len(_TEMPLATES)](self)

    # --- templates ---

    def alone(self) -> Said:
        person, name = self._name()
        return Said((name,), (person,))

    def in_prose(self) -> Said:
        person, name = self._name()
        return Said(("le devoir rendu par ", name, " est noté 12,5 sur 20."), (person,))

    def contact(self) -> Said:
        person = self._person()
        email = Identifier(EMAILS[self._said % len(EMAILS)](person.email), "e-mail")
        phone = Identifier(PHONES[self._said % len(PHONES)](person.phone), "phone")
        return Said(("écrire à ", email, " ou appeler le ", phone, " avant midi"), (person,))

    def two(self) -> Said:
        (first, a), (second, b) = self._name(), self._name()
        return Said(("« ", a, " » a répondu à ", b, " ; merci"), (first, second))

    def record(self) -> Said:
        person, name = self._name()
        if not person.national_id:
            return Said(("dossier de ", name, "."), (person,))
        ine = Identifier(person.national_id, "INE")
        return Said(("dossier ", ine, " (", name, ")"), (person,))

    def email(self) -> Said:
        person = self._person()
        return Said((Identifier(person.email, "e-mail"),), (person,))

    def account(self) -> Said:
        person, name = self._name()
        pieces: tuple[str | Identifier, ...] = (name, " <", Identifier(person.email, "e-mail"), ">")
        if any(character.isdigit() for character in person.login):
            pieces = (*pieces, ", compte ", Identifier(person.login, "login"))
        return Said(pieces, (person,))


_TEMPLATES: tuple[Callable[[Author], Said], ...] = (
    Author.alone,
    Author.in_prose,
    Author.contact,
    Author.two,
    Author.record,
    Author.email,
    Author.account,
)


def filler_words() -> Iterator[str]:
    """Every word of the filler, for the check that it names nobody."""
    everyone = Person(*("pupil", "zzz", "zzz", "z@z.example", "zz1", "0100000000", "x", "x"))  # type: ignore[arg-type]
    for template in _TEMPLATES:
        for piece in template(Author([everyone])).pieces:
            if isinstance(piece, str):
                yield piece
    yield from NEUTRAL


__all__ = ["NEUTRAL", "PARTICLES", "SPELLINGS", "Author", "Identifier", "Said", "filler_words"]
