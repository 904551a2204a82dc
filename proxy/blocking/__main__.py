"""``python -m proxy.blocking``: compile lists in a process that serves nobody.

Reads a job on stdin (the cache folder and the lists), prints the path of the bundle. Started
by ``proxy.blocking.cache.build_in_subprocess`` only.
"""

import json
import os
import resource
import sys
from pathlib import Path

from proxy.blocking.cache import save
from proxy.blocking.compile import compile_lists
from proxy.blocking.lists import ListFile
from proxy.errors import InputError

_MEMORY = 4 << 30
"""Address space of the compiling process: what a hostile list can take at most."""


def main() -> int:
    """Exit 0 and the path, or 2 and what to mend."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    job = json.load(sys.stdin)
    lists = [ListFile.from_dict(row) for row in job["lists"]]
    try:
        print(save(compile_lists(lists), Path(job["folder"])))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except MemoryError:
        print("they need more memory than lists may; remove the largest list", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
