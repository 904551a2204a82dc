"""Build a site's index in a process that serves nobody (``python -m proxy.directory``).

Its own processes scan a share of the values each, on machines with more than one core.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.directory.index import write
from proxy.errors import StoreUnavailable
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.site import load_site
from proxy.store import Store, open_store

if TYPE_CHECKING:
    from proxy.directory.building import Share

FOLDER = "directory"
"""Where in the site's state folder indexes stand."""

_PROCESSES = 2
_BUILD_SECONDS = 900


def build(root: Path) -> None:
    """Start the process and wait. What it says on failure names no value."""
    paths = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "proxy.directory"],
            input=str(root),
            capture_output=True,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
    except subprocess.TimeoutExpired as error:
        raise StoreUnavailable(f"index not built within {_BUILD_SECONDS} s") from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise StoreUnavailable(f"the directory's index could not be built: {last}")


def build_here(root: Path) -> Path:
    """What the process does; the path of the index."""
    site = load_site(root)
    with _opened(root) as (store, sealer):
        processes = min(_PROCESSES, len(os.sched_getaffinity(0)))
        if processes < 2 or next(store.values(1, 2), None) is None:
            return write(store, sealer, site.state_dir / FOLDER)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:

            def scan_shares(key: bytes) -> list[Share]:
                jobs = [pool.submit(_scan, root, key, part, processes) for part in range(processes)]
                return [job.result() for job in jobs]

            return write(store, sealer, site.state_dir / FOLDER, scan_shares)


def _scan(root: Path, key: bytes, part: int, parts: int) -> Share:
    from proxy.directory.building import scan

    with _opened(root) as (store, sealer):
        return scan(store, sealer, key, part, parts)


@contextlib.contextmanager
def _opened(root: Path) -> Iterator[tuple[Store, ValueSealer]]:
    site = load_site(root)
    with contextlib.closing(open_store(site.store_url)) as store:
        yield store, ValueSealer(Keys.load(site.keys_dir))
