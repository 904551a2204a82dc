"""Writing files so that a crash leaves the old one, the new one, and nothing between."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a short write is no success."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o640, sync: bool = True) -> None:
    """Replace ``path`` by ``data`` in one step."""
    scratch = _write_scratch(path, data, mode, sync=sync)
    try:
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(path.parent)


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Create ``path``; when another process was first, its file stands."""
    scratch = _write_scratch(path, data, mode, sync=True)
    with contextlib.suppress(FileExistsError):
        os.link(scratch, path)
    scratch.unlink()
    sync_directory(path.parent)


def destroy(path: Path) -> None:
    """Overwrite a secret on the disk before its name goes, both durably.

    On copy-on-write disks and flash only encryption of the whole disk does better.
    """
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        write_all(file.fileno(), secrets.token_bytes(size))
        os.fsync(file.fileno())
    path.unlink()
    sync_directory(path.parent)


def _write_scratch(path: Path, data: bytes, mode: int, *, sync: bool) -> Path:
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        write_all(descriptor, data)
        if sync:
            os.fsync(descriptor)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return scratch
