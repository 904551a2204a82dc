"""What an administrator did, put into the site's audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InputError, Refused

if TYPE_CHECKING:
    from proxy.audit import Event
    from proxy.site import Site


def record(site: Site, event: Event) -> None:
    """Record ``event``, through the running gateway if there is one.

    The act is done when this is called; that it could not be recorded is an error that
    says so, since an auditor will ask.
    """
    from proxy.runtime import open_log

    try:
        with open_log(site) as log:
            log.record_sync([event])
    except Refused as error:
        raise InputError(f"done, but the audit log has not recorded it: {error}") from error
