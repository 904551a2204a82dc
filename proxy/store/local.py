"""What is said of a store that is no server: it is there, or fails at once, and forgets nothing."""

from __future__ import annotations

from proxy.store.breaker import Circuit
from proxy.store.troubles import Trouble


class Local:
    """The answers of a store on this machine about servers."""

    @property
    def remote(self) -> bool:
        """On this machine."""
        return False

    @property
    def epoch(self) -> int:
        """What it took it keeps."""
        return 0

    @property
    def circuit(self) -> Circuit:
        """Nothing to break."""
        return Circuit.CLOSED

    def troubles(self) -> list[Trouble]:
        """None beyond what calls themselves raise."""
        return []
