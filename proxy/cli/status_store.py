"""The store's part of ``preau status``: is it set up to last, and do the gateways agree."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from proxy import fleet
from proxy.errors import PreauError
from proxy.site import Site
from proxy.store import Trouble, open_store


@dataclass(frozen=True, slots=True)
class Shared:
    """What the store says of itself and of who shares it."""

    troubles: Sequence[Trouble] = ()
    standings: Sequence[fleet.Standing] = ()

    @property
    def splits(self) -> list[fleet.Split]:
        """What the gateways differ on."""
        return fleet.splits(self.standings)


def look(site: Site) -> Shared:
    """Nothing, when the store does not answer: another finding says so."""
    try:
        with contextlib.closing(open_store(site.store_url)) as store:
            return Shared(store.troubles(), fleet.read(store.announced()))
    except PreauError:
        return Shared()


def sayings(shared: Shared) -> list[tuple[str, bool, str]]:
    """Name, good or not, and detail of each finding."""
    found = [(f"store {t.ailment.value}", False, t.advice) for t in shared.troubles]
    splits = shared.splits
    for split in splits:
        since = _moment(split.since)
        good = fleet.lasted(split) < fleet.GRACE_SECONDS
        found.append(
            ("fleet", good, f"{split.part.value} differs since {since}: {', '.join(split.apart)}")
        )
    if shared.standings and not splits:
        count = len({standing.gateway for standing in shared.standings})
        agree = f"{count} gateways agree" if count > 1 else "one gateway runs"
        found.append(("fleet", True, agree))
    return found


def table(shared: Shared, ours: str) -> list[str]:
    """One line a worker; ``*`` marks this machine's, ``!`` what differs."""
    if not shared.standings:
        return []
    apart = {(split.part, name) for split in shared.splits for name in split.apart}
    rows = [["gateway", *(part.value for part in fleet.Part)]]
    for standing in shared.standings:
        mark = "*" if standing.gateway == ours else ""
        rows.append([standing.name + mark, *_cells(standing, lambda p, n: (p, n) in apart)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]


def documents(shared: Shared) -> list[dict[str, object]]:
    """For ``--json``."""
    return [
        {
            "gateway": standing.name,
            **{
                part.value: {"value": value, "since": _moment(since)}
                for part, (value, since) in standing.values.items()
            },
            "apart": [s.part.value for s in shared.splits if standing.name in s.apart],
        }
        for standing in shared.standings
    ]


def _cells(standing: fleet.Standing, differs: Callable[[fleet.Part, str], bool]) -> list[str]:
    cells = []
    for part in fleet.Part:
        value, since = standing.values.get(part, ("-", time.time()))
        mark = "! " if differs(part, standing.name) else ""
        cells.append(f"{mark}{value[:16]} since {_moment(since)}")
    return cells


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
