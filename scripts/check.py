"""Run every check of the house and say at the end which failed (``make lint``, ``make test``).

    python scripts/check.py lint                the checks that read the code
    python scripts/check.py test [PYTEST…]      those, then pytest with these arguments

All run even when one fails: one run tells everything there is to mend.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
LINT = (
    ("style", ("ruff", "check", "--quiet", ".")),
    ("format", ("ruff", "format", "--check", "--quiet", ".")),
    ("types", ("mypy", "--no-error-summary")),
    ("imports", ("lint-imports", "--no-logo")),
)


def run(name: str, program: str, *arguments: str, quiet: bool = False) -> bool:
    """Run one check, its output shown only when it failed or is worth watching."""
    started = time.monotonic()
    result = subprocess.run(
        [str(PROGRAMS / program), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    good = result.returncode == 0
    if quiet and not good:
        print(result.stdout, flush=True)
    mark = "ok" if good else "FAILED"
    print(f"{name:<8} {mark} ({time.monotonic() - started:.1f} s)", flush=True)
    return good


def main(arguments: list[str]) -> int:
    """Run the command line described at the top."""
    if not arguments or arguments[0] not in {"lint", "test"}:
        print(__doc__, file=sys.stderr)
        return 2
    failed = [name for name, command in LINT if not run(name, *command, quiet=True)]
    if arguments[0] == "test" and not run("tests", "pytest", *arguments[1:]):
        failed.append("tests")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
