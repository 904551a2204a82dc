"""The witness's decision. No sockets, no clock of its own: a request in, an answer out.

The steps are those of C2SP tlog-witness, in its order; the statuses are its statuses.
One lock spans the look at the old state and the writing of the new one: without it two
requests at once could be signed on two different histories.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable

from proxy.audit.errors import NoteError
from proxy.audit.merkle import EMPTY_ROOT, verify_consistency
from proxy.audit.note import Checkpoint, VerifierKey, open_checkpoint, parse_checkpoint
from proxy.witness.cosignature import cosigned_at
from proxy.witness.protocol import SIZE_TYPE, Answer, Submission, parse_submission
from proxy.witness.state import WitnessState


class Witness:
    """One witness over its state."""

    def __init__(self, state: WitnessState, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Check a new checkpoint, remember it, cosign it."""
        try:
            submission = parse_submission(body)
            claimed = parse_checkpoint(submission.note.partition("\n\n")[0] + "\n")
        except NoteError as error:
            return _no(400, str(error))
        # 1. Do we know this log at all?
        keys = self._state.log_keys(claimed.origin)
        if not keys:
            return _no(404, "this log is not watched here")
        # 2. Its signature must hold; lines of other keys are ignored.
        try:
            checkpoint = open_by_any(submission.note, keys)
        except NoteError as error:
            return _no(403, str(error))
        # 3. A log cannot shrink between two checkpoints.
        if submission.old > checkpoint.size:
            return _no(400, "the old size is larger than the checkpoint's")
        with self._lock:
            try:
                return self._decide(submission, checkpoint, keys, body)
            except OSError:
                return _no(503, "the witness cannot read or write its state")

    def _decide(
        self, submission: Submission, checkpoint: Checkpoint, keys: list[VerifierKey], body: bytes
    ) -> Answer:
        origin = checkpoint.origin
        note = self._state.last(origin)
        last = open_by_any(note, keys) if note else Checkpoint(origin, 0, EMPTY_ROOT)
        # A log that signs two roots for one size is caught whatever it says of the old size.
        if checkpoint.size == last.size and checkpoint.root != last.root:
            self._state.keep_evidence(body)
            if submission.old == last.size:
                return _no(422, "same size, another root: this log shows two histories")
        # 4. The proof must begin where we stopped.
        if submission.old != last.size:
            return Answer(409, f"{last.size}\n".encode(), SIZE_TYPE)
        # 5. Nothing below the old size may have changed.
        sizes, roots = (last.size, checkpoint.size), (last.root, checkpoint.root)
        if not verify_consistency(*sizes, *roots, submission.proof):
            self._state.keep_evidence(body)
            return _no(422, "the consistency proof does not hold")
        # 6. Never a time before the one we signed last: it would say the clock went back.
        now = int(self._clock())
        if note and now < cosigned_at(note, self._state.signer.key):
            return _no(503, "the witness's clock went back; it signs again once that is mended")
        # 7. On disk first, then the answer.
        # What is signed is the whole text, extension lines (which we do not read) included.
        text = submission.note[: submission.note.rfind("\n\n") + 1]
        line = self._state.signer.cosign(text, now)
        theirs = _own_signatures(submission.note, origin)
        self._state.remember(origin, f"{text}\n{theirs}{line}")
        return Answer(200, line.encode())

    def latest(self, origin_hash: str) -> Answer:
        """The monitoring end: the last checkpoint signed of the log with this hash."""
        for origin in self._state.logs():
            if hashlib.sha256(origin.encode()).hexdigest() == origin_hash:
                note = self._state.last(origin)
                return Answer(200, note.encode()) if note else _no(404, "nothing signed yet")
        return _no(404, "this log is not watched here")


def open_by_any(note: str, keys: list[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of ``keys`` signed. Raises ``NoteError``."""
    for key in keys[:-1]:
        with contextlib.suppress(NoteError):
            return open_checkpoint(note, key)
    return open_checkpoint(note, keys[-1])


def _own_signatures(note: str, origin: str) -> str:
    """Only the log's own lines: others' are none of our business to keep."""
    lines = note[note.rfind("\n\n") + 2 :].splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith(f"\u2014 {origin} "))


def _no(status: int, why: str) -> Answer:
    return Answer(status, f"{why}\n".encode())
