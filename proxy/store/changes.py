"""A small change as one staging: how every store applies a ``Change``."""

from __future__ import annotations

import contextlib
import secrets

from proxy.store.interface import Change, Conflict, Store

ERASURES = "erasures"
"""Meta value that grows when values are forgotten: an import then reads every row anew, since
somebody who still is in a roster must be protected again, under new references."""


def apply_change(store: Store, change: Change) -> int:
    """Stage and commit under a token of its own; nothing is left behind when it fails."""
    with contextlib.closing(store.staging(secrets.token_bytes(16))) as staging:
        if staging.base_version != change.base_version:
            raise Conflict(f"the directory is at {staging.base_version}, not {change.base_version}")
        try:
            if change.forget_values:
                store.set_meta(ERASURES, b"%d" % (int(store.get_meta(ERASURES) or 0) + 1))
            staging.add(change.values, change.subjects)
            return staging.commit(change.forget_values, change.forget_subjects)
        except BaseException:
            with contextlib.suppress(Exception):  # the first error says more
                staging.discard()
            raise
