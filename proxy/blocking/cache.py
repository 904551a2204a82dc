"""The compiled lists as a file: written once, mapped by every worker.

Layout: one JSON line of head (digest, reports, section sizes), padded to 8 bytes, then the
sections, each padded to 8 bytes. The head holds a SHA-256 of the rest, so that a file cut
short or damaged is built again instead of half obeyed. Files appear by rename: a reader
sees the old one or the new one, and one that is mapped stays whole after it is replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from proxy.blocking.compile import FORMAT, SECTIONS, Compiled, digest_of
from proxy.blocking.lists import ListFile, ListReport
from proxy.errors import InputError

_SUFFIX = ".blocklists"
_BUILD_SECONDS = 120


def save(compiled: Compiled, folder: Path) -> Path:
    """Write a bundle under its digest, whole or not at all; older bundles are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (compiled.digest + _SUFFIX)
    body = b"".join(_padded(compiled.sections[name]) for name in SECTIONS)
    head = {
        "format": FORMAT,
        "digest": compiled.digest,
        "sha256": hashlib.sha256(body).hexdigest(),
        "sizes": [len(compiled.sections[name]) for name in SECTIONS],
        "reports": [report.as_dict() for report in compiled.reports],
    }
    handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_padded(json.dumps(head).encode() + b"\n", b" "))
            file.write(body)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    for old in folder.glob("*" + _SUFFIX):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def load(path: Path) -> Compiled | None:
    """Map a bundle, or ``None`` if it is not there, not whole, or of another format."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    end = mapped.find(b"\n") + 1
    view = memoryview(mapped)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        head = json.loads(bytes(view[:end]))
        body = view[end + -end % 8 :]
        if head["format"] == FORMAT and hashlib.sha256(body).hexdigest() == head["sha256"]:
            return Compiled(
                head["digest"],
                tuple(ListReport.from_dict(report) for report in head["reports"]),
                _sections(body, head["sizes"]),
            )
    return None


def compiled_lists(lists: Sequence[ListFile], folder: Path) -> Compiled:
    """The compiled lists from the cache, compiled in another process when they are new."""
    digest = digest_of(lists, [source.read() for source in lists])
    found = load(folder / (digest + _SUFFIX))
    if found is not None and found.digest == digest:
        return found
    built = load(build_in_subprocess(lists, folder))
    if built is None:
        raise InputError("the compiled block lists cannot be read back; check the disk")
    return built


def build_in_subprocess(lists: Sequence[ListFile], folder: Path) -> Path:
    """Compile without holding this process's interpreter; the path of the bundle."""
    job = {"folder": str(folder), "lists": [source.as_dict() for source in lists]}
    package_root = str(Path(__file__).parents[2])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "proxy.blocking"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
            env={**os.environ, "PYTHONPATH": package_root},
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"block lists not compiled within {_BUILD_SECONDS} s; remove the largest list"
        ) from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise InputError(f"block lists could not be compiled: {last}")
    return Path(done.stdout.strip())


def _padded(data: bytes | memoryview, filler: bytes = b"\0") -> bytes:
    return bytes(data) + filler * (-len(data) % 8)


def _sections(body: memoryview, sizes: Sequence[int]) -> dict[str, memoryview]:
    sections = {}
    at = 0
    for name, size in zip(SECTIONS, sizes, strict=True):
        sections[name] = body[at : at + size]
        at += size + -size % 8
    return sections
