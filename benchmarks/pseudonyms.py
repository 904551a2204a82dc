"""What pseudonyms cost: ``python -m benchmarks.pseudonyms`` (also at the end of ``make bench``).

Processor time, one core, best of five. Three rates:

- making and reading one pseudonym of each shape, for values met the first time (nothing
  cached) and again;
- looking for pseudonyms in 1 MB that holds none: by far the most frequent case;
- restoring 1,649 tokens in 1 MB, as many as a prototype was measured with.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from proxy.kinds import Kind
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.options import PseudonymOptions
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.store.memory import MemoryStore

SHAPES = {
    "token": Kind.LOGIN,
    "name": Kind.FULL_NAME,
    "email": Kind.EMAIL,
    "short": Kind.LOGIN,
    "uuid": Kind.UUID,
    "number": Kind.STUDENT_NUMBER,
    "ine": Kind.NATIONAL_ID,
    "phone": Kind.PHONE,
    "tiny": Kind.LOGIN,
}
TOKENS = 1649
SIZE = 1_000_000
AIM = 1000
PROSE = "Exposé sur les volcans d'Auvergne, à rendre le 12/11 : 14,5 sur 20 (réf. 4821). "


class People:
    """A directory of so many values of one kind."""

    def __init__(self, kind: Kind, count: int) -> None:
        self.kind = kind
        self.texts = [f"personne{n}@ecole.example" for n in range(count)]
        self._refs = {text: n + 1 for n, text in enumerate(self.texts)}

    def plain(self, ref: int) -> tuple[Kind, str] | None:
        """By reference."""
        return (self.kind, self.texts[ref - 1]) if 0 < ref <= len(self.texts) else None

    def lookup(self, kind: Kind, text: str) -> int | None:
        """By text."""
        return self._refs.get(text)


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The shortest processor time of a few runs, in seconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def engine_of(people: People, aliases: frozenset[str] = frozenset()) -> Pseudonymiser:
    """A service's pseudonymiser with nothing cached."""
    options = PseudonymOptions(aliases)
    keys = Keys(bytes(32), {1: bytes(32)})
    return Pseudonymiser(keys, "s", people, MemoryStore(), "p.e.example", options=options)


def shapes(count: int = 3000) -> None:
    """Rates by shape."""
    print(
        f"{'shape':<8} {'made/s':>10} {'again/s':>10} {'read/s':>10}   (first sight, then cached)"
    )
    for shape, kind in SHAPES.items():
        people = People(kind, count)
        engine = engine_of(people)
        pairs = list(enumerate(people.texts, 1))

        def make() -> list[str]:
            return [engine.pseudonym(kind, text, shape, ref) for ref, text in pairs]  # noqa: B023

        first = best(make, 1)
        again = best(make)
        made = make()
        reader = engine_of(people, frozenset({shape}))
        if shape in ("number", "ine", "phone", "tiny"):
            reader = engine
        read = best(lambda: [reader.restore_one(text) for text in made], 1)  # noqa: B023
        print(f"{shape:<8} {count / first:>10,.0f} {count / again:>10,.0f} {count / read:>10,.0f}")


def absent() -> None:
    """MB/s over text without a pseudonym."""
    text = (PROSE * (SIZE // len(PROSE) + 1))[:SIZE]
    for name, aliases in (
        ("sealed shapes only", frozenset[str]()),
        ("and number, ine, phone, tiny", frozenset({"number", "ine", "phone", "tiny"})),
    ):
        engine = engine_of(People(Kind.EMAIL, 1), aliases)
        seconds = best(lambda: engine.restore_edits(text), 9)  # noqa: B023
        aim = f" (aim ≥ {AIM})" if not aliases else ""
        print(f"restore scan, none there, {name}: {SIZE / seconds / 1e6:,.0f} MB/s{aim}")


def present() -> None:
    """1,649 tokens in 1 MB."""
    people = People(Kind.LOGIN, TOKENS)
    tokens = [
        engine_of(people).pseudonym(Kind.LOGIN, text, "token", ref)
        for ref, text in enumerate(people.texts, 1)
    ]
    gap = (PROSE * 10)[: SIZE // TOKENS - len(tokens[0])]
    text = "".join(token + gap for token in tokens)

    def restore() -> None:
        found = engine_of(people).restore_edits(text)
        assert len(found) == TOKENS

    seconds = best(restore)
    print(
        f"restore {TOKENS} tokens in {len(text) / 1e6:.1f} MB, none cached: "
        f"{seconds * 1e3:.1f} ms, {seconds / TOKENS * 1e6:.1f} µs a token, "
        f"{len(text) / seconds / 1e6:,.0f} MB/s"
    )


def main() -> None:
    """Run it."""
    shapes()
    absent()
    present()


if __name__ == "__main__":
    main()
