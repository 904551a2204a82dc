"""Sites: which hosts belong together, by the public suffixes that the filter engine knows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from proxy.blocking.engine import Parties

_REMEMBERED = 4096


def other_site(host: str, page: str) -> bool:
    """Whether two hosts have different registrable domains; an unknown page is another site."""
    return _different()(host, page)


@cache
def _different() -> Callable[[str, str], bool]:
    return lru_cache(_REMEMBERED)(Parties().third_party)


def site_of(host: str) -> str:
    """The registrable domain of a host: the shortest of its parents that is its own site."""
    labels = host.split(".")
    for start in range(len(labels) - 1, 0, -1):
        parent = ".".join(labels[start:])
        if not other_site(parent, host):
            return parent
    return host
