"""Is this log whole, unchanged and the one we knew? From its files alone.

The checks and their order are the numbered steps of ``docs/audit-format.md``, from which
anybody can write the same program. What can be said about the place of a change depends on
what was left: while the hash tiles stand, the very line is named; when somebody made the
tiles again to fit, the first signed checkpoint that no longer holds bounds it.

Limits, said in the report: events after the newest checkpoint are *unsealed* (whole log:
at most the last second before a crash); and whoever holds the signing key can rewrite
everything and sign it again, which only a checkpoint kept elsewhere (``Kept``) shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proxy.audit import checkpoints
from proxy.audit.cuts import Cut, Past, newest_name, read_cut
from proxy.audit.errors import NoteError
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import HASH, SEGMENT, Layout
from proxy.audit.merkle import TILE, FullTile, Tree, leaf_hash, leaf_hashes
from proxy.audit.note import Checkpoint, VerifierKey, count_signers
from proxy.audit.tiles import read_frontier, read_tile


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``kind`` is a stable word, ``message`` is for people."""

    kind: str
    message: str
    index: int | None = None
    """The first event concerned."""

    @property
    def place(self) -> str:
        """Segment file and line of the event, as an editor shows it."""
        if self.index is None:
            return ""
        return f"{self.index // SEGMENT:08d}.jsonl:{self.index % SEGMENT + 1}"


@dataclass(slots=True)
class Report:
    """What was found. ``problems`` is empty for a good log, the first bad place first."""

    directory: str
    origin: str = ""
    key: str = ""
    key_from_directory: bool = False
    events: int = 0
    sealed: int = 0
    checkpoints: int = 0
    minimum: int = 0
    """The first event that retention has left."""
    expired: int = 0
    """Single events after it that retention took."""
    keys: int = 1
    """How many keys signed the log, one after the other."""
    saved: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found wrong."""
        return not self.problems

    @property
    def unsealed(self) -> int:
        """Whole events after the newest checkpoint, which proves nothing about them."""
        return max(0, self.events - self.sealed)

    def bad(self, kind: str, message: str, index: int | None = None) -> None:
        """Note a problem."""
        self.problems.append(Problem(kind, message, index))


@dataclass(frozen=True, slots=True)
class Kept:
    """Checkpoints from elsewhere: what the log is held against."""

    notes: Sequence[str] = ()
    """Signed notes, of any age."""
    unsigned: Sequence[Checkpoint] = ()
    """Read from words: trusted for the wall they were read from."""
    witnesses: Sequence[VerifierKey] = ()
    """Witnesses' keys; ``wanted`` of them must have signed the newest of ``notes``."""
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class _Mark:
    """A verified checkpoint, to be compared when the walk reaches its size."""

    size: int
    root: bytes
    where: str
    kind: str


def verify(
    directory: Path, vkey: str | None = None, saved_checkpoint: Kept | str | None = None
) -> Report:
    """Check the log in ``directory``; ``vkey`` and ``saved_checkpoint`` from elsewhere.

    Raises ``NoteError`` when there is no log or no usable key: then nothing can be said.
    """
    layout = Layout(directory)
    while True:
        pruning = newest_name(layout)
        report = _verify(layout, vkey, saved_checkpoint)
        if report.ok or pruning == newest_name(layout):
            return report  # else it was pruned under our feet: look again


def _verify(layout: Layout, vkey: str | None, saved: Kept | str | None) -> Report:
    report = Report(str(layout.root), key_from_directory=vkey is None)
    key = _key(layout, vkey, report)
    kept = Kept((saved,)) if isinstance(saved, str) else saved or Kept()
    marks = _marks(layout, key, kept, report)
    cut = _cut(layout, key, marks, report)
    marks = _past(layout, key, cut, marks, report)
    _Walk(layout, report, marks, cut).run()
    report.problems.sort(key=lambda found: -1 if found.index is None else found.index)
    return report


def _key(layout: Layout, vkey: str | None, report: Report) -> KeyRing:
    """Step 1: the key, that the log names the same, and those that took over from it."""
    try:
        beside = layout.public_key.read_text().strip()
    except (OSError, UnicodeDecodeError):
        beside = ""
    if not beside and not layout.checkpoint.exists() and not layout.segments.is_dir():
        raise NoteError(f"{layout.root} holds no audit log")
    if vkey is None and not beside:
        raise NoteError(f"{layout.public_key} is missing: give the key with --key")
    key = VerifierKey.parse(vkey or beside)
    try:
        ring = read_ring(layout, key)
    except (NoteError, OSError) as error:
        ring = KeyRing((key,))
        if beside != str(key):
            report.bad("key-changed", f"{layout.public_key.name} does not lead to the key given")
        else:
            report.bad("forged-hand-over", f"{layout.keys.name}: {error}")
    report.origin, report.key, report.keys = key.name, str(key), len(ring.keys)
    return ring


def _cut(layout: Layout, key: KeyRing, marks: deque[_Mark], report: Report) -> Cut:
    """Step 5: what the log itself says was deleted, and the checkpoint that says it."""
    try:
        cut = read_cut(layout, key)
    except (NoteError, OSError) as error:
        report.bad("forged-pruning", str(error))
        return Cut()
    if (proof := cut.checkpoint) is not None:
        marks.append(_Mark(proof.size, proof.root, "the pruning's checkpoint", "changed"))
        if proof.size > report.sealed:
            report.bad(
                "rolled-back",
                f"a pruning was sealed at {proof.size} events, the newest checkpoint covers "
                f"{report.sealed}",
                report.sealed,
            )
    report.minimum, report.expired = cut.minimum, cut.expired.count
    return cut


def _past(
    layout: Layout, key: KeyRing, cut: Cut, marks: deque[_Mark], report: Report
) -> deque[_Mark]:
    """Step 6: checkpoints from below the minimum index; the marks that the walk will meet."""
    old = [mark for mark in marks if mark.size < cut.minimum]
    if old:
        try:
            past = Past(layout, key)
        except (NoteError, OSError) as error:
            report.bad("forged-pruning", str(error))
            old = []
    for mark in old:
        holds = past.holds(mark.size, mark.root, cut) if mark.size else True
        if holds is False:
            report.bad(mark.kind, f"{mark.where}: the log did not begin with these events", 0)
        elif holds is None:
            report.bad(
                "proof-missing",
                f"{mark.where}: of {mark.size} events, which were pruned, and nothing was kept to "
                "compare it with",
            )
    later = (mark for mark in marks if mark.size >= cut.minimum)
    return deque(sorted(later, key=lambda mark: mark.size))


def _marks(layout: Layout, key: KeyRing, kept: Kept, report: Report) -> deque[_Mark]:
    """Steps 2 to 4: every checkpoint, its signature verified, in order of size."""
    history = list(checkpoints.read_history(layout))  # before the newest: a log may be live
    marks: list[_Mark] = []
    newest = _newest(layout, key, report)
    if newest is not None:
        report.sealed = newest.size
        marks.append(_Mark(newest.size, newest.root, "checkpoint", "changed"))
    for where, note in history:
        found = _opened(note, key, where, "history", report)
        if found is None:
            continue
        report.checkpoints += 1
        marks.append(_Mark(found.size, found.root, where, "changed"))
        if newest is None:
            report.sealed = max(report.sealed, found.size)
        elif found.size > report.sealed:
            report.bad(
                "rolled-back",
                f"{where} covers {found.size} events, the newest checkpoint only {report.sealed}",
                report.sealed,
            )
            report.sealed = found.size
    marks += _kept_marks(key, kept, report)
    return deque(sorted(marks, key=lambda mark: mark.size))


def _kept_marks(key: KeyRing, kept: Kept, report: Report) -> Iterator[_Mark]:
    """Step 4: every checkpoint from elsewhere."""
    found = [
        (_opened(note, key, "the saved checkpoint", "saved", report), note) for note in kept.notes
    ]
    opened = [(one, note) for one, note in found if one is not None]
    if kept.witnesses:
        newest = max(opened, key=lambda pair: pair[0].size)[1] if opened else ""
        count = count_signers(newest, kept.witnesses)
        if count < kept.wanted:
            report.bad(
                "not-witnessed",
                f"the saved checkpoint bears {count} of the {kept.wanted} witnesses' signatures "
                "that are wanted",
            )
    report.saved = bool(kept.notes or kept.unsigned)
    for one in (*(one for one, _ in opened), *kept.unsigned):
        yield _Mark(one.size, one.root, "the saved checkpoint", "split-view")
        if one.size > report.sealed:
            report.bad(
                "rolled-back",
                f"the saved checkpoint covers {one.size} events, "
                f"the log's newest only {report.sealed}",
                report.sealed,
            )


def _newest(layout: Layout, key: KeyRing, report: Report) -> Checkpoint | None:
    try:
        note = checkpoints.read_newest(layout)
    except NoteError as error:
        report.bad("forged-signature", str(error))
        return None
    if note is None:
        report.bad("checkpoint-missing", "the log has no checkpoint file")
        return None
    return _opened(note, key, "checkpoint", "newest", report)


def _opened(note: str, key: KeyRing, where: str, kind: str, report: Report) -> Checkpoint | None:
    try:
        found = key.open(note) if kind == "newest" else key.open_past(note)
    except NoteError as error:
        report.bad("forged-signature", f"{where}: {error}")
        return None
    if kind == "newest":
        report.checkpoints += 1
    return found


class _Walk:
    """Steps 7 to 10: every line once, in order; stops at the first bad place."""

    def __init__(self, layout: Layout, report: Report, marks: deque[_Mark], cut: Cut) -> None:
        self._layout = layout
        self._report = report
        self._marks = marks
        self._cut = cut
        self._tree = Tree()
        self._good = cut.minimum
        """Events up to the last checkpoint whose root came out right."""

    def run(self) -> None:
        """Walk, then see that nothing sealed is missing at the end."""
        if not self._begin():
            return
        for lines in self._segments():
            for start in range(0, len(lines), TILE):
                if not self._chunk(lines[start : start + TILE]):
                    self._report.events = max(self._tree.size, self._report.events)
                    return
        size = self._report.events = self._tree.size
        if size < self._report.sealed:
            self._report.bad(
                "truncated",
                f"the log ends after {size} events, {self._report.sealed} were sealed",
                size,
            )

    def _begin(self) -> bool:
        """The tree at the minimum index, from the tiles that a pruning kept."""
        minimum = self._cut.minimum
        if not minimum:
            return True
        try:
            self._tree = read_frontier(self._layout, minimum)
        except NoteError as error:
            self._report.bad("tile-missing", str(error), minimum)
            return False
        if self._tree.root() != self._cut.root:
            self._report.bad(
                "tile-changed", f"the hash tiles do not lead to event {minimum} as signed", minimum
            )
            return False
        return True

    def _segments(self) -> Iterator[list[bytes]]:
        """Step 7: the lines of each segment. A segment that is short or long is followed by
        a mismatch of hashes or by the end, so both show there."""
        first = self._cut.minimum // SEGMENT
        numbers = [number for number in self._layout.segment_numbers() if number >= first]
        for place, number in enumerate(numbers, first):
            if number != place:
                self._report.bad(
                    "segment-missing",
                    f"segment {place:08d}.jsonl is missing, and no pruning accounts for it",
                    place * SEGMENT,
                )
                return
            lines = self._layout.segment(number).read_bytes().split(b"\n")
            if lines.pop() and number != numbers[-1]:
                self._report.bad(
                    "edited", f"segment {number:08d}.jsonl ends without a newline", self._tree.size
                )
                return
            yield lines
            if len(lines) != SEGMENT and (number != numbers[-1] or len(lines) > SEGMENT):
                self._report.bad(
                    "inserted" if len(lines) > SEGMENT else "deleted",
                    f"segment {number:08d}.jsonl holds {len(lines)} lines, not {SEGMENT}",
                    self._tree.size,
                )
                return

    def _chunk(self, lines: list[bytes]) -> bool:
        """Steps 8 and 9 for the lines of one tile (or what there is of it)."""
        first = self._tree.size
        hashes = self._hashes(first, lines)
        if not hashes or not self._same_tile(first, hashes):
            return False
        done = 0
        while self._marks and self._marks[0].size <= first + len(hashes):
            mark = self._marks.popleft()
            full = self._tree.extend(hashes[done : mark.size - first])
            done = mark.size - first
            if not self._upper(full) or not self._same_root(mark):
                return False
        return self._upper(self._tree.extend(hashes[done:]))

    def _hashes(self, first: int, lines: list[bytes]) -> list[bytes]:
        """Of the lines; of a blanked one what the tile says, if a pruning accounts for it."""
        if b"" not in lines:
            return leaf_hashes(lines)
        stored = read_tile(self._layout, 0, first // TILE)
        found = []
        for place, line in enumerate(lines):
            number = first + place
            if line:
                found.append(leaf_hash(line))
            elif stored is not None and number in self._cut.expired:
                found.append(stored[place * HASH : (place + 1) * HASH])
            else:
                why = "and no pruning accounts for it" if stored else "and its hash tile too"
                self._report.bad("deleted", f"event {number} was taken out, {why}", number)
                return []
        return found

    def _same_tile(self, first: int, hashes: list[bytes]) -> bool:
        """Step 8: the hashes of these lines against the stored tile."""
        index = first // TILE
        stored = read_tile(self._layout, 0, index)
        if stored is None:
            if len(hashes) == TILE and first + TILE <= self._report.sealed:
                self._report.bad("tile-missing", f"hash tile 0/{index} is missing", first)
                return False
            width = self._report.sealed - first
            stored = read_tile(self._layout, 0, index, width) if 0 < width < TILE else None
        if stored is None:
            return True
        ours = b"".join(hashes)
        if ours == stored or (len(hashes) * HASH > len(stored) and ours.startswith(stored)):
            return True
        theirs = [stored[i : i + HASH] for i in range(0, len(stored), HASH)]
        return self._name_change(first, hashes, theirs)

    def _name_change(self, first: int, ours: list[bytes], theirs: list[bytes]) -> bool:
        """Which line, and what was done to it."""
        pairs = zip(ours, theirs, strict=False)
        at = next((i for i, (one, other) in enumerate(pairs) if one != other), None)
        if at is None:  # the lines end before the tile does: the end is judged elsewhere
            return True
        kind, word = "edited", "was changed"
        if ours[at : at + 2] == theirs[at : at + 2][::-1] and at + 1 < len(theirs):
            kind, word = "reordered", "and the one after it changed places"
        elif ours[at + 1 : at + 2] == [theirs[at]]:
            kind, word = "inserted", "was put in"
        elif theirs[at + 1 : at + 2] == [ours[at]]:
            kind, word = "deleted", "was taken out"
        elif sorted(ours) == sorted(theirs):
            kind, word = "reordered", "and others changed places"
        self._report.bad(kind, f"event {first + at} {word}", first + at)
        return False

    def _upper(self, full: list[FullTile]) -> bool:
        """Tiles above the lines, as they become full."""
        for level, index, data in full:
            if level == 0:
                continue
            stored = read_tile(self._layout, level, index)
            end = (index + 1) * TILE ** (level + 1)
            if stored != data and (stored is not None or end <= self._report.sealed):
                word = "missing" if stored is None else "changed"
                self._report.bad(
                    f"tile-{word}",
                    f"hash tile {level}/{index} is {word}",
                    end - TILE ** (level + 1),
                )
                return False
        return True

    def _same_root(self, mark: _Mark) -> bool:
        """Step 9: the root at a checkpoint's size."""
        if self._tree.root() == mark.root:
            self._good = mark.size
            return True
        self._report.bad(
            mark.kind,
            f"{mark.where}: the first {mark.size} events are not those it was signed over"
            + (f"; the first {self._good} are" if self._good else ""),
            self._good,
        )
        return False
