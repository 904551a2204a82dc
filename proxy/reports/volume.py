"""How much went to a service and came back, from the sums in the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from proxy.reports.speaker import Speaker
from proxy.reports.tally import Tally

COUNTED = "traffic-counted"


@dataclass(frozen=True, slots=True)
class Volume:
    """Requests (and connections that passed unread), and bytes both ways."""

    times: int = 0
    sent: int = 0
    received: int = 0

    @classmethod
    def of(cls, tally: Tally, service: str, **fields: str) -> Self:
        """All that the log says of a service."""
        found = tally.total(COUNTED, service=service, **fields)
        return cls(found.things, found.sent, found.received)

    @classmethod
    def of_all(cls, tally: Tally, services: Iterable[str]) -> Self:
        """Of several together."""
        found = [cls.of(tally, name) for name in services]
        return cls(
            sum(one.times for one in found),
            sum(one.sent for one in found),
            sum(one.received for one in found),
        )

    def words(self, say: Speaker) -> str:
        """In a sentence."""
        if not self.times:
            return say("volume.none")
        sizes = {"sent": say.size(self.sent), "received": say.size(self.received)}
        return say("volume", times=self.times, **sizes)

    def figures(self) -> dict[str, int]:
        """For programs: bytes."""
        return {"times": self.times, "sent": self.sent, "received": self.received}
