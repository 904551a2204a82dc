"""``python -m proxy.directory``, the site's folder on stdin: see ``building_process``."""

import sys
from pathlib import Path

from proxy.directory.building_process import build_here
from proxy.errors import PreauError

if __name__ == "__main__":
    try:
        print(build_here(Path(sys.stdin.read())))
    except PreauError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
