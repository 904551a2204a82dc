"""Generated people of French schools, and what each format can say of them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

_GIVEN = (
    "Zoé Jean-Pierre Noël Chloé Anaïs Maëlys Inès D'Arcy Théo Œdipe Léo-Paul Gaëlle Loïc Faÿ "
    "Mathéo Clémence Ève Raphaël Élie Ambre"
).split()
_FAMILY = [
    *("Lefèvre Le Gall|Dupont-Durand|de La Tour|N'Guyen|Sœur|Müller|Châtaigné|L'Haÿ|Ñuñez|Benoît")
    .replace("Lefèvre ", "Lefèvre|")
    .split("|"),
    "MARTIN",
    "Ÿvain",
    "Šimek",
]
_UAI_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True)
class Being:
    """A person, whatever software will write them."""

    number: int
    given: str
    family: str
    usual: str = ""
    further: tuple[str, ...] = ()
    email: str = ""
    phones: tuple[str, ...] = ()
    born: tuple[int, int, int] = (2011, 4, 5)
    ine: str = ""
    classes: tuple[str, ...] = ()
    children: tuple[int, ...] = ()
    left: str = ""

    def french_date(self) -> str:
        year, month, day = self.born
        return f"{day:02}/{month:02}/{year}"

    def iso_date(self) -> str:
        return "-".join((f"{self.born[0]}", f"{self.born[1]:02}", f"{self.born[2]:02}"))


def _word(rng: random.Random) -> str:
    return rng.choice("BCDFGLMNPRST") + "".join(rng.choice("aeiouéèlmnrst") for _ in range(6))


def pupils(count: int, seed: int = 1, first: int = 1000) -> Iterator[Being]:
    """Pupils with every trap of a civil status in turn."""
    rng = random.Random(seed)
    for index in range(count):
        yield Being(
            number=first + index,
            given=rng.choice(_GIVEN) if index % 3 else _word(rng),
            family=rng.choice(_FAMILY) if index % 5 == 0 else _word(rng),
            usual=_word(rng) if index % 7 == 0 else "",
            further=tuple(_word(rng) for _ in range(index % 3)),
            email=f"eleve.{index}@exemple.fr" if index % 4 == 0 else "",
            phones=(f"06 39 98 {index % 100:02} {index // 100 % 100:02}",)
            if index % 6 == 0
            else (),
            born=(2005 + index % 14, 1 + index % 12, 1 + index % 28),
            ine=_ine(index),
            classes=(f"{3 + index % 4}{string.ascii_uppercase[index // 30 % 26]}",),
        )


def guardians(children: list[Being], seed: int = 2, first: int = 900_000) -> Iterator[Being]:
    """One guardian a pair of pupils."""
    rng = random.Random(seed)
    for index in range(0, len(children), 2):
        yield Being(
            number=first + index,
            given=rng.choice(_GIVEN),
            family=f"{_word(rng)}-{_word(rng)}",
            usual=_word(rng) if index % 3 == 0 else "",
            email=f"resp{index}@exemple.fr" if index % 4 else "",
            phones=(f"0{6 + index // 2 % 2}39981{index % 1000:03}", "+33 1 99 00 12 34")[
                : 1 + index // 2 % 2
            ],
            children=tuple(child.number for child in children[index : index + 2]),
        )


def staff(count: int, seed: int = 3, first: int = 50_000) -> Iterator[Being]:
    """Teachers."""
    rng = random.Random(seed)
    for index in range(count):
        yield Being(
            number=first + index,
            given=rng.choice(_GIVEN),
            family=f"{_word(rng)} {rng.choice(_FAMILY)}",
            usual=_word(rng) if index % 4 == 0 else "",
            email=f"prof{index}@exemple.fr",
            born=(1960 + index % 40, 1 + index % 12, 1 + index % 28),
            classes=(f"{3 + index % 4}A", f"{3 + index % 4}B"),
        )


def _ine(index: int) -> str:
    digits = 1_000_000_000 + index
    if index % 2:
        return f"{digits}{_UAI_LETTERS[digits % 23]}"
    return f"{digits % 10**9:09}{_UAI_LETTERS[index % 23]}{_UAI_LETTERS[index // 23 % 23]}"
