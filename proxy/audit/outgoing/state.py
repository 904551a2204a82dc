"""What a task last said of itself, in a small file beside its cursor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from proxy.audit._files import write_atomically

_MOST = 300


@dataclass(frozen=True, slots=True)
class TaskState:
    """When a task was last at work, and what was wrong, if anything."""

    at: float
    failure: str = ""
    since: float = 0.0
    """When the failure began."""


def cursor_path(folder: Path, name: str) -> Path:
    """Where a task's cursor lies."""
    return folder / f"{name}.cursor"


def read_state(folder: Path, name: str) -> TaskState | None:
    """The last word of a task, or ``None``."""
    try:
        document = orjson.loads((folder / f"{name}.state").read_bytes())
        return TaskState(float(document["at"]), str(document["failure"]), float(document["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(folder: Path, name: str, failure: str) -> None:
    """Say that a task is at work, or what is wrong. Not flushed: it may be lost."""
    before = read_state(folder, name)
    now = time.time()
    failing = failure and before is not None and before.failure
    since = before.since if failing and before else (now if failure else 0.0)
    document = {"at": now, "failure": failure[:_MOST], "since": since}
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    write_atomically(folder / f"{name}.state", orjson.dumps(document), sync=False)
