"""The audit log, copied while it is written: up to a checkpoint, and verified.

A log only grows (pruning is kept out meanwhile), so the order is what makes the copy whole:

1. What names sizes: earlier checkpoints, hand-overs of keys, what prunings left.
2. The newest checkpoint, sealed now: nothing of step 1 is beyond its size.
3. The events up to that size, and the tiles that hold none beyond it.
4. The copy is verified as an auditor would. A key that was changed between 1 and 2 shows
   here; then all is done once more.

``client-keys/`` stays behind: a key in a backup outlives its destruction.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from proxy.audit import running_checkpoint, verify
from proxy.audit.checkpoints import read_newest
from proxy.audit.errors import NoteError
from proxy.audit.layout import SEGMENT, Layout
from proxy.audit.merkle import TILE
from proxy.audit.pruning_end import only_one
from proxy.errors import InputError

_TRIES = 3
_TILE = re.compile(r"tile/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?")


def copy_log(source: Path, target: Path) -> int:
    """Copy the log in ``source``; how many events. Raises ``InputError``."""
    layout = Layout(source)
    if not layout.public_key.exists():
        return 0
    with only_one(layout) as alone:
        if not alone:
            raise InputError("the audit log is being pruned just now: try again in a minute")
        for _ in range(_TRIES):
            shutil.rmtree(target, ignore_errors=True)
            size = _copy(layout, Layout(target))
            try:
                report = verify(target)
            except NoteError as error:
                raise InputError(f"the audit log cannot be copied: {error}") from None
            if report.ok:
                return size
    first = report.problems[0].message if report.problems else "unknown"
    raise InputError(f"the copy of the audit log does not verify: {first} (preau audit verify)")


def _copy(source: Layout, target: Layout) -> int:
    target.root.mkdir(mode=0o700, parents=True)
    for folder in (source.history, source.keys, source.pruned):
        if folder.is_dir():
            shutil.copytree(folder, target.root / folder.name)
    for path in (source.public_key, source.witnessed):
        if path.exists():
            shutil.copyfile(path, target.root / path.name)
    running_checkpoint(source.root)
    note = read_newest(source)
    if note is None:
        raise InputError("the audit log has no checkpoint (preau audit verify)")
    target.checkpoint.write_text(note, encoding="utf-8")
    size = int(note.split("\n")[1])
    _copy_events(source, target, size)
    _copy_tiles(source, target, size)
    return size


def _copy_events(source: Layout, target: Layout, size: int) -> None:
    target.segments.mkdir()
    for number in source.segment_numbers():
        count = min(SEGMENT, size - number * SEGMENT)
        if count > 0 or number == 0:
            lines = source.segment(number).read_bytes().split(b"\n")[: max(0, count)]
            target.segment(number).write_bytes(b"".join(line + b"\n" for line in lines))


def _copy_tiles(source: Layout, target: Layout, size: int) -> None:
    for path in (source.root / "tile").rglob("*"):
        name = path.relative_to(source.root).as_posix()
        match = _TILE.fullmatch(name)
        if match is None or not path.is_file():
            continue
        level, index = int(match[1]), int(match[2].replace("x", "").replace("/", ""))
        hashes = index * TILE + int(match[3] or TILE)
        if hashes * TILE**level <= size:
            (target.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target.root / name)
