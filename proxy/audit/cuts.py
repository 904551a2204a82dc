"""What prunings took away, by the log's own signed word: read by everybody who reads a log.

A pruning leaves three files in ``pruned/``, named after the number of its event:

- ``.tlog-proof``: the proof of the ``log-pruned`` event, so that nobody needs the rest of
  the log to know that the log itself says what is gone. It is written last: what it stands
  for is in force from then on, and deleting comes after it;
- ``.expired``: the numbers of single events that were deleted among others that stay, as
  ranges ``first-last``, one a line. The event holds its SHA-256;
- ``.consistency``: for each kept checkpoint of a size below the minimum index, the proof
  that its tree is a prefix of the tree at the minimum index (whose root the event holds).
  The hashes it was made from are gone, so it could not be made later.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from proxy.audit.errors import NoteError
from proxy.audit.keyring import KeyRing
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.merkle import EMPTY_ROOT, verify_consistency
from proxy.audit.note import Checkpoint
from proxy.audit.proofs import ProvenEvent, verify_proof


class Ranges:
    """Numbers of events, as sorted ranges."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.count = 0
        for number in numbers:
            if self._ends and self._ends[-1] == number:
                self._ends[-1] += 1
            else:
                self._starts.append(number)
                self._ends.append(number + 1)
            self.count += 1

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._starts, number) - 1
        return place >= 0 and number < self._ends[place]

    def __iter__(self) -> Iterator[int]:
        for start, end in zip(self._starts, self._ends, strict=True):
            yield from range(start, end)

    def segments(self) -> list[int]:
        """The segments that hold any."""
        found: set[int] = set()
        for start, end in zip(self._starts, self._ends, strict=True):
            found.update(range(start // SEGMENT, (end - 1) // SEGMENT + 1))
        return sorted(found)

    def text(self) -> bytes:
        """As in the file."""
        pairs = zip(self._starts, self._ends, strict=True)
        return "".join(f"{start}-{end - 1}\n" for start, end in pairs).encode()

    @classmethod
    def parse(cls, text: bytes) -> Ranges:
        """From the file. Raises ``ValueError``."""
        found = cls()
        for line in text.decode("ascii").splitlines():
            first, _, last = line.partition("-")
            start, end = int(first), int(last) + 1
            if start >= end or (found._ends and start <= found._ends[-1]):
                raise ValueError("ranges out of order")
            found._starts.append(start)
            found._ends.append(end)
            found.count += end - start
        return found


@dataclass(frozen=True, slots=True)
class Cut:
    """What is gone: everything below ``minimum``, and ``expired`` above it."""

    minimum: int = 0
    root: bytes = EMPTY_ROOT
    """Of the tree of the first ``minimum`` events."""
    expired: Ranges = field(default_factory=Ranges)
    name: str = ""
    """The newest pruning's, empty when there was none."""
    checkpoint: Checkpoint | None = None
    """That the event was proven under."""


def read_cut(layout: Layout, ring: KeyRing) -> Cut:
    """The newest pruning. Raises ``NoteError`` when what is there does not hold."""
    names = _names(layout)
    if not names:
        return Cut()
    proven, event = _proven(layout, names[-1], ring)
    try:
        text = (layout.pruned / f"{names[-1]}.expired").read_bytes()
        expired = Ranges.parse(text)
    except (OSError, ValueError):
        raise NoteError(f"{layout.pruned / names[-1]}.expired is missing or damaged") from None
    if hashlib.sha256(text).hexdigest() != event["expired_digest"]:
        raise NoteError(f"{layout.pruned / names[-1]}.expired is not what its event says")
    root = bytes.fromhex(str(event["root"]))
    return Cut(int(str(event["minimum_index"])), root, expired, names[-1], proven.checkpoint)


def prunings(layout: Layout, ring: KeyRing) -> Iterator[dict[str, object]]:
    """The proven ``log-pruned`` events of all prunings that are in force, oldest first."""
    for name in _names(layout):
        yield _proven(layout, name, ring)[1]


def newest_name(layout: Layout) -> str:
    """The name of the newest pruning, to see whether another came meanwhile."""
    return (_names(layout) or [""])[-1]


class Past:
    """Checkpoints older than anything that is left, held against what was kept of them."""

    def __init__(self, layout: Layout, ring: KeyRing) -> None:
        self._proofs: dict[int, tuple[int, bytes, list[bytes]]] = {}
        for name in _names(layout):
            _, event = _proven(layout, name, ring)
            minimum, root = int(str(event["minimum_index"])), bytes.fromhex(str(event["root"]))
            for size, hashes in read_consistency(layout.pruned / f"{name}.consistency").items():
                self._proofs.setdefault(size, (minimum, root, hashes))

    def holds(self, size: int, root: bytes, cut: Cut) -> bool | None:
        """Whether the log began with the tree of that root; ``None`` if that was not kept."""
        while size != cut.minimum:
            if size not in self._proofs:
                return None
            minimum, later, hashes = self._proofs[size]
            if not verify_consistency(size, minimum, root, later, hashes):
                return False
            size, root = minimum, later
        return root == cut.root


def consistency_text(proofs: Mapping[int, list[bytes]]) -> bytes:
    """As in the file: the size, the hashes a line each, an empty line."""
    blocks = (
        "\n".join([str(size), *(base64.b64encode(one).decode() for one in hashes), "", ""])
        for size, hashes in sorted(proofs.items())
    )
    return "".join(blocks).encode()


def read_consistency(path: Path) -> dict[int, list[bytes]]:
    """From the file."""
    found = {}
    try:
        for block in path.read_text().split("\n\n")[:-1]:
            size, *hashes = block.split("\n")
            found[int(size)] = [base64.b64decode(one, validate=True) for one in hashes]
    except (OSError, ValueError, binascii.Error):
        raise NoteError(f"{path} is missing or damaged") from None
    return found


def _names(layout: Layout) -> list[str]:
    return sorted(path.stem for path in layout.pruned.glob("*.tlog-proof"))


def _proven(layout: Layout, name: str, ring: KeyRing) -> tuple[ProvenEvent, dict[str, object]]:
    path = layout.pruned / f"{name}.tlog-proof"
    proven = verify_proof(path.read_text(), _Past(ring))
    event: dict[str, object] = orjson.loads(proven.line)
    if event.get("type") != "log-pruned" or int(name) != proven.index:
        raise NoteError(f"{path} proves another event")
    return proven, event


@dataclass(frozen=True, slots=True)
class _Past:
    """A ring that takes every key of its time: the walk judges by hashes besides."""

    ring: KeyRing

    @property
    def name(self) -> str:
        return self.ring.name

    def open(self, note: str) -> Checkpoint:
        return self.ring.open_past(note)
