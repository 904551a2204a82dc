"""A second pair of eyes: the C2SP tlog-witness protocol, both ends of it.

A witness stands at another site, in other hands. It keeps the last checkpoint it signed of
each log it knows, and signs a newer one only when a proof shows that nothing below the old
one changed. So whoever holds a log's signing key still cannot show one history to one
person and another to the next (a *split view*), nor bring an older copy back.

What comes in: ``add-checkpoint`` requests (``protocol``), at the witness's end; checkpoints
of our own log, at the log's end (``client``). What goes out: a *cosignature* with the time
(``cosignature``), once the new state is on disk (``state``).

What must never happen here: two cosignatures on histories that contradict each other, also
after a crash or a lost file; an answer before the disk has the state; a word of any event
(a witness sees sizes and hashes only). No sockets: the door is ``proxy.frontends.witness``,
the caller ``proxy.outbound``.
"""

from proxy.witness.client import Unwitnessed, WitnessClient, collect
from proxy.witness.cosignature import WitnessKey, WitnessSigner, cosigned_at
from proxy.witness.state import WitnessState
from proxy.witness.witness import Witness

__all__ = [
    "Unwitnessed",
    "Witness",
    "WitnessClient",
    "WitnessKey",
    "WitnessSigner",
    "WitnessState",
    "collect",
    "cosigned_at",
]
