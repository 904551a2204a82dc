"""Make a virtual environment from a hash-locked requirements file, once per lock.

    python scripts/venv.py run|dev|bench     make it, or leave it when it is up to date
    python scripts/venv.py --check NAME      exit 0 when there is nothing to do

Standard library only: this runs before anything is installed. The stamp is written last,
so an interrupted run is never taken for a finished one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"run": ".venv", "dev": ".venv", "bench": ".venv-bench"}
INCLUDES = {"run": ("run",), "dev": ("dev", "run"), "bench": ("bench",)}
"""What a finished install of a name also makes true: ``dev`` holds all of ``run``."""

# pip settings that say *where* packages come from are the machine's business and stay;
# those that change *what* is installed or *where to* would undo the lock, and go.
PIP_KEPT = frozenset(
    f"PIP_{name}"
    for name in (
        "CACHE_DIR CERT CLIENT_CERT CONFIG_FILE DEFAULT_TIMEOUT DISABLE_PIP_VERSION_CHECK "
        "EXTRA_INDEX_URL FIND_LINKS INDEX_URL KEYRING_PROVIDER NO_CACHE_DIR NO_INDEX PROXY "
        "RETRIES TIMEOUT TRUSTED_HOST"
    ).split()
)
PIP_FORCED = {"PIP_CONSTRAINT": os.devnull, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}


def stamp(name: str) -> str:
    """What a finished environment depends on: the lock, the Python, this file, the place."""
    parts = (
        (ROOT / "requirements" / f"{name}.txt").read_bytes(),
        Path(__file__).read_bytes(),
        "{}.{}".format(*sys.version_info).encode(),
        str(ROOT).encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp_file(name: str) -> Path:
    """Where the stamp of ``name`` lies, inside the environment it speaks of."""
    return ROOT / FOLDERS[name] / f".preau-{name}"


def is_ready(name: str) -> bool:
    """Whether the environment for ``name`` was finished with this very lock and Python."""
    file = stamp_file(name)
    return file.is_file() and file.read_text() == stamp(name)


def pip_environment() -> dict[str, str]:
    """The environment pip runs in: registry settings kept, everything that bends a lock gone."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if (not key.startswith("PIP_") or key in PIP_KEPT)
        and key not in {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"}
    }
    return kept | PIP_FORCED


def install(python: Path, name: str) -> int:
    """Install the lock of ``name``; ``--no-deps`` because the lock already is the whole set."""
    command = [str(python), "-I", "-m", "pip", "install", "-qq", "--no-input"]
    command += ["--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command += ["--requirement", str(ROOT / "requirements" / f"{name}.txt")]
    return subprocess.run(command, env=pip_environment(), check=False).returncode


def link_project(folder: Path, python: Path) -> None:
    """Put the sources on the path and ``preau`` among the programs, without a build or network."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.check_output([str(python), "-I", "-c", ask], text=True).strip()
    (Path(site) / "preau.pth").write_text(f"{ROOT}\n")
    program = folder / "bin" / "preau"
    # -P keeps the folder that preau is called from out of the import path.
    quoted = str(python).replace("'", "'\\''")
    program.write_text(f"#!/bin/sh\nexec '{quoted}' -P -m proxy.cli \"$@\"\n")
    program.chmod(0o755)


def make(name: str) -> int:
    """Make the environment for ``name``, from nothing unless another lock's install is current."""
    folder = ROOT / FOLDERS[name]
    python = folder / "bin" / "python"
    siblings = [other for other, place in FOLDERS.items() if place == FOLDERS[name]]
    started = time.monotonic()
    print(f"Preparing {folder.name} ({name}) with Python {sys.version.split()[0]} …", flush=True)
    if not any(is_ready(other) for other in siblings):
        if Path(sys.prefix).resolve() == folder.resolve():  # never rebuild under our own feet
            print("Run scripts/venv.py with a Python outside the environment.", file=sys.stderr)
            return 2
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(folder)
    if install(python, name) != 0:
        print(
            f"Installing requirements/{name}.txt failed; pip's message is above. Without a way to "
            "a package registry, set PIP_INDEX_URL or PIP_FIND_LINKS and run make again.",
            file=sys.stderr,
        )
        return 1
    if FOLDERS[name] == ".venv":
        link_project(folder, python)
    for included in INCLUDES[name]:
        stamp_file(included).write_text(stamp(included))
    print(f"Ready in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line described at the top."""
    check = arguments[:1] == ["--check"]
    names = arguments[1:] if check else arguments
    if len(names) != 1 or names[0] not in FOLDERS:
        print(__doc__, file=sys.stderr)
        return 2
    if is_ready(names[0]):
        return 0
    return 1 if check else make(names[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
