"""Keys and CA on disk: has what the workers run with changed?

Policy, lists and directory are followed by every worker itself. Keys are read once in a
process's life, so new ones (and a new CA) take effect by replacing the workers. The audit
log's own signing key is not looked at here: it is the writer's.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from proxy.ca import FILE
from proxy.errors import PreauError
from proxy.site import load_site

_SETTLE = 1.0
_NOT_OURS = "audit-"

type Seen = dict[str, list[int]]


class Secrets:
    """Compares fingerprints: name, time, size and inode; never what is in a file."""

    def __init__(self, site: Path, seen: Seen | None = None) -> None:
        self._root = site
        self._folders: tuple[Path, Path] | None = None
        self._taken: Seen = self.look() if seen is None else seen
        self._refused: Seen | None = None

    def changed(self) -> bool:
        """Whether there is something new that has settled and was not refused already."""
        now = self.look()
        if now in (self._taken, self._refused):
            return False
        new = [seen[0] for path, seen in now.items() if self._taken.get(path) != seen]
        newest = max(new, default=0) / 1e9
        return not 0 <= time.time() - newest < _SETTLE

    def at_rest(self) -> bool:
        """Whether what is there is what the workers run with: a mistake was taken back."""
        return self.look() == self._taken

    def look(self) -> Seen:
        """What is there now."""
        found: Seen = {}
        for path in self._files():
            try:
                stat = os.stat(path)
            except OSError:
                continue
            found[str(path)] = [stat.st_mtime_ns, stat.st_size, stat.st_ino]
        return found

    def taken(self, seen: Seen) -> None:
        """The workers run with this now."""
        self._taken, self._refused = seen, None

    def refused(self, seen: Seen) -> None:
        """The workers could not start with this: not tried again until it changes."""
        self._refused = seen

    def document(self) -> dict[str, Any]:
        """For an upgrade."""
        return dict(self._taken)

    def _files(self) -> list[Path]:
        if self._folders is None:
            try:
                site = load_site(self._root)
            except PreauError:
                return []
            self._folders = (site.keys_dir, site.ca_dir)
        keys, ca = self._folders
        try:
            names = sorted(os.listdir(keys))
        except OSError:
            names = []
        return [*(keys / name for name in names if not name.startswith(_NOT_OURS)), ca / FILE]
