"""Proofs that travel: one event, provable on paper without the rest of the log.

A ``.tlog-proof`` (C2SP tlog-proof) holds the event's index, the hashes from its leaf to
the root, and the signed checkpoint. Ours carries the event's line as ``extra``, so the
file explains itself; the line is trusted only because its hash leads to the signed root.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

from proxy.audit import checkpoints
from proxy.audit.errors import NoteError
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.merkle import (
    consistency,
    inclusion,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from proxy.audit.note import Checkpoint, Trust
from proxy.audit.tiles import TileHashes

_MAGIC = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """What a proof shows."""

    index: int
    line: bytes
    checkpoint: Checkpoint


def read_line(layout: Layout, index: int) -> bytes:
    """The line of event ``index``."""
    try:
        data = layout.segment(index // SEGMENT).read_bytes()
    except FileNotFoundError:
        raise NoteError(f"there is no event {index} in {layout.root}") from None
    lines = data.split(b"\n")[:-1]
    if index % SEGMENT >= len(lines):
        raise NoteError(f"there is no event {index} in {layout.root}")
    line = lines[index % SEGMENT]
    if not line:
        raise NoteError(f"event {index} was deleted at the end of its retention")
    return line


def prove(directory: Path, index: int, key: Trust) -> str:
    """The ``.tlog-proof`` of event ``index`` under the newest checkpoint."""
    layout = Layout(directory)
    note = checkpoints.read_newest(layout)
    if note is None:
        raise NoteError(f"{layout.checkpoint} is missing")
    checkpoint = key.open(note)
    if not 0 <= index < checkpoint.size:
        raise NoteError(f"the newest checkpoint covers events 0 to {checkpoint.size - 1}")
    line = read_line(layout, index)
    hashes = inclusion(index, checkpoint.size, TileHashes(layout, checkpoint.size).range)
    if not verify_inclusion(leaf_hash(line), index, checkpoint.size, hashes, checkpoint.root):
        raise NoteError(f"event {index} is not what was signed: run 'preau audit verify'")
    head = [_MAGIC, f"extra {_encode(line)}", f"index {index}"]
    return "\n".join([*head, *map(_encode, hashes), "", note])


def verify_proof(proof: str, key: Trust, line: bytes | None = None) -> ProvenEvent:
    """Check a proof with nothing but the log's public key.

    ``line`` is the event when the proof does not carry it; when both are there they must
    be the same. Raises ``NoteError`` when anything does not hold.
    """
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != _MAGIC:
        raise NoteError(f"not a proof: its first line is not {_MAGIC}")
    del lines[0]
    carried = _decode(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if carried is not None and line is not None and carried != line:
        raise NoteError("the proof carries another event")
    line = carried if line is None else line
    if line is None:
        raise NoteError("the proof does not carry its event: give it")
    if not lines or not lines[0].startswith("index ") or not lines[0][6:].isdecimal():
        raise NoteError("malformed proof: no index")
    index = int(lines[0][6:])
    checkpoint = key.open(note)
    hashes = [_decode(text) for text in lines[1:]]
    if not verify_inclusion(leaf_hash(line), index, checkpoint.size, hashes, checkpoint.root):
        raise NoteError(f"the event is not number {index} of the log that was signed")
    return ProvenEvent(index, line, checkpoint)


def prove_consistency(directory: Path, old: int, new: int) -> list[bytes]:
    """The hashes that show the log of ``old`` events to be a prefix of that of ``new``.

    ``new`` is the size of the newest checkpoint (its partial tiles are on disk) or any
    size up to it.
    """
    layout = Layout(directory)
    newest = checkpoints.read_newest(layout)
    published = int(newest.split("\n")[1]) if newest else new
    return consistency(old, new, TileHashes(layout, published).range)


def consistent(old: Checkpoint, new: Checkpoint, proof: list[bytes]) -> bool:
    """Whether ``proof`` shows that nothing under ``old`` changed until ``new``."""
    same = old.origin == new.origin
    return same and verify_consistency(old.size, new.size, old.root, new.root, proof)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("malformed proof: not base64") from None
