"""Clients of redis-py for an address: time-outs on everything, no retries of its own.

Who may retry is decided in one place (``redis_calls``). Here each step has its bound: dialling
``CONNECT_SECONDS``, an answer ``OPERATION_SECONDS`` (an import has a minute). Sentinels are
asked with the short bounds too: a dead one costs ``CONNECT_SECONDS``, then the next is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
import redis.sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry

from proxy.store.redis_address import RedisAddress, Topology

# redis-py's own annotations stop half way here.
_Node: Any = ClusterNode
_Cluster: Any = RedisCluster
_Sentinel: Any = redis.sentinel.Sentinel

CONNECT_SECONDS = 0.5
OPERATION_SECONDS = 1.0


def connect(
    address: RedisAddress,
    operation_seconds: float = OPERATION_SECONDS,
    connected: Callable[[], None] = lambda: None,
) -> Any:
    """A client; a Cluster is dialled at once. ``connected`` is told of each new connection.

    It has to be: a connection that was closed while idle is replaced without a word.
    """

    def greet(connection: Any) -> None:
        if address.topology is not Topology.CLUSTER:  # whose client has greeted by then
            connection.on_connect()
        connected()

    bounds = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": operation_seconds,
        "retry": Retry(NoBackoff(), 0),
    }
    tls: dict[str, Any] = {}
    if address.tls:  # the certificate and its name are verified: nothing here turns that off
        tls = {"ssl": True, "ssl_check_hostname": True, **address.certificates}
    options = {**bounds, **tls, **address.account, "redis_connect_func": greet}
    if address.topology is Topology.SENTINEL:
        return _behind_sentinels(address, options, {**bounds, **tls})
    if address.topology is Topology.CLUSTER:
        nodes = [_Node(host, port) for host, port in address.hosts]
        # Names in the address may be dynamic (a headless service): they are always asked again.
        return _Cluster(startup_nodes=nodes, dynamic_startup_nodes=False, **options)
    if address.socket:
        return redis.Redis(unix_socket_path=address.socket, **options)
    host, port = address.hosts[0]
    return redis.Redis(host=host, port=port, db=address.database, **options)


def _behind_sentinels(
    address: RedisAddress, options: dict[str, Any], bounds: dict[str, Any]
) -> Any:
    sentinels = _Sentinel(
        list(address.hosts),
        sentinel_kwargs={**bounds, **address.sentinel_account, "socket_timeout": CONNECT_SECONDS},
    )
    return sentinels.master_for(address.service, db=address.database, **options)
