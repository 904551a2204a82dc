"""Crashes: SIGKILL at any moment, torn tails, tiles left behind. Nothing acknowledged is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proxy.audit import AuditLog, AuditTampered, Event, query, verify
from proxy.audit._journal import Journal
from proxy.audit.layout import Layout
from proxy.audit.note import Signer
from proxy.audit.signing import load_signer

type Logs = Callable[..., AuditLog]
type Journals = Callable[..., Journal]

LOADER = """
import asyncio, os, signal, sys, time
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from audit_adversary import open_log, sample_event

async def worker(log, number, out):
    while True:
        await log.record([sample_event(number)])
        os.write(out, b"%d\\n" % number)
        number += 8

async def load(first, out):
    log = open_log(Path(sys.argv[1]), deadline=10)
    os.write(out, b"ready\\n")
    await asyncio.gather(*(worker(log, first + n, out) for n in range(8)))

for line in sys.stdin:
    first, seconds = line.split()
    read, write = os.pipe()
    victim = os.fork()
    if victim == 0:
        asyncio.run(load(int(first), write))
    os.close(write)
    with open(read) as told:
        assert told.readline() == "ready\\n"
        time.sleep(float(seconds))
        os.kill(victim, signal.SIGKILL)
        print(*told.read().split("\\n")[:-1], flush=True)
    os.waitpid(victim, 0)
"""
"""Forks a loader for each line of its input (where to count from, how long to live), kills
it, and says what was acknowledged to it. No interpreter start a round: 200 take seconds."""


def crash_rounds(base: Path, rounds: int, dice: random.Random) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-c", LOADER, str(base), str(here), str(here.parents[2])]
    acknowledged: set[int] = set()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdin is not None
        assert it.stdout is not None
        for number in range(rounds):
            it.stdin.write(f"{number * 1_000_000} {dice.uniform(0, 0.06)}\n")
            it.stdin.flush()
            acknowledged |= {int(word) for word in it.stdout.readline().split()}
            if dice.random() < 0.5:  # what a power cut may leave besides
                last = max((base / "audit/segments").iterdir())
                with last.open("ab") as file:
                    file.write(dice.choice([b'{"half', b"\0" * 700, b"\n", b"junk\n{}\n"]))
        it.stdin.close()
    in_log = {
        int(str(one.event["count"]))
        for one in query(base / "audit", {"type": "request-pseudonymised"})
    }
    assert acknowledged <= in_log
    assert len(acknowledged) > rounds


@pytest.mark.long
def test_killed_200_times_loses_no_acknowledged_event(tmp_path: Path, logs: Logs) -> None:
    crash_rounds(tmp_path, 200, random.Random(200))
    logs(tmp_path).close()
    assert verify(tmp_path / "audit").problems == []


def test_killed_at_random_points_loses_no_acknowledged_event(tmp_path: Path, logs: Logs) -> None:
    crash_rounds(tmp_path, 20, random.Random(20))
    logs(tmp_path).close()
    report = verify(tmp_path / "audit")
    assert report.problems == []
    assert any(query(tmp_path / "audit", {"type": "log-repaired"}))


@pytest.mark.parametrize(
    ("tail", "lines"),
    [(b'{"torn', 0), (b"\0\0\0\0", 0), (b"junk\n", 1), (b"\n\n", 2), (b'[1]\n{"a":1}\n', 2)],
)
def test_a_torn_tail_is_cut_and_said(
    tmp_path: Path, logs: Logs, event: Callable[..., Event], tail: bytes, lines: int
) -> None:
    log = logs(tmp_path)
    log.record_sync([event(1)])
    log.close()
    with (tmp_path / "audit/segments/00000000.jsonl").open("ab") as file:
        file.write(tail)
    assert verify(tmp_path / "audit").ok or lines  # unsealed bytes prove nothing
    logs(tmp_path).close()
    (repaired,) = query(tmp_path / "audit", {"type": "log-repaired"})
    assert repaired.event["dropped_bytes"] == len(tail)
    assert repaired.event["dropped_lines"] == lines
    assert verify(tmp_path / "audit").ok


def test_whole_lines_after_the_checkpoint_are_kept(tmp_path: Path, journals: Journals) -> None:
    journal = journals(tmp_path)
    journal.append([b'{"n":%d}' % n for n in range(2500)])
    journal.close()  # as a crash leaves it: not hashed, not sealed
    again = journals(tmp_path)
    assert again.size == 2500
    assert again.repair.lines == 0
    assert again.repair.tiles == 9
    again.seal()
    assert verify(tmp_path / "audit").ok


def test_lines_that_were_refused_are_cut_when_the_same_process_opens_again(
    tmp_path: Path, journals: Journals
) -> None:
    journal = journals(tmp_path)
    journal.append([b'{"n":%d}' % n for n in range(1500)])
    journal.close()
    again = journals(tmp_path, acknowledged=1000)
    assert again.size == 1000
    assert again.repair.lines == 500
    again.append([b'{"m":1}'])
    again.seal()
    assert verify(tmp_path / "audit").ok
    assert not (tmp_path / "audit/segments/00000001.jsonl").exists()


def test_a_large_log_opens_from_its_tiles(tmp_path: Path, journals: Journals) -> None:
    """More than the 65,536 events whose lines are read again; lost tiles are made again."""
    journal = journals(tmp_path)
    journal.append([b'{"n":%d}' % n for n in range(140_000)])
    journal.seal(keep=True)
    journal.close()
    tile = tmp_path / "audit/tile/1/000"
    lost = {path: path.read_bytes() for path in (tile, tmp_path / "audit/tile/0/258")}
    for path in lost:
        path.unlink()
    assert {one.kind for one in verify(tmp_path / "audit").problems} == {"tile-missing"}
    again = journals(tmp_path)
    assert again.repair.tiles == 2
    assert {path: path.read_bytes() for path in lost} == lost
    assert verify(tmp_path / "audit").ok


@pytest.mark.parametrize("act", ["edit", "delete", "insert", "swap", "truncate"])
def test_a_tampered_log_is_not_written_on(adversary, tmp_path: Path, logs: Logs, act: str) -> None:
    getattr(adversary, act)(2100)
    before = {path: path.read_bytes() for path in (tmp_path / "audit").rglob("*") if path.is_file()}
    with pytest.raises(AuditTampered, match="aside"):
        logs(tmp_path)
    after = {path: path.read_bytes() for path in (tmp_path / "audit").rglob("*") if path.is_file()}
    assert after == before  # the evidence is as it was


@pytest.mark.parametrize("name", ["checkpoint", "segments/00000001.jsonl"])
def test_a_log_that_lost_a_file_is_not_written_on(
    adversary, tmp_path: Path, logs: Logs, name: str
) -> None:
    (tmp_path / "audit" / name).unlink()
    with pytest.raises(AuditTampered):
        logs(tmp_path)


def test_a_checkpoint_put_back_does_not_hide_a_cut(adversary, tmp_path: Path, logs: Logs) -> None:
    """Cut the log and put an old checkpoint back: the history still knows."""
    from proxy.audit.checkpoints import read_history

    old = next(note for _, note in read_history(Layout(tmp_path / "audit")) if "\n1501\n" in note)
    adversary.truncate(1501)
    (tmp_path / "audit/checkpoint").write_text(old)
    with pytest.raises(AuditTampered):
        logs(tmp_path)


class JournalMachine(RuleBasedStateMachine):
    """Any sequence of appends, seals, crashes and torn tails keeps every acknowledged line."""

    signer: Signer

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.base = Path(tempfile.mkdtemp(prefix="preau-audit-"))
        self.signer = load_signer(self.base / "audit.pem", "preau.example/machine", create=True)
        self.layout = Layout(self.base / "audit")
        self.journal = Journal(self.layout, self.signer)
        self.lines: list[bytes] = []

    @rule(count=st.one_of(st.integers(1, 5), st.integers(200, 300), st.just(1024)))
    def append(self, count: int) -> None:
        lines = [b'{"n":%d}' % (len(self.lines) + n) for n in range(count)]
        assert self.journal.append(lines) == len(self.lines)
        self.lines += lines

    @rule()
    def absorb(self) -> None:
        self.journal.absorb()

    @rule(keep=st.booleans())
    def seal(self, keep: bool) -> None:
        self.journal.seal(keep=keep)

    @rule(torn=st.sampled_from([b"", b"{", b'{"n":1', b"\0\0\n", b"nonsense\n{}\n"]))
    def crash(self, torn: bytes) -> None:
        self.journal.close()
        last = self.layout.segment(self.layout.segment_numbers()[-1])
        with last.open("ab") as file:
            file.write(torn)
        self.journal = Journal(self.layout, self.signer)
        assert self.journal.repair.bytes == len(torn)

    @rule()
    def crash_between_segments(self) -> None:
        """A new segment was made and nothing written into it yet."""
        self.journal.close()
        numbers = self.layout.segment_numbers()
        if len(self.lines) and len(self.lines) % 1024 == 0 and numbers[-1] * 1024 < len(self.lines):
            self.layout.segment(numbers[-1] + 1).touch()
        self.journal = Journal(self.layout, self.signer)

    @invariant()
    def every_acknowledged_line_is_there_in_order(self) -> None:
        if hasattr(self, "journal"):
            assert self.journal.size == len(self.lines)

    def teardown(self) -> None:
        import shutil

        if not hasattr(self, "journal"):
            return
        self.journal.seal()
        self.journal.close()
        found = [one.line for one in query(self.layout.root)]
        report = verify(self.layout.root)
        shutil.rmtree(self.base)
        assert found == self.lines
        assert report.problems == []
        assert report.sealed == len(self.lines)


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
