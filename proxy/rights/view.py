"""What rights come to for requests: immutable, swapped whole when the store's notes changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.rights.canaries import NO_CANARIES, Canaries
from proxy.rights.consents import Consents
from proxy.rights.objections import Objections
from proxy.rights.sightings import Sightings
from proxy.rights.watch import Watch
from proxy.store.interface import Store

if TYPE_CHECKING:
    from proxy.directory.index import Index


@dataclass(frozen=True, slots=True)
class RightsView:
    """Of one moment; consents are asked of the store when a picture comes."""

    store: Store
    consents: Consents
    sightings: Sightings
    objections: Objections = field(default_factory=Objections)
    canaries: Canaries = NO_CANARIES
    ignores_shared_names: bool = False
    version: int = 0

    def watch(self, index: Index, service: str, school: str, *, consent: bool) -> Watch:
        """A watch for one request."""
        return Watch(self, index, service, school, consent=consent)

    def sent(self, service: str, refs: Iterable[int]) -> None:
        """These values go to a service, as pseudonyms."""
        self.sightings.add(service, refs)

    def schools(self, subject: int) -> frozenset[str]:
        """A subject's schools, asked of the store: only where a name is shared."""
        records = self.store.records_of(subject)
        return frozenset(school for record in records for school in record.schools)
