"""What an administrator did, put into the site's audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InputError, Refused

if TYPE_CHECKING:
    from proxy.audit import Event
    from proxy.site import Site


def record(site: Site, *events: Event) -> None:
    """Record events, through the running gateway if there is one.

    The act is done when this is called; that it could not be recorded is an error that
    says so, since an auditor will ask.
    """
    from proxy.runtime import open_log

    try:
        with open_log(site) as log:
            log.record_sync(events)
    except Refused as error:
        raise InputError(f"done, but the audit log has not recorded it: {error}") from error


def record_first(site: Site, act: str) -> None:
    """Record an act before it is done: what cannot be recorded is not done.

    A site without an audit key has no log yet, and nothing that an auditor could miss.
    """
    from proxy.audit import make_event
    from proxy.runtime import AUDIT_KEY, open_log

    if not (site.keys_dir / AUDIT_KEY).exists():
        return
    try:
        with open_log(site) as log:
            log.record_sync([make_event("admin-act", act=act)])
    except Refused as error:
        raise InputError(f"not done, as the audit log cannot record it: {error}") from error
