"""The site's lists without those that rules switch off for somebody, ready before they are asked.

A list that is off must be as if it were not there: its exceptions, its ``$badfilter`` and its
place among duplicates too. So each set of switches that is in use gets lists compiled without
them; an answer of the whole set, with some lists' answers taken out, would hide what another
list says of the same request.

Each costs a worker's memory once more (less what is off), so there is a bound; beyond it the
whole set holds, which blocks more and lets nothing pass.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proxy.blocking.blocker import Blocker, build, open_blocker
from proxy.blocking.lists import Category, ListFile
from proxy.timetable.entries import Person
from proxy.timetable.plan import Switches, Timetable

log = logging.getLogger("preau.blocking")

MAX_VARIANTS = 8
_AHEAD = 2 * 86_400.0
"""Seconds ahead for which they are made."""
FOLDER = "lists-without"


def without(lists: Iterable[ListFile], switches: Switches) -> list[ListFile]:
    """The lists that stay on, each without the categories that are off."""
    off = tuple(sorted(map(Category, switches.categories)))
    return [replace(one, without=off) for one in lists if not switches.is_off(one.name)]


class OnDemand(Mapping[Switches, Blocker]):
    """Compiles in this process whatever is asked for: for tools, not for a serving process."""

    def __init__(self, lists: Sequence[ListFile]) -> None:
        self._lists = lists
        self._made: dict[Switches, Blocker] = {}

    def __getitem__(self, switches: Switches) -> Blocker:
        made = self._made.get(switches)
        if made is None:
            made = self._made[switches] = build(without(self._lists, switches))
        return made

    def __iter__(self) -> Iterator[Switches]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class Switched:
    """The variants that a site needs today and tomorrow, made before they are asked for."""

    def __init__(self, cache_dir: Path) -> None:
        self.variants: Mapping[Switches, Blocker] = {}
        self._cache_dir = cache_dir
        self._made_for: tuple[Timetable, Blocker, float] | None = None

    def plan(
        self,
        timetable: Timetable,
        people: Iterable[Person],
        blocker: Blocker,
        lists: Callable[[], Sequence[ListFile]],
        now: float,
    ) -> None:
        """Make what is wanted and not there. Raises ``OSError`` and ``PreauError``, once.

        What cannot be compiled is left out: all lists hold there until something changes.
        """
        before, before_blocker, at = self._made_for or (None, None, 0.0)
        if before is timetable and before_blocker is blocker and 0 <= now - at < _AHEAD / 2:
            return
        self._made_for = (timetable, blocker, now)
        wanted = timetable.switches(people, now, _AHEAD)
        have = self.variants if before_blocker is blocker else {}
        if set(have) == wanted:
            self.variants = have
            return
        self.variants = {one: have[one] for one in wanted if one in have}
        with giving_way():
            self.variants = open_variants(lists(), wanted, self._cache_dir, have)
        if len(self.variants) < len(wanted):
            log.error("rules switch more sets of lists off than %d: all lists hold", MAX_VARIANTS)


_BREATH = 0.002


def breathe() -> None:
    """Between two steps of loading: whoever waits for the interpreter gets all of it for a while.

    Loading takes longer by that, and nobody waits for it to end.
    """
    time.sleep(_BREATH)


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """While this thread loads lists, requests get the interpreter ten times sooner."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def open_variants(
    lists: Sequence[ListFile],
    wanted: Iterable[Switches],
    cache_dir: Path,
    have: Mapping[Switches, Blocker],
) -> dict[Switches, Blocker]:
    """A blocker for each set of switches; those in ``have`` are taken over."""
    folder = cache_dir / FOLDER
    chosen = sorted(wanted, key=_name)[:MAX_VARIANTS]
    opened = {
        one: have[one]
        if one in have
        else open_blocker(without(lists, one), folder / _name(one), breathe)
        for one in chosen
    }
    _tidy(folder, {_name(one) for one in chosen})
    return opened


def _name(switches: Switches) -> str:
    parts = (switches.lists, switches.categories, switches.kept)
    text = "\n".join("\t".join(sorted(part)) for part in parts) + f"\n{switches.every}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tidy(folder: Path, kept: set[str]) -> None:
    """Cached lists that no rule asks for any more are in nobody's way, but cost the disk."""
    for old in folder.iterdir() if folder.is_dir() else ():
        if old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)
