"""What every benchmark stands on: children pinned to a core, a site with its people."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from proxy.cli.demo import furnish
from proxy.demo.people import Person
from proxy.demo.site import write_site


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that a child wrote to ``path``."""
    for _ in range(1200):
        if path.exists() and path.read_text():
            return int(path.read_text())
        if process.poll() is not None:
            raise SystemExit(f"a child ended with {process.returncode}")
        time.sleep(0.05)
    raise SystemExit("a child did not start within a minute")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(command: list[str], core: int) -> subprocess.Popen[bytes]:
    """A child pinned to a core, where the machine has that many."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    if core < (os.cpu_count() or 1):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(child.pid, {core})
    return child


def prepare_site(folder: Path, trusted: Path, people: list[Person]) -> Path:
    """A site with the cast in its directory."""
    root = folder / "site"
    write_site(root, trusted)
    furnish(root, people, folder / "roster")
    return root
