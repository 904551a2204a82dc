"""Opening a log: find where it ends, mend what a crash left, refuse what tampering left.

Steps, in order; the caller holds the lock.

1. The newest checkpoint is the larger of ``checkpoint`` and the last one of the history.
   Its signature must hold. Everything up to its size is *sealed*: it must be there,
   unchanged. A log with events and no checkpoint has lost its checkpoint: refused, since
   a checkpoint of size 0 is written before the first event.
2. The events that lie after it were perhaps acknowledged, perhaps not: whole lines are
   kept. From the first byte that is not a whole JSON line on, nothing can have been
   acknowledged (events are synced in order), so it is cut off, and that is a *repair*.
3. The hash tree of the sealed events is built from tiles, and from the lines themselves
   for the last ``CHECKED`` segments. Its root must be the checkpoint's.
4. Only now is anything written: the tail is cut,
5. and tiles that a crash left behind the lines are made again. (Before step 3 had found
   the root right, writing would destroy the evidence of what was changed.)

Reading every line of a large log would take 2 µs an event at each start; that is what
``preau audit verify`` is for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import orjson

from proxy.audit import checkpoints
from proxy.audit._files import sync_directory
from proxy.audit.cuts import Cut, read_cut
from proxy.audit.errors import AuditTampered, NoteError
from proxy.audit.keyring import KeyRing
from proxy.audit.layout import HASH, SEGMENT, Layout
from proxy.audit.merkle import EMPTY_ROOT, TILE, Edge, Tree, subtree_root
from proxy.audit.note import Checkpoint
from proxy.audit.tiles import line_hashes, read_tile, write_full

CHECKED = 64
"""Segments whose lines are read again at each opening (at most 65,536 events, 0.15 s)."""


@dataclass(slots=True)
class Repair:
    """What was mended while opening."""

    lines: int = 0
    bytes: int = 0
    tiles: int = 0

    def __bool__(self) -> bool:
        return bool(self.lines or self.bytes or self.tiles)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A log that may be written on."""

    tree: Tree
    sealed: Checkpoint
    repair: Repair
    cut: Cut


def recover(layout: Layout, key: KeyRing, acknowledged: int | None = None) -> Recovered:
    """Steps 1 to 5. ``acknowledged`` is known when this very process wrote the log before:
    whole lines beyond it were refused to their waiters, so they are cut off too."""
    numbers = layout.segment_numbers()  # before the cut: somebody may be pruning just now
    sealed = _sealed(layout, key, has_events=bool(numbers))
    try:
        cut_off = read_cut(layout, key)
    except NoteError as error:
        raise AuditTampered(f"{layout.root}: {error}") from None
    base = cut_off.minimum // SEGMENT
    numbers = [number for number in numbers if number >= base]
    if numbers != list(range(base, base + len(numbers))):
        raise AuditTampered(f"{layout.segments}: a segment is missing")
    keep = None if acknowledged is None else max(acknowledged, sealed.size)
    last = min(sealed.size // SEGMENT, base + len(numbers) - 1)
    start = max(base, last + 1 - CHECKED) * SEGMENT
    lines, cut = _read_lines(layout, numbers[start // SEGMENT - base :], sealed.size, keep)
    tiles = _Tiles(layout, cut_off.minimum)
    try:
        tree = tiles.tree(start)
        tiles.grow(tree, lines[: max(0, sealed.size - start)])
    except NoteError as error:
        raise AuditTampered(f"{layout.root}: {error}") from None
    if tree.size != sealed.size or tree.root() != sealed.root:
        raise AuditTampered(f"{layout.root}: the first {sealed.size} events were changed or cut")
    tiles.grow(tree, lines[sealed.size - start :])
    if acknowledged is not None and tree.size < acknowledged:
        raise AuditTampered(f"{layout.root}: events {tree.size} to {acknowledged - 1} are gone")
    repair = Repair() if cut is None else _apply(layout, cut)
    repair.tiles = tiles.write()
    checkpoints.mend_history(layout)
    return Recovered(tree, sealed, repair, cut_off)


def _sealed(layout: Layout, key: KeyRing, *, has_events: bool) -> Checkpoint:
    """Step 1."""
    try:
        note = checkpoints.read_newest(layout)
        kept = checkpoints.newest_kept(layout, key)
        newest = None if note is None else key.open(note)
    except NoteError as error:
        raise AuditTampered(f"{layout.root}: checkpoint: {error}") from None
    if newest is None and (has_events or kept):
        raise AuditTampered(f"{layout.checkpoint} is missing")
    candidates = [found for found in (newest, kept) if found is not None]
    if not candidates:
        return Checkpoint(key.name, 0, EMPTY_ROOT)
    return max(candidates, key=lambda found: found.size)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where the log ends on disk: segment, byte; and the segments after it."""

    number: int
    offset: int
    later: list[int]


def _read_lines(
    layout: Layout, numbers: list[int], sealed: int, keep: int | None
) -> tuple[list[bytes], _Cut | None]:
    """Step 2: the lines that stand, and where to cut if something after them does not."""
    found: list[bytes] = []
    for place, number in enumerate(numbers):
        first = number * SEGMENT
        lines = layout.segment(number).read_bytes().split(b"\n")
        torn = lines.pop()
        stand = _standing(lines, first, sealed, keep)
        found += lines[:stand]
        later = numbers[place + 1 :]
        if stand < len(lines) or torn or (later and stand < SEGMENT):
            if first + stand < sealed:
                raise AuditTampered(
                    f"{layout.segment(number)} line {stand + 1}: events end here, "
                    f"but {sealed} were sealed"
                )
            return found, _Cut(number, sum(map(len, lines[:stand])) + stand, later)
    return found, None


def _standing(lines: list[bytes], first: int, sealed: int, keep: int | None) -> int:
    """How many of the lines stand: a sealed one always, a later one when it is whole."""
    limit = min(len(lines), SEGMENT if keep is None else max(0, min(SEGMENT, keep - first)))
    for place in range(max(0, sealed - first), limit):
        if not _is_event(lines[place]):
            return place
    return limit


def _is_event(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _apply(layout: Layout, cut: _Cut) -> Repair:
    """Step 4: drop what follows the cut, later segments first so that no gap can remain."""
    repair = Repair()
    for number in reversed(cut.later):
        dropped = layout.segment(number).read_bytes()
        repair.lines += dropped.count(b"\n")
        repair.bytes += len(dropped)
        layout.segment(number).unlink()
    with layout.segment(cut.number).open("r+b", buffering=0) as file:
        file.seek(cut.offset)
        dropped = file.read()
        repair.lines += dropped.count(b"\n")
        repair.bytes += len(dropped)
        file.truncate(cut.offset)
        os.fsync(file.fileno())
    sync_directory(layout.segments)
    return repair


class _Tiles:
    """Step 3: the tree from full tiles; absent ones computed from below, written later."""

    def __init__(self, layout: Layout, minimum: int) -> None:
        self._layout = layout
        self._minimum = minimum
        self._new: dict[tuple[int, int], bytes] = {}

    def tree(self, size: int) -> Tree:
        """The tree of the first ``size`` leaves, a multiple of a tile."""
        tree = Tree()
        tree.size = size
        level, count = 1, size // TILE
        while count:
            edge = Edge()
            first = count - count % TILE
            edge.add([self._top(level - 1, index) for index in range(first, count)])
            tree.edges.append(edge)
            level, count = level + 1, count // TILE
        return tree

    def grow(self, tree: Tree, lines: list[bytes]) -> None:
        """Hash lines into the tree, noting the tiles that are absent or differ."""
        for level, index, data in tree.extend(line_hashes(self._layout, tree.size, lines)):
            if read_tile(self._layout, level, index) != data:
                self._new[level, index] = data

    def write(self) -> int:
        """Step 5: write what was noted; how many."""
        for (level, index), data in self._new.items():
            write_full(self._layout, level, index, data)
        return len(self._new)

    def _top(self, level: int, index: int) -> bytes:
        if (index + 1) * TILE ** (level + 1) <= self._minimum:
            return self._kept(level + 1, index)
        data = self._tile(level, index)
        return subtree_root([data[i : i + HASH] for i in range(0, len(data), HASH)])

    def _kept(self, level: int, position: int) -> bytes:
        """The hash of a tile that was pruned: in the one above, full or as it was then."""
        index, place = divmod(position, TILE)
        width = self._minimum // TILE**level - index * TILE
        data = read_tile(self._layout, level, index)
        if data is None and 0 < width < TILE:
            data = read_tile(self._layout, level, index, width)
        if data is None:
            raise NoteError(f"hash tile {self._layout.tile(level, index)} is missing")
        return data[place * HASH : (place + 1) * HASH]

    def _tile(self, level: int, index: int) -> bytes:
        data = read_tile(self._layout, level, index)
        if data is None:
            data = self._new[level, index] = self._computed(level, index)
        return data

    def _computed(self, level: int, index: int) -> bytes:
        if level:
            return b"".join(self._top(level - 1, index * TILE + i) for i in range(TILE))
        number, part = divmod(index * TILE, SEGMENT)
        lines = self._layout.segment(number).read_bytes().split(b"\n")
        return b"".join(line_hashes(self._layout, index * TILE, lines[part : part + TILE]))
