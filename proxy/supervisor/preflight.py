"""Before an upgrade: can the program that is installed now serve this site at all?

Run in a process of its own, by the interpreter that would be replaced into. What cannot be
imported, or a site that the new program cannot read, is found here and not after the point
of no return.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from proxy.errors import InputError, PreauError
from proxy.policy.policy import load_policy

MODULES = (
    "addons.supervised",
    "proxy.cli.serve",
    "proxy.supervisor.signer",
    "proxy.supervisor.supervisor",
    "proxy.supervisor.writer",
)


def main(argv: list[str]) -> int:
    """``python -m proxy.supervisor.preflight SITE``: 0, or the problem on stderr."""
    try:
        for module in MODULES:
            importlib.import_module(module)
        load_policy(Path(argv[0]))
    except InputError as error:
        print("\n".join((str(error), *map(str, error.problems))), file=sys.stderr)
        return 2
    except (ImportError, SyntaxError, PreauError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
