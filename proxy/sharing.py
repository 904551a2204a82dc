"""What a worker tells to, and learns from, the store it shares: once in a while, off requests.

Announces what it runs and looks who runs something else (``fleet``); asks the server whether
it is set up to keep what it is given; carries both, and the circuit, to the metrics. A store
that is gone is no error here: the circuit says so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Final

from proxy import fleet
from proxy.errors import Refused
from proxy.metrics import Metrics
from proxy.store import Ailment, Store

log = logging.getLogger("preau.store")

_LOOK_SECONDS: Final = 60


class Sharing:
    """One a process; ``tick`` is called every second or so by one thread."""

    def __init__(self, store: Store, metrics: Metrics, name: str) -> None:
        self._store, self._metrics = store, metrics
        self._standing = fleet.Standing(name, {})
        self._announced = self._looked = float("-inf")
        self._told: set[str] = set()

    def tick(self, values: Mapping[fleet.Part, str]) -> None:
        """Announce when something changed or the note grows old. Never raises for the store."""
        self._metrics.store_circuit_is(self._store.circuit)
        standing = self._standing.taking(values, time.time())
        now = time.monotonic()
        try:
            if standing != self._standing or now - self._announced >= fleet.EVERY_SECONDS:
                self._announce(standing)
                self._standing, self._announced = standing, now
            if now - self._looked >= _LOOK_SECONDS:
                self._look()
                self._looked = now
        except Refused:
            self._standing = standing  # since now, even if nobody can be told yet

    def _announce(self, standing: fleet.Standing) -> None:
        self._store.announce(standing.name, standing.note(), fleet.EXPIRES_SECONDS)
        standings = fleet.read(self._store.announced())
        found = fleet.splits(standings)
        self._metrics.fleet_is(
            len({s.gateway for s in standings}),
            {split.part: fleet.lasted(split) for split in found},
        )
        self._tell({f"gateways differ on {split.part.value}" for split in found})

    def _look(self) -> None:
        troubles = self._store.troubles()
        self._metrics.store_troubles_are({trouble.ailment for trouble in troubles})
        for trouble in troubles:
            if trouble.ailment is not Ailment.UNKNOWN:
                log.warning("store %s: %s", trouble.ailment.value, trouble.advice)

    def _tell(self, said: set[str]) -> None:
        """Once, when it changes."""
        for text in sorted(said - self._told):
            log.warning("%s; `preau status` says which", text)
        if self._told and not said:
            log.warning("gateways agree again")
        self._told = said
