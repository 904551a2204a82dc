"""What the end of retention asks of a site's log, by the day or by hand."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.audit.clients import ClientKeys
from proxy.audit.events import make_event
from proxy.audit.lived import lived, note_lived
from proxy.audit.log import AuditLog
from proxy.audit.outgoing import confirmed_everywhere
from proxy.audit.pruning import Pruned, prune
from proxy.audit.retention import cutoffs
from proxy.site import Site


@dataclass(frozen=True, slots=True)
class Ended:
    """What was deleted."""

    pruned: Pruned
    client_keys: int
    """Days whose keys of client hashes were destroyed."""
    held: float = 0.0
    """By how many seconds the clock is further on than believed: then nothing was deleted."""


def end_retention(
    site: Site,
    log: AuditLog,
    clients: ClientKeys,
    *,
    dry_run: bool = False,
    believe_clock: bool = False,
) -> Ended:
    """Destroy the keys and delete the events whose retention has ended.

    Nothing, with an event that says so, while the clock is not believed (``lived``).

    An event that an export or a copy still waits for stays until it has it. Raises what
    ``prune`` raises.
    """
    now = lived(site.audit_dir, believe=believe_clock)
    if not dry_run:
        note_lived(site.audit_dir, now)
        if now.days:
            log.record_sync([make_event("pruning-held", milliseconds=int(now.gap * 1000))])
    if now.days:
        return Ended(Pruned(), 0, now.gap)
    retention = site.audit_retention
    keys = 0 if dry_run else clients.destroy_before(retention.client_cutoff())
    if keys:
        log.record_sync([make_event("keys-destroyed", key="client", count=keys)])
    waiting = confirmed_everywhere(site)
    return Ended(prune(site.audit_dir, log, cutoffs(retention), waiting, dry_run=dry_run), keys)
