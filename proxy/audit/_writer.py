"""Life of an event: from a decision to a line that an auditor can trust.

1. **Made.** A stage of the engine calls ``make_event``; the catalogue checks it. The
   request that it speaks of waits from here on: it goes on only when step 4 has happened.
2. **Queued.** ``AuditLog.record`` turns events into lines (``Pending``) and puts them into
   the queue of the one writer thread. Another process sends them over a local socket
   (``_ipc``) into the same queue. A queue that is too long refuses at once.
3. **Gathered.** The thread takes all that waits. There is no timer: while one batch is on
   its way to the disk, the next gathers by itself, so a slow disk makes larger batches
   and an idle log answers after one flush (*group commit*).
4. **Durable.** The batch is written to the end of the segment and flushed. Only then are
   the waiters told, with the index of their first event. This is what "recorded" means.
   A batch in which every event may come ``late`` to the disk (``EventType.late``: what an
   answer told) is written before its waiters are told, so that no crash of ours loses it,
   and flushed with the next batch or ``LATE`` seconds later: only a power cut in between can.
   While the thread is idle the caller writes such lines itself (``write_late``): that takes
   ten microseconds, waking a thread and being woken by it a hundred.
5. **Hashed.** The lines are hashed into the Merkle tree; a full tile is stored. This comes
   after telling the waiters, because the tree can always be made again from the lines.
6. **Sealed.** At most a second (``seal_after``) or ``seal_events`` events later, and at
   closing, the writer signs a checkpoint over everything on disk. From now on any change
   shows. Between 4 and 6 an event cannot be lost by a crash, but somebody with write
   access to the disk could change it unseen: that second is the limit of the proof.
7. **Witnessed.** A checkpoint kept elsewhere makes even the holder of the signing key
   unable to rewrite what lies under it.

When a write or a flush fails (disk full, gone, read-only), every waiter of the batch gets
``AuditUnavailable`` and the log is *failed*: whatever needs recording is refused. Each
later batch, at most every ``RETRY`` seconds, tries to open the log again; when that works,
the unacknowledged rest is cut off, ``log-repaired`` is recorded, and service resumes.
A waiter that gives up (``Pending.cancelled``) before step 4 leaves no line behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from proxy.audit._journal import Journal
from proxy.audit.errors import AuditTampered, NoteError
from proxy.audit.events import Event, make_event, serialise
from proxy.audit.signing import SigningKey
from proxy.errors import AuditUnavailable, Refused

RETRY = 0.2
RETRY_TAMPERED = 5.0
LATE = 0.05
_BATCH = 4096
_CLOCK_JUMP = 2.0

type Done = Callable[[int, AuditUnavailable | None], None]
"""Told the index of the first line, or why there is none. Called once, from any thread."""

type Observer = Callable[[int, float], None]
"""Told how many lines a commit made durable and how many seconds that took."""


type OpenJournal = Callable[[int | None], Journal]
"""Opens the log's files; told how many events were acknowledged, if this process knows."""


class Pending:
    """Lines on their way to the disk, and whom to tell."""

    __slots__ = ("cancelled", "change_key", "done", "late", "lines", "retried", "seal")

    def __init__(
        self,
        lines: list[bytes],
        done: Done,
        *,
        seal: bool = False,
        late: bool = False,
        change_key: bool = False,
    ) -> None:
        self.lines = lines
        self.done = done
        self.seal = seal
        self.change_key = change_key
        self.late = late
        """Whether the waiter may be told before the disk has the lines."""
        self.cancelled = False
        self.retried = False


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How the writer behaves."""

    gateway: str = ""
    seal_after: float = 1.0
    seal_events: int = 8192
    queue_limit: int = 65536
    observer: Observer | None = None


class Writer:
    """The thread that owns the journal."""

    def __init__(
        self, open_journal: OpenJournal, options: WriterOptions, key: SigningKey | None = None
    ) -> None:
        self._open_journal = open_journal
        self._key = key
        self._options = options
        self._queue: SimpleQueue[Pending | None] = SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._at_journal = threading.Lock()
        """Held by who uses the journal. The thread waits for it, a caller never does."""
        self._closed = False
        self._next_try = 0.0
        self._acknowledged: int | None = None
        self._sealed_at = time.monotonic()
        self._sync_at = 0.0
        self._clock_offset = time.time() - time.monotonic()
        self.failure = ""
        self.last_note = ""
        self.size = 0
        self.sealed = 0
        self._journal: Journal | None = None
        try:
            self._open()
        except OSError as error:
            raise AuditUnavailable(f"audit log: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    def submit(self, pending: Pending) -> None:
        """Queue lines; ``pending.done`` is called exactly once."""
        with self._lock:
            full = self._waiting >= self._options.queue_limit
            if not self._closed and not full:
                self._waiting += len(pending.lines)
                self._queue.put(pending)
                return
        why = "too many events wait for the disk" if full else "the log is closed"
        pending.done(-1, AuditUnavailable(f"audit log: {why}"))

    def write_late(self, lines: list[bytes]) -> int | None:
        """Write lines that may come late to the disk from the caller's own thread.

        ``None`` if they must be queued instead: the thread is at work, lines wait, the
        segment is full, or writing failed (then the thread meets the failure and deals with it).
        """
        if self._waiting or not self._at_journal.acquire(blocking=False):
            return None
        try:
            journal = self._journal
            if self._closed or journal is None or not journal.has_room(len(lines)):
                return None
            began = time.monotonic()
            asleep = journal.size == journal.sealed  # see ``_patience``
            if not journal.unsynced:
                self._sync_at = began + LATE
            index = journal.append(lines, sync=False)
            self._acknowledged = self.size = journal.size
        except OSError:
            return None
        finally:
            self._at_journal.release()
        if asleep:
            self._queue.put(Pending([], _nobody, late=True))
        if self._options.observer is not None:
            self._options.observer(len(lines), time.monotonic() - began)
        return index

    def close(self) -> None:
        """Record ``log-sealed``, sign the last checkpoint, stop."""
        with self._lock:
            already, self._closed = self._closed, True
        if not already:
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch, last = self._gather()
            with self._at_journal:
                if batch:
                    self._commit(batch)
                if last:
                    self._finish()
                    return
                self._sync_if_due()
                self._seal_if_due()

    def _gather(self) -> tuple[list[Pending], bool]:
        """Wait for something, then take all there is; and whether it was the last."""
        batch: list[Pending] = []
        lines, last = 0, False
        try:
            item = self._queue.get(timeout=self._patience())
            while item is not None:
                lines += len(item.lines)
                batch.append(item)
                if lines >= _BATCH:
                    break
                item = self._queue.get_nowait()
            last = item is None
        except Empty:
            pass
        with self._lock:
            self._waiting -= lines
        return batch, last

    def _patience(self) -> float | None:
        """How long an idle writer may sleep: until the next flush or checkpoint is due.

        While something is unsealed it looks every ``LATE`` seconds for what callers wrote;
        when all is sealed they wake it.
        """
        journal = self._journal
        if journal is None or journal.size == journal.sealed:
            return None
        now = time.monotonic()
        due = min(self._sealed_at + self._options.seal_after, now + LATE)
        if journal.unsynced:
            due = min(due, self._sync_at)
        return max(0.0, due - now)

    def _commit(self, batch: list[Pending]) -> None:
        batch = [pending for pending in batch if not pending.cancelled]
        began = time.monotonic()
        try:
            journal = self._ready()
            lines = self._clock_event(began)
            lead = len(lines)
            for pending in batch:
                lines += pending.lines
            late = all(pending.late for pending in batch)
            if late and not journal.unsynced:
                self._sync_at = began + LATE
            index = journal.append(lines, sync=not late) + lead if lines else journal.size
            self._acknowledged = self.size = journal.size
            if any(pending.change_key for pending in batch):
                self._change_key(journal)
            if any(pending.seal for pending in batch):
                self._seal(journal, keep=True)
        except (OSError, Refused, NoteError) as error:
            self._fail(error)
            for pending in batch:
                pending.done(-1, AuditUnavailable(self.failure))
            return
        for pending in batch:
            pending.done(index, None)
            index += len(pending.lines)
        if self._options.observer is not None:
            self._options.observer(len(lines), time.monotonic() - began)
        self._guarded(journal.absorb)

    def _change_key(self, journal: Journal) -> None:
        """The old key's last act, then the new one's first (``signing``)."""
        if self._key is None:
            raise AuditUnavailable("audit log: its signing key cannot be changed here")
        signer = self._key.prepare()
        event = self._event(
            "key-rotated",
            key="audit",
            key_version=journal.key_version + 1,
            public_key=signer.key.public.hex(),
        )
        index = journal.append([serialise(event)])
        self._acknowledged = self.size = journal.size
        journal.hand_over(index, signer)
        self._key.adopt()
        self._seal(journal)

    def _ready(self) -> Journal:
        """The journal, opened again after a failure."""
        if self._journal is None:
            if time.monotonic() < self._next_try:
                raise AuditUnavailable(self.failure)
            self._open()
        assert self._journal is not None
        return self._journal

    def _open(self) -> None:
        """Open the journal and record that it was, and what was mended."""
        journal = self._open_journal(self._acknowledged)
        events = [self._event("log-opened", size=journal.size)]
        if repair := journal.repair:
            events.append(
                self._event(
                    "log-repaired",
                    size=journal.size,
                    dropped_lines=repair.lines,
                    dropped_bytes=repair.bytes,
                    rebuilt_tiles=repair.tiles,
                )
            )
        try:
            journal.append([serialise(event) for event in events])
            self._seal(journal, keep=True)
        except OSError:
            journal.close()
            raise
        self._journal = journal
        self._acknowledged = self.size = journal.size
        self.failure = ""

    def _event(self, type: str, **fields: Any) -> Event:
        if self._options.gateway:
            fields["gateway"] = self._options.gateway
        return make_event(type, **fields)

    def _clock_event(self, now: float) -> list[bytes]:
        """An event when the wall clock was moved since the last commit."""
        offset = time.time() - now
        jump, self._clock_offset = offset - self._clock_offset, offset
        if abs(jump) < _CLOCK_JUMP:
            return []
        return [serialise(self._event("clock-jump", milliseconds=int(jump * 1000)))]

    def _sync_if_due(self) -> None:
        journal = self._journal
        if journal is not None and journal.unsynced and self._sync_at <= time.monotonic():
            self._guarded(journal.sync)

    def _seal_if_due(self) -> None:
        journal = self._journal
        if journal is None or journal.size == journal.sealed:
            return
        due = self._sealed_at + self._options.seal_after <= time.monotonic()
        if due or journal.size - journal.sealed >= self._options.seal_events:
            self._guarded(lambda: self._seal(journal))

    def _seal(self, journal: Journal, *, keep: bool = False) -> None:
        self.last_note = journal.seal(keep=keep)
        self.sealed = journal.sealed
        self._sealed_at = time.monotonic()

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Let go of the journal: what it holds in memory may not be what the disk holds."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if isinstance(error, OSError):
            self.failure = f"audit log: {error.strerror or error}"
        elif isinstance(error, Refused):
            self.failure = error.detail
        else:
            self.failure = f"audit log: {error}"
        if time.monotonic() >= self._next_try:
            tampered = isinstance(error, AuditTampered)
            self._next_try = time.monotonic() + (RETRY_TAMPERED if tampered else RETRY)

    def _finish(self) -> None:
        """Close in good order; what is still queued is refused."""
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is not None:
                item.done(-1, AuditUnavailable("audit log: the log is closed"))
        journal = self._journal
        if journal is not None:
            self._guarded(lambda: self._close_journal(journal))

    def _close_journal(self, journal: Journal) -> None:
        journal.append([serialise(self._event("log-sealed", size=journal.size))])
        self._seal(journal, keep=True)
        self.size = journal.size
        journal.close()


def _nobody(_index: int, _error: AuditUnavailable | None) -> None:
    """No one waits: the thread is only to look."""
