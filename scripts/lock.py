"""Resolve ``pyproject.toml`` into the hash-locked files of ``requirements/`` (``make lock``).

One resolution for every platform and Python from 3.12 on. The files name no registry: where
packages come from is each machine's own setting, what they are is fixed here by hash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
COMPILE = (
    "pip compile --quiet --universal --python-version 3.12 --generate-hashes "
    "--no-emit-index-url --no-emit-find-links --no-header --no-annotate"
).split()
OVERRIDES = ("--override", "requirements/overrides.txt")
LOCKS = {
    "run": ("pyproject.toml", *OVERRIDES),
    "dev": ("pyproject.toml", "--group", "dev", "-c", "requirements/run.txt", *OVERRIDES),
    "bench": ("--group", "bench"),
}


def uv() -> str | None:
    """The resolver: on PATH, or beside the Python that runs this."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("uv", path=os.pathsep.join((beside, os.environ.get("PATH", ""))))


def header(name: str) -> str:
    """What a reader of a lock needs to know; no address, no path of any machine."""
    return f"# {name}: made by `make lock` from pyproject.toml. Do not edit by hand.\n"


def lock(program: str, name: str, arguments: list[str]) -> int:
    """Write one lock; without ``--upgrade``, versions that still fit stay as they are."""
    file = FOLDER / f"{name}.txt"
    command = [program, *COMPILE, *LOCKS[name], *arguments, "-o", str(file.relative_to(ROOT))]
    result = subprocess.run(command, cwd=ROOT, check=False).returncode
    if result == 0:
        file.write_text(header(name) + file.read_text())
    return result


def main(arguments: list[str]) -> int:
    """Lock each file in turn; arguments such as ``--upgrade`` go to the resolver."""
    program = uv()
    if program is None:
        print("make lock needs uv (https://docs.astral.sh/uv). Install it.", file=sys.stderr)
        return 2
    return max(lock(program, name, arguments) for name in LOCKS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
