"""Keeps one copy up to date: segments, the tiles over them, the checkpoints, in this order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from proxy.audit import checkpoints
from proxy.audit.cuts import read_cut
from proxy.audit.errors import NoteError
from proxy.audit.export.cursor import Cursor
from proxy.audit.export.reader import LogReader
from proxy.audit.layout import HISTORY, SEGMENT
from proxy.audit.merkle import TILE
from proxy.audit.note import Checkpoint
from proxy.audit.shipping.places import Store, Vanished
from proxy.audit.tiles import frontier
from proxy.outbound import Outage


class Shipper:
    """Ships one log to one store. The cursor counts whole segments' events, and the rest."""

    def __init__(self, reader: LogReader, store: Store, cursor: Cursor) -> None:
        self._reader = reader
        self._layout = reader.layout
        self._store = store
        self._cursor = cursor
        self._told: set[Path] = set()

    def step(self) -> bool:
        """Ship one segment that is full, or all that is newer; whether there is more to do.

        Raises ``Outage`` (try again) or ``NoteError`` (the log, or the copy, is not the one
        it was).
        """
        note = checkpoints.read_newest(self._layout)
        if note is None:
            return False
        newest = self._reader.open(note)
        shipped = self._cursor.index
        if newest.size < shipped:
            raise NoteError(
                f"{shipped} events of {newest.origin} were shipped, its newest checkpoint "
                f"covers {newest.size}: it was rolled back to an older copy"
            )
        if newest.size == shipped:
            return False
        if shipped == 0:
            self._check_copy(newest)
            shipped = self._reader.first()
        start = shipped - shipped % SEGMENT
        if start + SEGMENT <= newest.size:
            self._ship_segment(start, newest.size, whole=True)
            self._cursor.advance(start + SEGMENT)
            if start + SEGMENT < newest.size:
                return True
        else:
            self._ship_segment(start, newest.size, whole=False)
        self._ship_head(newest, note)
        self._cursor.advance(newest.size)
        return False

    def _check_copy(self, newest: Checkpoint) -> None:
        """Without a cursor, the place may hold a copy already: it must be of this log, and
        not ahead of it."""
        try:
            note = self._store.get("checkpoint").decode(errors="replace")
        except Vanished:
            return
        there = self._reader.open(note)
        if there.size > newest.size:
            raise NoteError(
                f"the copy of {newest.origin} holds {there.size} events, the log {newest.size}: "
                "it was rolled back to an older copy"
            )

    def _ship_segment(self, start: int, sealed: int, *, whole: bool) -> None:
        lines = self._reader.read(start, sealed)
        name = self._name(self._layout.segment(start // SEGMENT))
        data = b"".join(line + b"\n" for line in lines)
        if whole:
            self._keep_what_is_there(name, data)
        self._put(name, data)
        for tile in self._tiles(start, start + len(lines)):
            path = self._layout.tile(*tile)
            self._put(self._name(path), path.read_bytes())
        if whole and (start + SEGMENT) % HISTORY == 0:
            self._ship_history(start, start + SEGMENT)  # that file is full now

    def _keep_what_is_there(self, name: str, data: bytes) -> None:
        """A segment that was shipped is a beginning of this one, or somebody changed one."""
        try:
            there = self._store.get(name)
        except Vanished:
            return
        if not _begins_with(data, there):
            raise NoteError(f"the copy's {name} is not a beginning of the log's: keep both")

    def _tiles(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The full tiles that became full between ``start`` and ``end`` events."""
        level, span = 0, TILE
        while span <= end:
            for index in range(start // span, end // span):
                yield level, index
            level, span = level + 1, span * TILE

    def _ship_head(self, newest: Checkpoint, note: str) -> None:
        """The partial tiles of this checkpoint, the history, the keys and what was pruned, and
        the checkpoint last."""
        for level, width in _partial(newest.size):
            index = newest.size // TILE ** (level + 1)
            path = self._layout.tile(level, index, width)
            if path.exists():
                self._put(self._name(path), path.read_bytes())
        self._ship_history(newest.size, newest.size)
        self._ship_word(newest)
        self._put(self._name(self._layout.public_key), f"{self._reader.key()}\n".encode())
        self._put("checkpoint", note.encode())

    def _ship_word(self, newest: Checkpoint) -> None:
        """The log's own word on its keys and on what it deleted, as far as ``newest`` goes."""
        sealed_at = re.compile(rf"^{re.escape(newest.origin)}\n(\d+)\n", re.MULTILINE)
        for folder in (self._layout.keys, self._layout.pruned):
            for proof in sorted(set(folder.glob("*.tlog-proof")) - self._told):
                found = sealed_at.search(proof.read_text())
                if found is None or int(found[1]) > newest.size:
                    break  # it goes with the next checkpoint
                if folder == self._layout.pruned:
                    self._ship_frontier()
                for path in (*sorted(set(folder.glob(f"{proof.stem}.*")) - {proof}), proof):
                    self._put(self._name(path), path.read_bytes())
                self._told.add(proof)

    def _ship_frontier(self) -> None:
        """The partial tiles that the log grows from since what came before was pruned."""
        for tile in frontier(read_cut(self._layout, self._reader.ring()).minimum):
            path = self._layout.tile(*tile)
            if path.exists():
                self._put(self._name(path), path.read_bytes())

    def _ship_history(self, near: int, size: int) -> None:
        """The kept checkpoints around ``near``, up to ``size``: the log may grow meanwhile."""
        path = self._layout.history_file(near)
        if path.exists():
            notes = checkpoints.split_notes(path.read_text(errors="replace"))
            kept = [note for note in notes if int(note.split("\n")[1]) <= size]
            self._put(self._name(path), "".join(f"{note}\n" for note in kept).encode())

    def _put(self, name: str, data: bytes) -> None:
        """Store, read back, compare."""
        self._store.put(name, data)
        if self._store.get(name) != data:
            raise Outage(f"{name}: the copy is not what was sent")

    def _name(self, path: Path) -> str:
        return path.relative_to(self._layout.root).as_posix()


def _partial(size: int) -> Iterator[tuple[int, int]]:
    """Level and width of the tiles that are not full at ``size``."""
    level, count = 0, size
    while count:
        if count % TILE:
            yield level, count % TILE
        level, count = level + 1, count // TILE


def _begins_with(data: bytes, there: bytes) -> bool:
    """Whether ``there`` is a beginning of ``data``, but for lines that retention emptied."""
    ours, theirs = data.split(b"\n")[:-1], there.split(b"\n")
    if theirs.pop() or len(theirs) > len(ours):
        return False
    return all(line in (b"", other) for line, other in zip(ours, theirs, strict=False))
