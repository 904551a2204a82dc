"""The one owner of the log's files: append durably, grow the tree, seal. No thread here.

``append`` returns only when the lines are on disk, or, without ``sync``, when they are in the
kernel's hands: ``sync`` brings those to the disk. ``absorb`` then hashes them (after
their waiters were told, so that hashing costs nobody time). ``seal`` signs a checkpoint
over what is on disk. After an ``OSError`` from any of them the object is useless: close
it and open again, which cuts what was never acknowledged (``_recover``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from proxy.audit import checkpoints
from proxy.audit._files import sync_directory, write_all, write_atomically
from proxy.audit._recover import Repair, recover
from proxy.audit.errors import AuditTampered, NoteError
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.merkle import EMPTY_ROOT, leaf_hashes
from proxy.audit.note import Checkpoint, Signer
from proxy.audit.proofs import prove
from proxy.audit.pruning_end import finish_if_alone
from proxy.audit.tiles import write_full, write_partial

MAX_LINE = 65535
"""C2SP entry bundles count an entry's bytes in 16 bits."""


class Journal:
    """An open log. The caller holds the lock on the directory."""

    def __init__(self, layout: Layout, signer: Signer, acknowledged: int | None = None) -> None:
        self._layout = layout
        self._signer = signer
        self._file = -1
        self._number = self._fill = self._offset = 0
        self._path = ""
        self._identity = (0, 0)
        self.unsynced = False
        """Whether lines were written that the disk may not have yet."""
        self._ring = self._prepare(acknowledged or 0)
        found = recover(layout, self._ring, acknowledged)
        finish_if_alone(layout, found.cut)
        self.repair: Repair = found.repair
        self.size: int = found.tree.size
        self.sealed: int = found.sealed.size
        self._tree = found.tree
        self._unhashed: list[bytes] = []
        self._kept = self.sealed
        self._open_segment()

    def append(self, lines: Sequence[bytes], *, sync: bool = True) -> int:
        """Write ``lines`` after the last one; the first one's index.

        With ``sync`` they and all before them are on disk when this returns.
        """
        self._check_file()
        first = self.size
        start = 0
        while start < len(lines):
            room = SEGMENT - self._fill
            if room == 0:
                self.sync()
                os.close(self._file)
                self._file = -1
                self._create_segment(self._number + 1)
                continue
            part = lines[start : start + room]
            data = b"\n".join(part) + b"\n"
            write_all(self._file, data)
            self.unsynced = True
            self._fill += len(part)
            self._offset += len(data)
            start += len(part)
        if sync:
            self.sync()
        self.size += len(lines)
        self._unhashed += lines
        return first

    def has_room(self, lines: int) -> bool:
        """Whether ``lines`` fit into the segment that is open."""
        return self._fill + lines <= SEGMENT

    def sync(self) -> None:
        """Wait until the disk has every line written so far."""
        if self.unsynced:
            os.fdatasync(self._file)
            self.unsynced = False

    def absorb(self) -> None:
        """Hash the lines appended since, and store the tiles that became full."""
        lines, self._unhashed = self._unhashed, []
        for level, index, data in self._tree.extend(leaf_hashes(lines)):
            write_full(self._layout, level, index, data)

    def seal(self, *, keep: bool = False) -> str:
        """Sign a checkpoint over every event, once all are on disk; the note.

        The history gets it too when a segment's worth of events has passed or ``keep``.
        """
        self.sync()
        self.absorb()
        for level, index, data in self._tree.partial():
            write_partial(self._layout, level, index, data)
        checkpoint = Checkpoint(self._signer.key.name, self.size, self._tree.root())
        note = self._signer.sign(checkpoint.text())
        keep = (keep and self.size > self._kept) or self.size - self._kept >= SEGMENT
        checkpoints.publish(self._layout, self.size, note, keep=keep)
        self.sealed = self.size
        if keep:
            self._kept = self.size
        return note

    @property
    def key_version(self) -> int:
        """Which of the log's keys signs now, from 1."""
        return len(self._ring.keys)

    def hand_over(self, index: int, signer: Signer) -> None:
        """Let ``signer`` sign from here on: event ``index``, which says so, is sealed by the
        old key for the last time, and the proof of that is kept."""
        self.seal(keep=True)
        proof = prove(self._layout.root, index, self._ring)
        self._layout.keys.mkdir(mode=0o750, exist_ok=True)
        path = self._layout.keys / f"{self.key_version + 1:08d}.tlog-proof"
        write_atomically(path, proof.encode())
        sync_directory(self._layout.root)
        self._ring = read_ring(self._layout)
        self._signer = signer

    def close(self) -> None:
        """Close the file; sealing first is the caller's business."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _prepare(self, acknowledged: int) -> KeyRing:
        """The log's keys. Make what a new log needs, its checkpoint of size 0 before any event."""
        layout, key = self._layout, self._signer.key
        if acknowledged and not layout.segment_numbers():
            raise AuditTampered(f"{layout.segments}: {acknowledged} events are gone")
        for folder in (layout.segments, layout.history):
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        if not layout.public_key.exists():
            write_atomically(layout.public_key, f"{key}\n".encode())
        try:
            ring = read_ring(layout)
        except NoteError as error:
            raise AuditTampered(f"{layout.root}: {error}") from None
        if ring.newest != key:
            raise AuditTampered(f"{layout.public_key} does not lead to this log's signing key")
        started = layout.checkpoint.exists() or layout.segment_numbers()
        if not started and not list(layout.history_files()):
            empty = Checkpoint(key.name, 0, EMPTY_ROOT)
            checkpoints.publish(layout, 0, self._signer.sign(empty.text()), keep=True)
        sync_directory(layout.root)
        return ring

    def _open_segment(self) -> None:
        number = max(0, self.size - 1) // SEGMENT
        if self.size == 0 and not self._layout.segment_numbers():
            self._create_segment(0)
            return
        for later in self._layout.segment_numbers():
            number = max(number, later)  # an empty one that a crash left is filled next
        self._adopt(number, os.O_WRONLY | os.O_APPEND)
        self._fill = self.size - number * SEGMENT

    def _create_segment(self, number: int) -> None:
        self._adopt(number, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        sync_directory(self._layout.segments)

    def _adopt(self, number: int, flags: int) -> None:
        self._number = number
        self._path = str(self._layout.segment(number))
        self._file = os.open(self._path, flags, 0o640)
        status = os.fstat(self._file)
        self._identity = (status.st_ino, status.st_dev)
        self._offset = status.st_size
        self._fill = 0

    def _check_file(self) -> None:
        """The file must be the one that its name points at, and of the length we wrote:
        an event written into a deleted file would be acknowledged and lost."""
        if self._file < 0:
            raise OSError("the log is closed")
        # os.stat on a string: half the time of Path.stat, once a commit.
        there = os.stat(self._path)
        if (there.st_ino, there.st_dev) != self._identity:
            raise OSError(f"{self._path} was replaced while it was open")
        if there.st_size != self._offset:
            raise OSError(f"{self._path} was changed by another program")
