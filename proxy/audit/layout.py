"""Where things are in a log's directory. ``docs/audit-format.md`` says it for auditors.

::

    segments/00000000.jsonl       1,024 events, one JSON line each; the last one fewer
    tile/<level>/<index>          256 hashes (C2SP tlog-tiles), ``.p/<width>`` when fewer
    checkpoint                    the newest signed checkpoint
    checkpoint.witnessed          the newest one that witnesses signed too, if there are any
    checkpoints/00000000.notes    earlier ones, 65,536 events a file
    key.vkey                      the public key the log began with
    keys/00000002.tlog-proof      the log's own word that key 2 took over, and so on
    pruned/<event>.tlog-proof     the log's own word on what was deleted (``pruning``)
    client-keys/                  daily keys of the client hashes: secret, never exported
    lock, socket                  of the process that writes, while it lives
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proxy.audit.merkle import TILE

SEGMENT = 1024
"""Events in a full segment: four tiles."""

HISTORY = 65536
"""Events that one file of earlier checkpoints spans: a level-1 tile."""

HASH = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one log."""

    root: Path

    @property
    def segments(self) -> Path:
        """The folder of the events."""
        return self.root / "segments"

    @property
    def checkpoint(self) -> Path:
        """The newest signed checkpoint."""
        return self.root / "checkpoint"

    @property
    def witnessed(self) -> Path:
        """The newest checkpoint with witnesses' signatures under it."""
        return self.root / "checkpoint.witnessed"

    @property
    def history(self) -> Path:
        """The folder of earlier checkpoints."""
        return self.root / "checkpoints"

    @property
    def public_key(self) -> Path:
        """The public key, for convenience: an auditor keeps a copy elsewhere."""
        return self.root / "key.vkey"

    @property
    def keys(self) -> Path:
        """The folder of the hand-overs from one signing key to the next."""
        return self.root / "keys"

    @property
    def pruned(self) -> Path:
        """The folder of what prunings leave in place of what they deleted."""
        return self.root / "pruned"

    @property
    def prune_lock(self) -> Path:
        """Held by the process that prunes."""
        return self.root / "prune.lock"

    @property
    def lock(self) -> Path:
        """Held by the process that writes."""
        return self.root / "lock"

    def segment(self, number: int) -> Path:
        """The file of events ``number * SEGMENT`` on."""
        return self.segments / f"{number:08d}.jsonl"

    def history_file(self, size: int) -> Path:
        """The file of the checkpoints near ``size``."""
        return self.history / f"{size // HISTORY:08d}.notes"

    def tile(self, level: int, index: int, width: int = TILE) -> Path:
        """A tile, as C2SP tlog-tiles names it: 1234067 is ``x001/x234/067``."""
        digits = f"{index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        suffix = "" if width == TILE else f".p/{width}"
        return self.root / "tile" / str(level) / f"{name}{suffix}"

    def segment_numbers(self) -> list[int]:
        """The segments that exist, in order."""
        if not self.segments.is_dir():
            return []
        return sorted(
            int(path.stem)
            for path in self.segments.iterdir()
            if path.suffix == ".jsonl" and path.stem.isdigit()
        )

    def history_files(self) -> Iterator[Path]:
        """The files of earlier checkpoints, in order."""
        if self.history.is_dir():
            yield from sorted(self.history.glob("*.notes"))
