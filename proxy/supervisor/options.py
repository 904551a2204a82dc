"""What ``preau serve`` was told, as the supervisor keeps it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proxy.errors import InputError

RUN = "run"
MOST_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Options:
    """One gateway on one machine."""

    site: Path
    listen: tuple[str, int]
    status: tuple[str, int]
    workers: int
    run: Path
    """The private folder of the sockets between the processes."""
    signer: Path | None = None
    """The folder of the socket of a signer that is a service of its own."""
    outgoing: bool = False
    """Whether the site sends what leaves the audit log anywhere."""
    resolve: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    transparent: bool = False
    """Whether clients are redirected here by the firewall and know no proxy."""
    drain: float = 20.0
    """Seconds that requests under way get when the gateway stops."""
    roll_drain: float = 60.0
    """The same for a worker that another one has replaced: nobody waits for it."""
    silence: float = 15.0
    """Seconds without an answer after which a process counts as hung, and is killed."""


def usable_cores() -> int:
    """The cores that this process may run on: fewer than the machine's in a container."""
    return len(os.sched_getaffinity(0))


def run_folder(state_dir: Path) -> Path:
    """The runtime folder: systemd's where there is one, else in the state folder."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else state_dir / RUN


def private_folder(path: Path) -> Path:
    """Make ``path`` a folder that only this user may enter. Raises ``InputError``."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise InputError(f"{path}: cannot be made a private folder ({error.strerror})") from None
    return path
