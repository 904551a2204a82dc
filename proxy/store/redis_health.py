"""Whether a Redis server is set up to keep what it is given, from what ``INFO`` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from redis.exceptions import NoPermissionError

from proxy.store.troubles import Ailment, Trouble

_SECTIONS = ("memory", "persistence", "replication")
_NEARLY_FULL = 0.9


def troubles(client: Any, key: str) -> list[Trouble]:
    """Of the server that keeps ``key``: the only one that matters to us in a Cluster."""
    target: dict[str, Any] = {}
    if hasattr(client, "get_node_from_key"):  # a Cluster's
        target = {"target_nodes": client.get_node_from_key(key)}
    info: dict[str, Any] = {}
    try:
        for section in _SECTIONS:
            info.update(client.info(section, **target))
    except NoPermissionError:
        return [Trouble(Ailment.UNKNOWN, "let the account run INFO: ACL SETUSER … +info")]
    return list(_found(info))


def _found(info: Mapping[str, Any]) -> Iterator[Trouble]:
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        yield Trouble(
            Ailment.EVICTION,
            f"maxmemory-policy is {policy}: names would be lost; set it to noeviction",
        )
    if not info.get("aof_enabled"):
        yield Trouble(
            Ailment.PERSISTENCE, "the append-only file is off: a restart loses data; appendonly yes"
        )
    elif info.get("aof_last_write_status") == "err":
        yield Trouble(
            Ailment.PERSISTENCE, "the append-only file cannot be written: look at its disk"
        )
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if limit and used >= _NEARLY_FULL * limit:
        share = 100 * used // limit
        yield Trouble(Ailment.MEMORY, f"{share} % of maxmemory is used: raise it before it is full")
    if info.get("role") == "slave":
        yield Trouble(
            Ailment.REPLICA, "a replica takes no writes: name the master, or its sentinels"
        )
