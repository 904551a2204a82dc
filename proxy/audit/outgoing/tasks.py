"""The four kinds of work, behind one method: ``step`` does a bit and says when it is due again.

``step`` raises ``Outage`` for what may mend itself and any other ``PreauError`` for what a
person must look at; the follower tries again in both cases, ever more rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from proxy.audit import checkpoints
from proxy.audit._files import write_atomically
from proxy.audit.errors import NoteError
from proxy.audit.events import Event, fit, make_event
from proxy.audit.export import Cursor, Exporter, LogReader
from proxy.audit.publish import Target
from proxy.audit.shipping import Shipper
from proxy.witness import Unwitnessed, WitnessClient, collect

IDLE = 0.5
"""Seconds between looks at a log that did not grow."""

type Record = Callable[[Sequence[Event]], None]
"""Puts events into the log itself."""


class Task(Protocol):
    """One destination's work."""

    @property
    def name(self) -> str:
        """A short word, the same in files, metrics and messages."""

    def step(self) -> float:
        """Do the next bit; seconds until the one after."""

    def abandon(self) -> None:
        """Let connections and files go; the next ``step`` begins from what was confirmed."""


@dataclass(frozen=True, slots=True)
class ExportTask:
    """Events to a collector."""

    name: str
    exporter: Exporter

    def step(self) -> float:
        """A segment's worth."""
        return 0.0 if self.exporter.step() else IDLE

    def abandon(self) -> None:
        """Back to what was confirmed."""
        self.exporter.abandon()


@dataclass(frozen=True, slots=True)
class ShipTask:
    """Whole copies."""

    name: str
    shipper: Shipper

    def step(self) -> float:
        """A segment. Rarer than exports: each round reads back what it wrote."""
        return 0.0 if self.shipper.step() else 10.0

    def abandon(self) -> None:
        """Nothing is kept open."""


@dataclass(slots=True)
class WitnessTask:
    """Cosignatures for the newest checkpoint, kept in ``checkpoint.witnessed``."""

    reader: LogReader
    witnesses: tuple[WitnessClient, ...]
    wanted: int
    every: float
    cursor: Cursor
    record: Record
    name: str = "witnesses"

    def step(self) -> float:
        """Ask all of them. Fewer than wanted is an outage, two histories an alarm."""
        note = checkpoints.read_newest(self.reader.layout)
        if note is None:
            return IDLE
        checkpoint = self.reader.open(note)
        if checkpoint.size == self.cursor.index:
            return self.every
        got = collect(self.reader.layout.root, note, checkpoint, self.witnesses)
        size = checkpoint.size
        self.record(
            [_event("checkpoint-witnessed", size, witness=fit("witness", w)) for w in got.witnesses]
            + [
                _event("witness-refused", size, witness=fit("witness", failure.witness))
                for failure in got.failures
                if failure.alarming
            ]
        )
        if got.witnesses:
            write_atomically(self.reader.layout.witnessed, got.note.encode())
        self._judge(got.failures, len(got.witnesses))
        self.cursor.advance(size)
        return self.every

    def _judge(self, failures: tuple[Unwitnessed, ...], count: int) -> None:
        for failure in sorted(failures, key=lambda failure: not failure.alarming):
            if failure.alarming or count < self.wanted:
                raise failure

    def abandon(self) -> None:
        """Nothing is kept open."""


@dataclass(slots=True)
class PublishTask:
    """The newest checkpoint, with its cosignatures when there are witnesses, to one target."""

    name: str
    kind: str
    reader: LogReader
    target: Target
    witnessed: bool
    every: float
    cursor: Cursor
    record: Record

    def step(self) -> float:
        """Publish when the log has grown."""
        note = self._note()
        if note is None:
            return IDLE
        checkpoint = self.reader.open(note)
        if checkpoint.size < self.cursor.index:
            raise NoteError(
                f"a checkpoint over {self.cursor.index} events was published, the newest covers "
                f"{checkpoint.size}: the log was rolled back to an older copy"
            )
        if checkpoint.size == self.cursor.index:
            return IDLE if self.witnessed else self.every
        self.target.publish(note)
        self.cursor.advance(checkpoint.size)
        root = checkpoint.root.hex()
        self.record(
            [_event("checkpoint-published", checkpoint.size, destination=self.kind, root=root)]
        )
        return self.every

    def _note(self) -> str | None:
        if not self.witnessed:
            return checkpoints.read_newest(self.reader.layout)
        try:
            return self.reader.layout.witnessed.read_text()
        except FileNotFoundError:
            return None

    def abandon(self) -> None:
        """Nothing is kept open."""


def _event(type: str, size: int, **fields: str) -> Event:
    return make_event(type, at=None, size=size, **fields)
