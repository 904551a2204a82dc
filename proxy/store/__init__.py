"""The store: what must survive a restart and be shared by workers.

What comes in: sealed values, keyed fingerprints, references.
What goes out: the same, by reference; a version that grows with every directory change.
What must never happen here: a plaintext identifier, a root key, a half-applied change,
a silent failure (every trouble is ``StoreUnavailable``, and what needs the store is refused).

``interface.py`` is the seam. ``sqlite.py`` is the embedded default for one machine;
``redis.py`` is shared by several. One contract test suite runs against both. What a request
waits for a store in all is bounded by ``patience.py``.
"""

from __future__ import annotations

from proxy.errors import InputError
from proxy.store.breaker import Circuit
from proxy.store.interface import (
    Change,
    Conflict,
    Known,
    Staging,
    Store,
    SubjectRecord,
    ValueRecord,
)
from proxy.store.redis_address import SCHEMES
from proxy.store.troubles import Ailment, Trouble

__all__ = [
    "Ailment",
    "Change",
    "Circuit",
    "Conflict",
    "Known",
    "Staging",
    "Store",
    "SubjectRecord",
    "Trouble",
    "ValueRecord",
    "open_store",
]


def open_store(url: str) -> Store:
    """Open the store that ``url`` names; raises ``StoreUnavailable`` or ``InputError``.

    - ``sqlite:PATH`` - files ``PATH``, ``PATH-vault`` and ``PATH-notes``, made with mode 0600
      (``sqlite:////abs/path`` is the same as ``sqlite:/abs/path``);
    - ``redis://…``, ``redis+sentinel://…``, ``redis+cluster://…``, the same with ``rediss`` over
      TLS, and ``unix:///path/redis.sock``: see ``redis_address``.

    Open it in the process that uses it, after any fork.
    """
    scheme, colon, rest = url.partition(":")
    if colon and scheme == "sqlite" and rest:
        from proxy.store.sqlite import SqliteStore

        return SqliteStore(rest)
    if scheme in SCHEMES and rest.startswith("//"):
        from proxy.store.redis import RedisStore  # imported here: redis-py costs 100 ms

        return RedisStore.from_url(url)
    raise InputError(
        "store: not a store address; write sqlite:PATH, redis://HOST:PORT/DB, "
        "redis+sentinel://HOST:PORT,HOST:PORT/NAME, redis+cluster://HOST:PORT,HOST:PORT "
        "(rediss… over TLS) or unix:///PATH"
    )
