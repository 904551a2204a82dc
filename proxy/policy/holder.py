"""The policy in force, swapped whole while the gateway runs.

Theory of operation. ``reload_if_changed`` is called every second or so. It compares a
fingerprint of the folder (name, time, size and inode of each source file: a few ``stat``)
with the one last read. When it differs, and the newest change is older than ``settle``
seconds (an editor or a copy may still be writing), everything is read again. The reading
counts only if the fingerprint is the same after it as before it. Good: the new policy
replaces the old one by a single assignment. Bad: the old one stays, and the problems are
told once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proxy.policy.policy import CompileCache, Policy, read_policy, source_files
from proxy.policy.problems import InvalidFiles, Problem
from proxy.site import Site

type Fingerprint = tuple[tuple[str, int, int, int], ...]
_RESTART = (
    "state_dir",
    "keys_dir",
    "ca_dir",
    "audit_dir",
    "cache_dir",
    "signer_dir",
    "store_url",
    "listen",
    "status",
    "upstream_ca",
)


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """What a reload did. ``digest`` is that of the policy in force afterwards."""

    applied: bool
    digest: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    restart_for: tuple[str, ...] = ()
    """Settings that changed and only take effect when the gateway is restarted."""


class PolicyHolder:
    """Owns the policy in force. ``current`` is safe to read from any thread."""

    def __init__(
        self,
        root: Path,
        *,
        settle: float = 0.3,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Loads the policy. Raises ``InvalidFiles`` (an ``InputError``) if there is no good one."""
        self._root = Path(root).absolute()
        self._settle = settle
        self._environ = environ
        self._clock = clock
        self._cache: CompileCache = {}
        self._seen = fingerprint(self._root)
        reading = read_policy(self._root, environ, self._cache)
        if reading.policy is None:
            raise InvalidFiles(f"the policies in {root} cannot be used", reading.problems)
        self._current = reading.policy
        self.warnings = tuple(reading.warnings)

    @property
    def current(self) -> Policy:
        """The policy in force."""
        return self._current

    def reload_if_changed(self) -> ReloadOutcome | None:
        """Reload if the files changed and have settled; ``None`` if there was nothing to do."""
        before = fingerprint(self._root)
        if before == self._seen or self._moving(before):
            return None
        return self._reload(before)

    def reload(self) -> ReloadOutcome | None:
        """Reload now (an administrator asked); ``None`` if files changed while they were read."""
        return self._reload(fingerprint(self._root))

    def _moving(self, now: Fingerprint) -> bool:
        """Whether a changed file was written to a moment ago. A time to come is not a moment."""
        changed = set(now) - set(self._seen)
        return any(abs(self._clock() - entry[1] / 1e9) < self._settle for entry in changed)

    def _reload(self, before: Fingerprint) -> ReloadOutcome | None:
        reading = read_policy(self._root, self._environ, self._cache)
        if fingerprint(self._root) != before:
            return None
        self._seen = before
        if reading.policy is None:
            return ReloadOutcome(False, self._current.digest, tuple(sorted(reading.problems)))
        restart_for = _changed(self._current.site, reading.policy.site)
        self._current = reading.policy
        self.warnings = tuple(reading.warnings)
        return ReloadOutcome(
            True, reading.policy.digest, warnings=self.warnings, restart_for=restart_for
        )


def fingerprint(root: Path) -> Fingerprint:
    """What tells one state of the source files from another, without reading them."""
    found = []
    for file in source_files(root):
        try:
            stat = os.stat(root / file)
        except OSError:
            found.append((file, 0, 0, 0))
            continue
        found.append((file, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


def _changed(old: Site, new: Site) -> tuple[str, ...]:
    return tuple(name for name in _RESTART if getattr(old, name) != getattr(new, name))
