"""The audit log: what was done to whose kind of data, provably whole and in order.

What comes in: events of the closed catalogue (``make_event``), from the engine, from the
commands of administrators, from the log about itself. What goes out: an acknowledgement
once an event is on disk; signed checkpoints; proofs; answers to queries; a verdict on a
directory of files (``verify``). The format is public: ``docs/audit-format.md``.

What must never happen here: an event acknowledged that a crash could lose; a checkpoint
over what is not on disk; personal data in an event; writing on over a log that was
tampered with.

Start reading at ``_writer`` (the life of an event), then ``_recover`` (what a crash and
what tampering leave), ``pruning`` (the end of an event) and ``verify``.
"""

from proxy.audit.clients import ClientKeys
from proxy.audit.errors import AuditTampered, NoteError
from proxy.audit.events import Event, EventError, fit, make_event, serialise
from proxy.audit.log import AuditLog, AuditStatus, open_audit, running_checkpoint
from proxy.audit.note import Checkpoint, VerifierKey, open_checkpoint
from proxy.audit.proofs import consistent, prove, prove_consistency, verify_proof
from proxy.audit.pruning import Pruned, prune
from proxy.audit.query import Found, query
from proxy.audit.retention import cutoffs
from proxy.audit.verify import Kept, Problem, Report, verify

__all__ = [
    "AuditLog",
    "AuditStatus",
    "AuditTampered",
    "Checkpoint",
    "ClientKeys",
    "Event",
    "EventError",
    "Found",
    "Kept",
    "NoteError",
    "Problem",
    "Pruned",
    "Report",
    "VerifierKey",
    "consistent",
    "cutoffs",
    "fit",
    "make_event",
    "open_audit",
    "open_checkpoint",
    "prove",
    "prove_consistency",
    "prune",
    "query",
    "running_checkpoint",
    "serialise",
    "verify",
    "verify_proof",
]
