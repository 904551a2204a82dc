"""``python -m benchmarks.directory``: a school, a town and an academy side by side.

For each size a site of its own: an import of generated people (four identifiers and three
names each, names shared as in France: one person in five has a namesake), the same roster
again, the index built, and a fresh process that opens it as a worker does.

Figures are processor time, since the machine may not be ours alone; ``unit`` is the time of
one HMAC-SHA-256 of 40 bytes in the same run (1.4 µs on a quiet core), to compare runs by.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from proxy.cli import main as preau
from proxy.cli.directory import opened
from proxy.directory import building_process, importing
from proxy.directory.index import Directory
from proxy.directory.index_file import load
from proxy.directory.subjects import Person
from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.keyfiles import initialise
from proxy.site import load_site

SIZES = (1_000, 100_000, 1_100_000)
_ONSETS = "b br c ch d dr f fl g gr h j k l m n p pl qu r s t tr v z".split()
_RHYMES = "a e i o u ou an on er in eau ar el ette ille ois".split()
_LOOKUPS = 2000


def people(count: int, seed: int = 7) -> Iterator[Person]:
    """Pupils. Given and family names follow a power law, as in a country."""
    rng = random.Random(seed)

    def name(syllables: int) -> str:
        return "".join(rng.choice(_ONSETS) + rng.choice(_RHYMES) for _ in range(syllables)).title()

    given = [name(3) for _ in range(min(11_300, 300 + count // 20))]
    family = [name(3) for _ in range(min(143_000, 500 + count // 3))]
    for n in range(count):
        first = given[int(len(given) * rng.random() ** 4)]
        last = family[int(len(family) * rng.random() ** 3)]
        yield Person(
            SubjectKind.PUPIL,
            str(n),
            first,
            last,
            emails=(f"{first}.{last}{n}@ac-bench.example".lower(),),
            logins=(f"{first}.{last}{n}".lower(),),
            national_id=f"{900_000_000 + n:09d}ZZ",
            student_number=f"E{n:07d}",
            birth_date=f"{2008 + n % 11}-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
            schools=(f"045{n // 800:04d}B",),
            classes=(f"{n // 27 % 30 + 1}A",),
        )


def unit() -> float:
    """Microseconds of a keyed hash, now."""
    started = time.process_time()
    for _ in range(100_000):
        hmac.digest(b"k" * 32, b"m" * 40, "sha256")
    return (time.process_time() - started) * 10


def make_site(folder: Path) -> Path:
    """An empty site with keys."""
    root = folder / "site"
    with contextlib.redirect_stdout(io.StringIO()):
        preau(["init", str(root)])
    if not load_site(root).keys_dir.exists():
        initialise(load_site(root).keys_dir)
    return root


def measure(count: int) -> dict[str, float]:
    """Everything about one size."""
    figures: dict[str, float] = {"people": count, "unit µs": unit()}
    started = time.process_time()
    for _ in people(count):
        pass
    generating = time.process_time() - started
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        root = make_site(Path(scratch))
        with opened(root) as (_, store, sealer):
            for what in ("import", "same again"):
                started = time.process_time()
                importing.apply(lambda: people(count), store, sealer, "bench")
                used = time.process_time() - started - generating
                figures[f"{what} µs/person"] = used / count * 1e6
                figures[f"{what} s"] = used
        figures["import peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        state = load_site(root).state_dir
        figures["store MB"] = sum(f.stat().st_size for f in state.rglob("*") if f.is_file()) / 1e6
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        building_process.build(root)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures["build s (wall)"] = time.monotonic() - started
        figures["build s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        figures |= sizes(state / building_process.FOLDER)
        worker = [sys.executable, "-m", "benchmarks.directory", "--worker", str(root)]
        figures |= json.loads(subprocess.run(worker, capture_output=True, check=True).stdout)
    return figures


def sizes(folder: Path) -> dict[str, float]:
    """Megabytes of the index by part."""
    (path,) = folder.glob("*.directory")
    loaded = load(path)
    assert loaded is not None, "just built"
    sections, figures = loaded
    parts = {"scopes": 0, "names + ids": 0}
    for name, section in sections.items():
        parts["scopes" if name.startswith("scope") else "names + ids"] += len(section)
    emails = figures["values"].get(Kind.EMAIL.value, 0)
    hashes = 4 * 6 * emails  # four a plain address, six bytes each
    return {
        "names + ids MB": (parts["names + ids"] - hashes) / 1e6,
        "e-mail hashes MB": hashes / 1e6,
        "scopes MB": parts["scopes"] / 1e6,
        "file MB": path.stat().st_size / 1e6,
    }


@contextlib.contextmanager
def another_worker(root: Path) -> Iterator[None]:
    """A process that has the index mapped too: what both map is not unshared."""
    command = [sys.executable, "-m", "benchmarks.directory", "--hold", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        holder.stdout.readline()
        yield
        holder.stdin.close()


def hold(root: Path) -> None:
    """Map the index until nobody needs it any more."""
    folder = load_site(root).state_dir / building_process.FOLDER
    mapped = [load(path) for path in folder.glob("*.directory")]
    print(len(mapped), flush=True)
    sys.stdin.read()


def unshared() -> float:
    """Megabytes that are this process's alone."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    private = (line.split() for line in lines if line.startswith("Private_"))
    return sum(int(fields[1]) for fields in private) / 1024


def work(root: Path) -> dict[str, float]:
    """What a worker does with the index, in a process of its own."""
    figures: dict[str, float] = {}
    with another_worker(root), opened(root) as (site, store, sealer):
        before, started = unshared(), time.process_time()
        index = Directory(store, sealer, (), site.state_dir / building_process.FOLDER).index
        figures["open s"] = time.process_time() - started
        prose = prose_of_this_house()
        known = [person for _, person in zip(range(_LOOKUPS), people(_LOOKUPS * 2), strict=False)]
        index.find(prose)
        figures["USS of the index MB"] = unshared() - before
        figures["find in prose MB/s"] = speed(lambda: index.find(prose), len(prose))
        figures["USS of the worker MB"] = unshared()
        some = [index.counts().values[Kind.EMAIL] // _LOOKUPS * n for n in range(_LOOKUPS)]
        figures["look-up, unknown µs"] = each(
            lambda: [index.lookup(Kind.EMAIL, f"nobody{n}@x.example") for n in range(_LOOKUPS)]
        )
        numbers = [f"E{n:07d}" for n in some]

        def look() -> None:
            for number in numbers:
                assert index.lookup(Kind.STUDENT_NUMBER, number)

        figures["look-up, first time µs"] = each(look, rounds=1)
        figures["look-up, again µs"] = each(look)
        text = " et ".join(f"{person.given_name} {person.family_name}" for person in known[:500])
        index.find(text)
        figures["find a name again µs"] = 1 / speed(lambda: index.find(text), 500)
    return figures


def prose_of_this_house() -> str:
    """About 100 kB of documentation, as Latin letters."""
    files = sorted(Path("docs").rglob("*.md"))
    text = "\n".join(file.read_text() for file in files)
    return text.encode("cp1252", "replace").decode("cp1252")


def speed(call: Callable[[], object], size: int, rounds: int = 3) -> float:
    """Megabytes a second, the best of some rounds."""
    best = 9e9
    for _ in range(rounds):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return size / best / 1e6


def each(call: Callable[[], object], rounds: int = 3) -> float:
    """Microseconds of one of the look-ups of a round."""
    return 1 / speed(call, _LOOKUPS, rounds)


def report(counts: tuple[int, ...] = SIZES) -> None:
    """The table, one column a size."""
    columns = []
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.directory", "--measure", str(count)],
            stdout=subprocess.PIPE,
            check=True,
        )
        columns.append(json.loads(done.stdout))
    for name in columns[0]:
        print(f"{name:<26}" + "".join(f"{column[name]:>14,.2f}" for column in columns))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.directory")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--hold", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure)))
    elif args.hold:
        hold(args.hold)
    elif args.worker:
        print(json.dumps(work(args.worker)))
    else:
        report(tuple(args.sizes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
