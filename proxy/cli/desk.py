"""Opening a site for the verbs about people: policy, keys, store and index, without a gateway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.directory.index import Index
    from proxy.rights.desk import Desk


@contextlib.contextmanager
def opened_desk(root: Path) -> Iterator[Desk]:
    """A desk of the site at ``root``; its index is that of the directory as it is now."""
    from proxy.cli.directory import index_of
    from proxy.policy.policy import load_policy
    from proxy.pseudonyms.keys import Keys
    from proxy.pseudonyms.values import ValueSealer
    from proxy.rights.desk import Desk
    from proxy.runtime import open_log
    from proxy.store import open_store

    policy = load_policy(root)
    site = policy.site
    keys = Keys.load(site.keys_dir)
    site.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.closing(open_store(site.store_url)) as store:
        keys.bind(store)

        def index() -> Index:
            return index_of(site, store, ValueSealer(keys))

        yield Desk(policy, keys, store, index(), open_log, reindex=index)
