"""A site opened for work: policy, keys, store, directory, lists, audit log, metrics.

One owner for every part and every swap. ``snapshot`` is what requests read; ``refresh``
replaces it whole when policy, lists or directory changed, and leaves it as it is when the
new one is broken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.audit import AuditLog, client_hash, make_event, open_audit
from proxy.blocking import Blocker, build, discover
from proxy.directory.index import Index, empty_index, load_index
from proxy.engine import Client, Engine
from proxy.engine.snapshot import Snapshot
from proxy.errors import PreauError
from proxy.metrics import Metrics
from proxy.policy import Policy, PolicyHolder, load_policy
from proxy.pseudonyms.keys import Keys, load_keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.values import Values
from proxy.site import Site
from proxy.store import Store, open_store

log = logging.getLogger("preau")


def open_snapshot(root: Path) -> Snapshot:
    """Policy and lists alone, for ``explain`` and ``check``: needs no keys, store or log."""
    policy = load_policy(root)
    index = empty_index()

    def no_pseudonyms(service: str) -> Pseudonymiser:
        raise PreauError("this command does not pseudonymise")

    return Snapshot(policy, index, build(discover(policy.site.root)), no_pseudonyms)
