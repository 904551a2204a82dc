"""An import killed at any point leaves the old directory; the same roster then goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from directory_people import person

from proxy.directory import importing
from proxy.directory.index import Index
from proxy.kinds import Kind
from proxy.pseudonyms.keyfiles import initialise
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.store import open_store

COUNT = 2600
OLD = [person("Léa", "Martin", "old", emails=("lea@c.example",))]

CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_directory_killed import roster
from proxy.directory import importing
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.store import open_store, sqlite_staging

folder, where, when = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
calls = 0

def count():
    global calls
    calls += 1
    if calls == when:
        os.kill(os.getpid(), signal.SIGKILL)

def people():
    for one in roster():
        if where == "row":
            count()
        yield one

def counted(function):
    def call(*arguments):
        count()
        return function(*arguments)
    return call

sqlite_staging._FLUSH_SECONDS = 0
if where == "commit":
    def check():
        sqlite_staging.set_meta = counted(sqlite_staging.set_meta)
        sqlite_staging.SqliteStaging._flush = counted(sqlite_staging.SqliteStaging._flush)
else:
    def check():
        pass
store = open_store(f"sqlite:{folder / 'site.db'}")
sealer = ValueSealer(Keys.load(folder / "keys"))
importing.apply(people, store, sealer, "new", check=check, roster=b"one roster")
"""


def word(number: int) -> str:
    """A name of letters."""
    return "N" + "".join("aeioubdfgl"[int(digit)] for digit in str(number))


def roster():
    return (person(word(n), word(n * 7), str(n), emails=(f"a{n}@c.example",)) for n in range(COUNT))


@pytest.mark.parametrize(
    ("where", "when", "ready"),
    [("row", 1, 0), ("row", 2000, 0), ("row", 2600, 2000)]
    + [("commit", n, COUNT) for n in (1, 2, 3, 5)],
)  # fmt: skip
def test_a_kill_leaves_the_old_directory_and_the_roster_goes_on(
    tmp_path: Path, where: str, when: int, ready: int
):
    initialise(tmp_path / "keys")
    sealer = ValueSealer(Keys.load(tmp_path / "keys"))
    store = open_store(f"sqlite:{tmp_path / 'site.db'}")
    importing.apply(lambda: OLD, store, sealer, "old")
    before = (list(store.values()), list(store.subjects()))

    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", CHILD, here, str(tmp_path), where, str(when)]
    done = subprocess.run(command, check=False, timeout=60, capture_output=True, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    assert store.directory_version() == 1
    assert (list(store.values()), list(store.subjects())) == before
    assert Index.build(store, sealer).find("lea@c.example")[0].ref

    made = importing.apply(roster, store, sealer, "new", roster=b"one roster")
    assert (made.resumed, made.adds, made.unchanged, made.leavers) == (ready, COUNT, 0, 0)
    assert store.directory_version() == 2
    values = list(store.values())
    assert len({value.fingerprint for value in values}) == len(values)
    subjects = list(store.subjects())
    assert len({s.source_key for s in subjects}) == len(subjects) == COUNT + 1
    assert {ref for s in subjects for ref in s.values} <= {value.ref for value in values}
    store.close()


@pytest.mark.long
@pytest.mark.timeout(300)  # 12 s on a machine of its own
def test_fifty_thousand_people_import_in_flat_memory_and_are_all_found(tmp_path: Path):
    initialise(tmp_path / "keys")
    sealer = ValueSealer(Keys.load(tmp_path / "keys"))
    store = open_store(f"sqlite:{tmp_path / 'site.db'}")
    count = 50_000

    def many():
        for n in range(count):
            yield person(
                word(n % 997), word(n % 4999), str(n), emails=(f"u{n}@c.example",),
                schools=(f"S{n // 1000}",), classes=(f"C{n // 30 % 30}",),
            )  # fmt: skip

    made = importing.apply(many, store, sealer, "s")
    assert (made.adds, made.conflicts) == (count, ())
    index = Index.build(store, sealer)
    for n in range(0, count, 997):
        ref = index.lookup(Kind.EMAIL, f"u{n}@c.example")
        assert ref is not None
        assert index.plain(ref) == (Kind.EMAIL, f"u{n}@c.example")
        assert index.schools(ref) == {f"S{n // 1000}"}
        assert index.classes(ref) == {(f"S{n // 1000}", f"C{n // 30 % 30}")}
    assert index.lookup(Kind.EMAIL, f"u{count}@c.example") is None
    assert index.counts().subjects == {"pupil": count}
    again = importing.apply(many, store, sealer, "s")
    assert (again.unchanged, again.is_empty) == (count, True)
    store.close()
