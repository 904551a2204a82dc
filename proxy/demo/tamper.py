"""Four ways to tamper with a copy of the audit log; the verifier must catch each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

Lines = list[bytes]


def _edit(lines: Lines) -> None:
    middle = len(lines) // 2
    lines[middle] = lines[middle].replace(b'"version":1', b'"version":2')


def _delete(lines: Lines) -> None:
    del lines[len(lines) // 2]


def _insert(lines: Lines) -> None:
    middle = len(lines) // 2
    lines.insert(middle, lines[middle])


def _truncate(lines: Lines) -> None:
    del lines[-1]


WAYS: dict[str, Callable[[Lines], None]] = {
    "edit": _edit,
    "delete": _delete,
    "insert": _insert,
    "truncate": _truncate,
}


def tampered_copies(log: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each way's name and the copy of ``log`` that was tampered with in that way."""
    for name, change in WAYS.items():
        copy = folder / f"tampered-{name}"
        shutil.copytree(log, copy, ignore=shutil.ignore_patterns("socket", "lock", "client-keys"))
        segment = max((copy / "segments").iterdir())
        lines = segment.read_bytes().splitlines(keepends=True)
        change(lines)
        segment.write_bytes(b"".join(lines))
        yield name, copy
