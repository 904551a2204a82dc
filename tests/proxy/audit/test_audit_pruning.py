"""Retention: events leave on time, the log stays provable, and only what was said is gone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import aics_tlog
import orjson
import pytest
from audit_adversary import Adversary, open_log
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit import (
    AuditTampered,
    NoteError,
    consistent,
    make_event,
    prove,
    prove_consistency,
    prune,
    query,
    serialise,
    verify,
    verify_proof,
)
from proxy.audit import pruning as pruning_module
from proxy.audit.checkpoints import read_history
from proxy.audit.cuts import Ranges, read_cut
from proxy.audit.export import Cursor, LogReader
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.shipping import FolderStore, Shipper

DAY = 86400.0
OLD, MIDDLE, NEW = 1_700_000_000.0, 1_710_000_000.0, 1_760_000_000.0


def lines(count: int, at: float, *, admin_every: int = 0) -> list[bytes]:
    """Traffic, with an act of an administrator every now and then."""
    found = []
    for number in range(count):
        if admin_every and number % admin_every == 0:
            event = make_event("admin-act", at=at, act="check", count=number)
        else:
            event = make_event("request-refused", at=at, reason="no-sni", incident="abcdef-0")
        found.append(serialise(event))
    return found


def cutoffs(traffic: float, administration: float = 0.0) -> dict[str, str]:
    """Before when each class has expired."""
    from proxy.audit.events import TYPES, rfc3339
    from proxy.audit.retention import class_of
    from proxy.retention import EventClass

    return {
        type: rfc3339(administration if class_of(type) is EventClass.ADMINISTRATION else traffic)
        for type in TYPES
    }


EVERYTHING = cutoffs(MIDDLE, MIDDLE)
"""Whatever is older than the middle, administration too."""


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 3,000 old events, 3,000 less old ones and 2,000 new ones."""
    base = tmp_path_factory.mktemp("aged")
    with open_log(base) as log:
        for count, at in ((3000, OLD), (3000, MIDDLE), (2000, NEW)):
            for start in range(0, count, 500):
                log.append(lines(500, at, admin_every=100)).result(5)
                if start % 1000 == 0:
                    log.checkpoint()
    return base


@pytest.fixture
def base(aged: Path, tmp_path: Path) -> Path:
    shutil.copytree(aged, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def once_cut(aged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The aged log, pruned of what is oldest: made once, copy before you change it."""
    base = tmp_path_factory.mktemp("cut")
    shutil.copytree(aged, base, dirs_exist_ok=True)
    pruned(base, cutoffs(OLD + 1, NEW * 2))
    return base


@pytest.fixture
def cut_base(once_cut: Path, tmp_path: Path) -> Path:
    shutil.copytree(once_cut, tmp_path, dirs_exist_ok=True)
    return tmp_path


def pruned(base: Path, before: dict[str, str]) -> pruning_module.Pruned:
    with open_log(base) as log:
        return prune(base / "audit", log, before)


def kinds(base: Path, **options: str) -> list[str]:
    return [one.kind for one in verify(base / "audit", **options).problems]


def test_what_has_expired_is_gone_and_the_log_verifies(base: Path) -> None:
    size = verify(base / "audit").events
    done = pruned(base, cutoffs(MIDDLE))
    # log-opened is stamped now, so the first segment keeps it; nothing goes as a whole.
    assert (done.minimum, done.deleted, done.blanked) == (0, 2970, 2970)
    left = [orjson.loads(one.line) for one in query(base / "audit")]
    assert not [one for one in left if one["type"] == "request-refused" and one["time"] < "2024"]
    assert len([one for one in left if one["type"] == "admin-act"]) == 80
    report = verify(base / "audit")
    assert report.problems == []
    assert report.events > size
    assert report.expired == 2970


def test_segments_go_when_nothing_is_left_in_them(base: Path) -> None:
    before = cutoffs(MIDDLE, NEW * 2)  # administration goes at once, log-opened with it
    done = pruned(base, before)
    assert done.minimum == 2048
    layout = Layout(base / "audit")
    assert layout.segment_numbers()[0] == 2
    assert not layout.tile(0, 7).exists()
    assert layout.tile(0, 8).exists()
    report = verify(base / "audit")
    assert report.problems == []
    assert report.minimum == 2048
    again = pruned(base, before)
    assert again.minimum >= 2048
    assert kinds(base) == []


@pytest.mark.parametrize("steps", [(OLD + 1,), (OLD + 1, MIDDLE + 1), (MIDDLE + 1,), (NEW * 2,)])
def test_the_remaining_proofs_hold_and_every_kept_checkpoint_can_be_compared(
    base: Path, steps: tuple[float, ...]
) -> None:
    saved = [note for _, note in read_history(Layout(base / "audit"))]
    for step in steps:
        assert pruned(base, cutoffs(step, NEW * 2)).minimum % 1024 == 0
    directory = base / "audit"
    report = verify(directory)
    assert report.problems == []
    ring = read_ring(Layout(directory))
    newest = ring.open((directory / "checkpoint").read_text())
    for note in saved:
        assert kinds(base, saved_checkpoint=note) == []
        old = ring.open(note)
        if old.size >= report.minimum:
            assert consistent(old, newest, prove_consistency(directory, old.size, newest.size))
    left = [one.index for one in query(directory)]
    for index in left[:3] + left[-3:]:
        assert verify_proof(prove(directory, index, ring), ring).index == index
    if report.minimum:
        with pytest.raises(NoteError, match="no event 5"):
            prove(directory, 5, ring)


def test_a_forked_old_checkpoint_is_a_split_view_below_the_cut_too(base: Path) -> None:
    from proxy.audit.note import Checkpoint
    from proxy.audit.signing import load_signer

    layout = Layout(base / "audit")
    ring = read_ring(layout)
    sizes = [ring.open(note).size for _, note in read_history(layout)]
    size = next(size for size in sizes if 0 < size < 2048)
    pruned(base, cutoffs(MIDDLE, NEW * 2))
    signer = load_signer(base / "keys/audit.pem", ring.name, create=False)
    fork = signer.sign(Checkpoint(ring.name, size, b"\1" * 32).text())
    assert kinds(base, saved_checkpoint=fork) == ["split-view"]
    unknown = signer.sign(Checkpoint(ring.name, 1500, b"\1" * 32).text())
    assert kinds(base, saved_checkpoint=unknown) == ["proof-missing"]


@pytest.mark.parametrize("act", ["edit", "delete_and_close_up", "swap", "blank", "truncate"])
@pytest.mark.parametrize("index", [2048, pytest.param(6500, marks=pytest.mark.long)])
@pytest.mark.parametrize("refit", [False, True])
def test_tampering_at_and_after_the_cut_is_found(
    cut_base: Path, act: str, index: int, refit: bool
) -> None:
    base = cut_base
    adversary = After(base / "audit")
    present = {one.index for one in query(base / "audit")}
    index = min(one for one in present if one >= index)
    getattr(adversary, act)(index)
    if refit:
        adversary.fit_tiles()
    assert kinds(base) != []


class After(Adversary):
    """The adversary on a log whose first segments are gone."""

    def everything(self) -> list[bytes]:
        return [line for n in self.layout.segment_numbers() for line in self.lines(n)]

    def put_all(self, lines: list[bytes]) -> None:
        numbers = self.layout.segment_numbers()
        for place, number in enumerate(numbers):
            self.put(number, lines[place * 1024 : (place + 1) * 1024])

    @property
    def first(self) -> int:
        return self.layout.segment_numbers()[0] * 1024

    def edit(self, index: int) -> None:
        found = self.everything()
        found[index - self.first] = found[index - self.first].replace(b"type", b"tipe")
        self.put_all(found)

    def blank(self, index: int) -> None:
        found = self.everything()
        found[index - self.first] = b""
        self.put_all(found)

    def delete_and_close_up(self, index: int) -> None:
        found = self.everything()
        del found[index - self.first]
        self.put_all(found)

    def swap(self, index: int) -> None:
        found = self.everything()
        place = index - self.first
        other = next(n for n in range(place + 1, len(found)) if found[n] not in (b"", found[place]))
        found[place], found[other] = found[other], found[place]
        self.put_all(found)

    def truncate(self, size: int) -> None:
        self.put_all(self.everything()[: size - self.first])

    def fit_tiles(self) -> None:
        """Write into the tiles what the lines say now; blanked ones keep their hash."""
        from proxy.audit.merkle import leaf_hash

        for place, line in enumerate(self.everything()):
            number = self.first + place
            path = self.layout.tile(0, number // 256)
            if line and path.exists():
                data = bytearray(path.read_bytes())
                data[number % 256 * 32 :][:32] = b""
                data[number % 256 * 32 : number % 256 * 32 + 32] = leaf_hash(line)
                path.write_bytes(data)


def test_a_cut_that_no_pruning_accounts_for_is_refused(base: Path) -> None:
    layout = Layout(base / "audit")
    layout.segment(0).unlink()
    assert kinds(base)[0] == "segment-missing"
    with pytest.raises(AuditTampered):
        open_log(base)


def test_a_cut_deeper_than_its_pruning_is_refused(cut_base: Path) -> None:
    base = cut_base
    layout = Layout(base / "audit")
    layout.segment(2).unlink()
    assert kinds(base)[0] == "segment-missing"
    with pytest.raises(AuditTampered):
        open_log(base)


@pytest.mark.parametrize("what", ["tlog-proof", "expired", "consistency"])
def test_what_a_pruning_leaves_behind_cannot_change_unseen(cut_base: Path, what: str) -> None:
    base = cut_base
    (path,) = (base / "audit/pruned").glob(f"*.{what}")
    good = path.read_bytes()
    for place in range(0, len(good), max(1, len(good) // 15)):
        data = bytearray(good)
        data[place] ^= 1
        path.write_bytes(data)
        assert kinds(base) != []
    path.unlink()
    assert kinds(base) != []
    path.write_bytes(good)
    assert kinds(base) == []


class Stopped(Exception):
    """The process died here."""


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16])
def test_a_crash_anywhere_in_a_pruning_leaves_a_good_log_and_is_finished(
    base: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dies at the ``at``-th write or deletion that the pruning does."""
    left = at

    def dying(act: Callable[..., object]) -> Callable[..., object]:
        def done(*arguments: object, **options: object) -> object:
            nonlocal left
            if threading.current_thread() is not threading.main_thread():
                return act(*arguments, **options)
            if left == 0:
                raise Stopped
            left -= 1
            return act(*arguments, **options)

        return done

    from proxy.audit import pruning, pruning_end, tiles

    with open_log(base) as log, monkeypatch.context() as patch:
        for module in (pruning, pruning_end, tiles):
            patch.setattr(module, "write_atomically", dying(module.write_atomically))
        real = Path.unlink
        patch.setattr(Path, "unlink", lambda path, **options: dying(real)(path, **options))
        try:
            prune(base / "audit", log, cutoffs(OLD + 1, NEW * 2))
        except Stopped:
            patch.undo()
    assert kinds(base) == []
    with open_log(base) as log:
        assert kinds(base) == []
        prune(base / "audit", log, cutoffs(OLD + 1, NEW * 2))
    assert kinds(base) == []
    layout = Layout(base / "audit")
    assert read_cut(layout, read_ring(layout)).minimum >= 2048
    assert layout.segment_numbers()[0] >= 2
    assert not [one for one in query(base / "audit") if str(one.event["time"]) < "2023-12"]


def test_a_pruned_log_is_written_on_and_pruned_again(base: Path) -> None:
    for step in (OLD + 1, OLD + 2, MIDDLE + 1):
        with open_log(base) as log:
            prune(base / "audit", log, cutoffs(step, NEW * 2))
            log.append(lines(700, NEW)).result(5)
            assert kinds(base) == []
    assert kinds(base) == []


def test_only_one_prunes_and_a_dry_run_deletes_nothing(base: Path) -> None:
    from proxy.audit.pruning_end import only_one

    with open_log(base) as log:
        with only_one(Layout(base / "audit")) as alone:
            assert alone
            assert prune(base / "audit", log, EVERYTHING).busy
        before = sorted((base / "audit").rglob("*"))
        told = prune(base / "audit", log, EVERYTHING, dry_run=True)
        assert told.deleted > 2900
        assert {*before} <= {*(base / "audit").rglob("*")}
        assert not (base / "audit/pruned").exists()


def test_nothing_to_prune_says_nothing(base: Path) -> None:
    assert pruned(base, cutoffs(OLD, OLD)).deleted == 0
    assert not any(query(base / "audit", {"type": "log-pruned"}))


def test_pruning_happens_while_others_write(base: Path) -> None:
    with open_log(base) as log, open_log(base) as client:
        futures = [log.append(lines(50, NEW)) for _ in range(20)]
        done = prune(base / "audit", client, cutoffs(OLD + 1, NEW * 2))
        assert done.minimum == 2048
        futures += [log.append(lines(50, NEW)) for _ in range(20)]
        for future in futures:
            future.result(10)
        assert kinds(base) == []
    assert kinds(base) == []


def test_a_reader_in_another_hand_proves_it(cut_base: Path) -> None:
    """The independent implementation: what a pruned log proves holds there too."""
    directory = cut_base / "audit"
    ring = read_ring(Layout(directory))
    newest = ring.open((directory / "checkpoint").read_text())
    old = ring.open(next(n for _, n in read_history(Layout(directory)) if ring.open(n).size > 3000))
    proof = prove_consistency(directory, old.size, newest.size)
    assert aics_tlog.verify_consistency(old.size, newest.size, old.root, newest.root, proof)


@given(st.sets(st.integers(0, 300)))
def test_ranges_hold_exactly_what_was_put_in(numbers: set[int]) -> None:
    ranges = Ranges(sorted(numbers))
    again = Ranges.parse(ranges.text())
    assert set(again) == numbers
    assert again.count == len(numbers)
    assert {n for n in range(310) if n in again} == numbers


def shipped(base: Path, cursor: str = "copy.cursor") -> Path:
    """The log's copy, brought up to date."""
    origin = LogReader(base / "audit").key().name
    store = FolderStore(base / "copy")
    one = Shipper(LogReader(base / "audit"), store, Cursor(base / cursor, origin))
    while one.step():
        pass
    return base / "copy"


@pytest.mark.parametrize(
    "before", [cutoffs(MIDDLE), cutoffs(MIDDLE, NEW * 2)], ids=["lines", "all"]
)
def test_a_copy_of_a_pruned_log_verifies(base: Path, before: dict[str, str]) -> None:
    pruned(base, before)
    copy = verify(shipped(base))
    log = verify(base / "audit")
    assert copy.problems == []
    assert (copy.minimum, copy.expired, copy.events) == (log.minimum, log.expired, log.events)


def test_a_copy_that_is_older_than_the_pruning_holds_on_to_nothing_untrue(base: Path) -> None:
    shipped(base)
    pruned(base, cutoffs(MIDDLE, NEW * 2))
    assert verify(shipped(base)).problems == []
    # Its place in the log forgotten: it begins again, over segments whose lines are gone now.
    assert verify(shipped(base, "another.cursor")).problems == []


def test_what_a_copy_still_waits_for_is_not_pruned(base: Path) -> None:
    with open_log(base) as log:
        done = prune(base / "audit", log, EVERYTHING, up_to=1024)
    assert (done.minimum, done.deleted) == (0, 1023)
    assert verify(base / "audit").problems == []
