"""Life of a pruning: events leave at the end of their retention, and the log stays whole.

1. **Planned.** Full, sealed segments are read from the oldest on. What is older than its
   class's retention has expired. Segments in which nothing else is left go altogether: the
   *minimum index* rises (C2SP tlog-tiles, "Pruning"). In the others an expired event is
   *blanked*: an empty line in its place, its hash still in the tile.
2. **Said.** What goes is counted by month (``figures``), then a ``log-pruned`` event with the
   minimum index, the root at it, and the digest of the numbers of what is blanked; a checkpoint
   over it. A log that cannot say it, keeps it.
3. **Prepared.** The partial tiles at the minimum index are stored durably: with them every
   root from there on can be computed when the tiles below are gone. For each checkpoint
   kept from below, the proof that it leads to the minimum index.
4. **In force.** The proof of the event is written into ``pruned/``.
5. **Deleted.** Segments from the oldest on, then tiles, then single lines. A crash in
   between leaves too much, never too little; the next pruning, or the next opening,
   deletes the rest.

Nobody is in the writer's way: it never touches full segments and tiles again, so any
process may prune (one at a time, ``prune.lock``); event and checkpoint go to the writer as
from everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path

import orjson

from proxy.audit import checkpoints
from proxy.audit._files import write_atomically
from proxy.audit.cuts import Cut, Ranges, consistency_text, read_cut
from proxy.audit.events import Event, make_event
from proxy.audit.figures import Figures
from proxy.audit.keyring import KeyRing, read_ring
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.log import AuditLog
from proxy.audit.merkle import consistency
from proxy.audit.proofs import prove
from proxy.audit.pruning_end import finish, only_one
from proxy.audit.tiles import TileHashes, write_frontier

_AT_ONCE = 200
"""Counts in one message to the writer, which bounds its length."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning did."""

    minimum: int = 0
    """The first event that is left."""
    deleted: int = 0
    """Events deleted this time."""
    blanked: int = 0
    """Of these, single ones among others that stay."""
    busy: bool = False
    """Nothing was done: another process is pruning."""


@dataclass(slots=True)
class _Plan:
    minimum: int
    fresh: list[int] = field(default_factory=list)
    """Expired events that are still there, in order."""
    figures: Figures = field(default_factory=Figures)
    """What is left of them."""


def prune(
    directory: Path,
    log: AuditLog,
    cutoffs: Mapping[str, str],
    up_to: int | None = None,
    *,
    dry_run: bool = False,
) -> Pruned:
    """Delete what is older than ``cutoffs`` (type → RFC 3339) says, none from ``up_to`` on.

    Raises ``AuditUnavailable`` when the event cannot be recorded and ``NoteError`` when the
    log's own files contradict each other: then nothing was deleted.
    """
    layout = Layout(directory)
    with only_one(layout) as alone:
        if not alone:
            return Pruned(busy=True)
        ring = read_ring(layout)
        cut = read_cut(layout, ring)
        if not dry_run:
            finish(layout, cut)
        sealed = ring.open(log.checkpoint()).size
        end = sealed if up_to is None else min(sealed, up_to)
        plan = _plan(layout, cut, end, cutoffs)
        kept = [number for number in plan.fresh if number >= plan.minimum]
        done = Pruned(plan.minimum, len(plan.fresh), len(kept))
        if plan.fresh and not dry_run:
            expired = Ranges(sorted({*(n for n in cut.expired if n >= plan.minimum), *kept}))
            finish(layout, _put_in_force(layout, log, ring, cut, plan, expired))
        return done


def _plan(layout: Layout, cut: Cut, end: int, cutoffs: Mapping[str, str]) -> _Plan:
    """Step 1. Reads no further than a segment whose last event nothing could have outlived."""
    plan = _Plan(cut.minimum)
    latest, longest = max(cutoffs.values()), min(cutoffs.values())
    for number in range(cut.minimum // SEGMENT, end // SEGMENT):
        first = number * SEGMENT
        left, newest = 0, ""
        for place, line in enumerate(layout.segment(number).read_bytes().split(b"\n")[:-1]):
            if not line:
                continue
            event = orjson.loads(line)
            newest = str(event.get("time", ""))
            if newest < cutoffs.get(str(event.get("type")), longest):
                plan.fresh.append(first + place)
                plan.figures.add(event)
            else:
                left += 1
        if not left and plan.minimum == first:
            plan.minimum = first + SEGMENT
        if newest >= latest:
            break
    return plan


def _put_in_force(
    layout: Layout, log: AuditLog, ring: KeyRing, cut: Cut, plan: _Plan, expired: Ranges
) -> Cut:
    """Steps 2 to 4."""
    minimum, newest = plan.minimum, ring.open(log.checkpoint())
    for figures in batched(plan.figures.told(newest.size), _AT_ONCE):
        log.record_sync(figures)
    hashes = TileHashes(layout, newest.size)
    root = hashes.range(0, minimum) if minimum else cut.root
    index = log.record_sync([_event(minimum, newest.size, root, expired)])
    log.checkpoint()
    proof = prove(layout.root, index, ring)
    layout.pruned.mkdir(mode=0o750, exist_ok=True)
    write_frontier(layout, minimum, hashes)
    proofs = {
        size: consistency(size, minimum, hashes.range)
        for size in _sizes_below(layout, cut.minimum, minimum)
    }
    name = f"{index:012d}"
    write_atomically(layout.pruned / f"{name}.consistency", consistency_text(proofs))
    write_atomically(layout.pruned / f"{name}.expired", expired.text())
    write_atomically(layout.pruned / f"{name}.tlog-proof", proof.encode())
    return read_cut(layout, ring)


def _event(minimum: int, size: int, root: bytes, expired: Ranges) -> Event:
    return make_event(
        "log-pruned",
        minimum_index=minimum,
        size=size,
        root=root.hex(),
        expired=expired.count,
        expired_digest=hashlib.sha256(expired.text()).hexdigest(),
    )


def _sizes_below(layout: Layout, old: int, new: int) -> set[int]:
    """Sizes of the kept checkpoints, and of the last cut, that lose their tiles now."""
    sizes = {int(note.split("\n", 2)[1]) for _, note in checkpoints.read_history(layout)}
    return {size for size in {*sizes, old} if max(1, old) <= size < new}
