"""The log's end: ask witnesses for cosignatures and put them under the checkpoint.

A witness says with 409 where it stopped; the proof from there comes from our tiles. What it
answers counts only when it verifies under the key that the site's settings name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proxy.audit.errors import NoteError
from proxy.audit.note import Checkpoint
from proxy.audit.proofs import prove_consistency
from proxy.errors import PreauError
from proxy.outbound import Outage, Place, request
from proxy.witness.cosignature import WitnessKey, cosigned_at
from proxy.witness.protocol import format_submission, parse_size


class Unwitnessed(PreauError):
    """A witness did not sign; ``alarming`` when that is a sign of two histories."""

    def __init__(self, witness: str, told: str, *, alarming: bool = False) -> None:
        super().__init__(f"witness {witness} {told}")
        self.witness = witness
        self.alarming = alarming


@dataclass(slots=True)
class WitnessClient:
    """One witness as the log sees it. It remembers where the witness stopped."""

    key: WitnessKey
    place: Place
    _old: int = field(default=0, init=False)

    def cosign(self, directory: Path, note: str, checkpoint: Checkpoint) -> str:
        """The witness's signature line over ``note``, which holds ``checkpoint``, verified."""
        for _ in range(2):  # the first answer may only say where the witness stopped
            if self._old > checkpoint.size:
                raise self._no(
                    f"has signed {self._old} events of this log, which holds "
                    f"{checkpoint.size}: it was rolled back to an older copy",
                    alarming=True,
                )
            proof = prove_consistency(directory, self._old, checkpoint.size)
            line = self._submit(format_submission(self._old, proof, note), note)
            if line:
                self._old = checkpoint.size
                return line
        raise self._no("names another size each time")

    def _no(self, told: str, *, alarming: bool = False) -> Unwitnessed:
        return Unwitnessed(self.key.name, told, alarming=alarming)

    def _submit(self, body: bytes, note: str) -> str:
        try:
            reply = request("POST", self.place, "/add-checkpoint", body=body)
        except Outage as error:
            raise self._no(f"is away: {error}") from None
        if reply.status == 200:
            return self._accept(reply.body, note)
        if reply.status == 409:
            named = parse_size(reply.body.decode(errors="replace").strip())
            if named < self._old:
                self._old = named
                raise self._no("has forgotten what it signed: it must be retired", alarming=True)
            self._old = named
            return ""
        split = reply.status == 422
        told = "finds that our log shows two histories" if split else f"answers {reply.status}"
        raise self._no(told, alarming=split)

    def _accept(self, body: bytes, note: str) -> str:
        """Our witness's own lines of the answer; anything else in it is ignored."""
        start = f"\u2014 {self.key.name} "
        lines = body.decode(errors="replace").splitlines(keepends=True)
        for line in lines[:16]:
            if not line.startswith(start):
                continue
            try:
                cosigned_at(note + line, self.key)
            except NoteError:
                continue
            return line
        raise self._no("answered without a signature that holds")


@dataclass(frozen=True, slots=True)
class Collected:
    """A note with what witnesses signed under it."""

    note: str
    witnesses: tuple[str, ...]
    failures: tuple[Unwitnessed, ...]


def collect(
    directory: Path, note: str, checkpoint: Checkpoint, witnesses: Sequence[WitnessClient]
) -> Collected:
    """``note`` with the cosignature of every witness that gives one."""
    signed, names, failures = note, [], []
    for witness in witnesses:
        try:
            signed += witness.cosign(directory, note, checkpoint)
        except NoteError as error:
            failures.append(Unwitnessed(witness.key.name, f"could not be asked: {error}"))
        except Unwitnessed as error:
            failures.append(error)
        else:
            names.append(witness.key.name)
    return Collected(signed, tuple(names), tuple(failures))
