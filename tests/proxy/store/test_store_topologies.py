"""Real Redis alone, behind Sentinel and as a Cluster: TLS, least rights, killed, frozen, full."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.store import Ailment, Change, Circuit, Store, ValueRecord, open_store
from tests.plugins.redis_topologies import PASSWORD, PREFIX, Alone, Cluster, Node, Sentinels, until

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.slow]


def started(sort: type[Any], factory: pytest.TempPathFactory) -> Iterator[Any]:
    made = sort(factory.mktemp(sort.__name__.lower()))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    yield from started(Alone, tmp_path_factory)


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    yield from started(Sentinels, tmp_path_factory)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from started(Cluster, tmp_path_factory)


def serves(store: Store, ref: int) -> bool:
    """A write and a read."""
    try:
        store.vault_put(ref, b"row", (9,), 3)
        return store.vault_get([ref]) == [b"row"] and store.vault_days([(ref, 9)]) == [3]
    except StoreUnavailable:
        return False


def seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        call()
    return time.monotonic() - began


def exercise(store: Store) -> None:
    """Everything that a store is asked, once."""
    store.ping()
    assert serves(store, 1)
    assert store.vault_tagged(9) == [1]
    assert store.vault_expire(4) == 1
    store.vault_put(2, b"row")
    store.vault_forget([2])
    base = store.directory_version()
    record = ValueRecord(base + 1, Kind.LOGIN, (base + 1).to_bytes(16), b"sealed")
    assert store.directory_apply(Change(base, (record,))) == base + 1
    assert record in set(store.values())
    assert store.get_values([record.ref]) == [record]
    forgotten = Change(base + 1, forget_values=(record.ref,))
    assert store.directory_apply(forgotten) == base + 2
    assert store.get_values([record.ref]) == [None]
    assert list(store.subjects()) == []
    assert store.records_of(record.ref) == []
    version = store.notes.version()
    store.notes.put("essai", {1: b"one", 2: b"two"})
    store.notes.put("essai", {2: b""})
    store.notes.merge("essai", [1, 3], lambda rows: [(row or b"") + b"+" for row in rows])
    assert dict(store.notes.every("essai")) == {1: b"one+", 3: b"+"}
    assert store.notes.version() == version + 2
    store.set_meta("name", b"value")
    assert store.get_meta("name") == b"value"
    store.announce("aa.1", b"note", 30)
    assert store.announced() == {"aa.1": b"note"}
    assert store.troubles() == []


# --- alone ---


def test_the_documented_account_is_enough_and_may_do_nothing_else(alone: Alone) -> None:
    with closing(open_store(alone.url)) as store:
        exercise(store)
    with alone.master.client() as client:
        assert client.acl_log() == []
    account = alone.authority.client(alone.master.port)
    account.execute_command("AUTH", "preau", PASSWORD)
    for words in (
        ("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("GET", "{other}:version"),
        ("ACL", "LIST"), ("EVAL", "return redis.call('GET', KEYS[1])", 1, "{other}:version"),
        ("EVAL", "return redis.call('FLUSHALL')", 1, f"{{{PREFIX}}}:version"), ("MONITOR",),
    ):  # fmt: skip
        with pytest.raises(redis.ResponseError, match=r"permission|can't (run|access)"):
            account.execute_command(*words)
        account.execute_command("AUTH", "preau", PASSWORD)
    account.close()


@pytest.mark.parametrize("fault", ["authority", "name", "own certificate", "password"])
def test_a_server_or_account_that_is_not_the_right_one_is_refused(
    alone: Alone, fault: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.plugins.redis_topologies import Authority

    url, says = alone.url, "SSL|ConnectionError"
    if fault == "authority":
        other = Authority(tmp_path_factory.mktemp("other"))
        url = url.replace(str(alone.authority.ca), str(other.ca))
    elif fault == "name":
        url = url.replace("127.0.0.1", "localhost")
    elif fault == "own certificate":
        url = url.partition("&ssl_certfile")[0]
    else:
        url, says = url.replace(PASSWORD, "autre"), "does not accept this user"
    with pytest.raises(StoreUnavailable, match=says) as caught:
        open_store(url)
    assert PASSWORD not in str(caught.value)


def test_full_refuses_writes_says_so_reads_on_and_recovers(alone: Alone) -> None:
    with closing(open_store(alone.url)) as store, alone.master.client() as admin:
        assert serves(store, 20)
        admin.config_set("maxmemory", int(admin.info("memory")["used_memory"]) - 1000)
        for _ in range(5):
            with pytest.raises(StoreUnavailable, match="it is full; raise its maxmemory"):
                store.vault_put(21, bytes(200), (9,), 3)
            with pytest.raises(StoreUnavailable, match="full"):
                store.vault_put(21, bytes(200))
        assert store.vault_get([20]) == [b"row"]
        assert store.circuit is Circuit.CLOSED
        assert {t.ailment for t in store.troubles()} == {Ailment.MEMORY}
        with pytest.raises(StoreUnavailable, match="full"):
            store.directory_apply(Change(store.directory_version(), (_value(77),)))
        admin.config_set("maxmemory", 0)
        assert serves(store, 21)
        assert store.directory_apply(Change(store.directory_version(), (_value(77),))) > 0


def _value(ref: int) -> ValueRecord:
    return ValueRecord(ref, Kind.LOGIN, ref.to_bytes(16), bytes(40))


def test_settings_that_lose_names_are_told(alone: Alone) -> None:
    with closing(open_store(alone.url)) as store, alone.master.client() as admin:
        admin.config_set("maxmemory-policy", "allkeys-lru")
        admin.config_set("appendonly", "no")
        found = {t.ailment: t.advice for t in store.troubles()}
        assert set(found) == {Ailment.EVICTION, Ailment.PERSISTENCE}
        assert "allkeys-lru" in found[Ailment.EVICTION]
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("appendonly", "yes")
        assert until(lambda: store.troubles() == [], 5)


def test_a_replica_takes_no_writes_and_is_told(alone: Alone) -> None:
    with closing(open_store(alone.url)) as store, alone.master.client() as admin:
        assert serves(store, 30)
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
        for tags in ((), (9,)):
            with pytest.raises(StoreUnavailable, match="read-only replica"):
                store.vault_put(31, b"row", tags, 3)
        assert store.vault_get([30]) == [b"row"]
        assert Ailment.REPLICA in {t.ailment for t in store.troubles()}
        admin.execute_command("REPLICAOF", "NO", "ONE")
        assert serves(store, 31)


def test_frozen_costs_a_few_seconds_once_then_nothing_and_recovers(alone: Alone) -> None:
    with closing(open_store(alone.url)) as store:
        assert serves(store, 40)
        alone.master.freeze()
        try:
            assert all(seconds(store.ping) < 2 for _ in range(3))
            assert store.circuit is not Circuit.CLOSED
            began = time.process_time()
            assert sum(seconds(lambda: store.vault_put(41, b"x")) for _ in range(100)) < 0.5
            assert time.process_time() - began < 0.5
        finally:
            alone.master.thaw()
        assert until(lambda: serves(store, 41), 15)
        assert store.vault_get([40]) == [b"row"]


# --- Sentinel ---


def _is_told_to_fail_over(sentinel: Node) -> bool:
    """A sentinel that has not heard of the replica for some seconds does not promote it yet."""
    try:
        with sentinel.client() as admin:
            admin.execute_command("SENTINEL FAILOVER ecole")
    except redis.ResponseError:
        return False
    return True


def test_a_master_that_is_demoted_is_left_for_the_new_one(sentinels: Sentinels) -> None:
    old, new = _pair(sentinels)
    with closing(open_store(sentinels.url)) as store:
        exercise(store)
        assert serves(store, 50)
        with old.client() as admin:
            assert admin.wait(1, 3000) == 1
        # By hand, so that the old master still answers on the connection that we have.
        assert until(lambda: _is_told_to_fail_over(sentinels.sentinels[1]), 20)
        assert until(lambda: _role(new) == "master", 20)
        with old.client() as admin:  # what the sentinels do next, in ten seconds
            admin.execute_command("REPLICAOF", "127.0.0.1", new.port)
        assert until(lambda: serves(store, 51), 15)
        assert store.vault_get([50]) == [b"row"]
        assert until(lambda: _follows(old), 10)


def test_a_failover_keeps_what_was_written_and_needs_no_restart(sentinels: Sentinels) -> None:
    master, replica = _pair(sentinels)
    with closing(open_store(sentinels.url)) as store:
        version = store.directory_version()
        assert serves(store, 60)
        sentinels.sentinels[0].freeze()  # the first that is asked: the next one answers
        with master.client() as admin:
            assert admin.wait(1, 3000) == 1
        master.kill()
        assert seconds(store.ping) < 4
        assert until(lambda: serves(store, 61), 30)
        assert store.vault_get([60]) == [b"row"]
        assert store.directory_version() == version
        assert _role(replica) == "master"
        sentinels.sentinels[0].thaw()


def _pair(sentinels: Sentinels) -> tuple[Node, Node]:
    """The master and the replica, as they are now."""
    nodes = sentinels.master, sentinels.replica
    return nodes if _role(nodes[0]) == "master" else nodes[::-1]


def _role(node: Node) -> str:
    with node.client() as admin:
        return str(admin.info("replication")["role"])


def _follows(node: Node) -> bool:
    with node.client() as admin:
        return bool(admin.info("replication").get("master_link_status") == "up")


# --- Cluster ---


def test_a_slot_that_moves_is_followed(cluster: Cluster) -> None:
    with closing(open_store(cluster.url)) as store:
        exercise(store)
        assert serves(store, 70)
        source = cluster.master
        target = next(node for node in cluster.nodes if node is not source)
        to, of = cluster.identity(target), cluster.identity(source)
        cluster.command(target, "CLUSTER", "SETSLOT", cluster.slot, "IMPORTING", of)
        cluster.command(source, "CLUSTER", "SETSLOT", cluster.slot, "MIGRATING", to)
        keys = cluster.command(source, "CLUSTER", "GETKEYSINSLOT", cluster.slot, 100)
        assert len(keys) >= 4, keys
        vault = f"{{{PREFIX}}}:vault".encode()
        _migrate(cluster, source, target, [vault])
        assert store.vault_get([70]) == [b"row"], "asked where it went (ASK)"
        _migrate(cluster, source, target, [key for key in keys if key != vault])
        for node in cluster.nodes:
            cluster.command(node, "CLUSTER", "SETSLOT", cluster.slot, "NODE", to)
        assert serves(store, 71), "it has moved (MOVED)"
        assert store.vault_get([70]) == [b"row"]
        assert cluster.master is target


def _migrate(cluster: Cluster, source: Node, target: Node, keys: list[bytes]) -> None:
    where = ("127.0.0.1", target.port, "", 0, 5000, "AUTH2", "administrateur", "administrateur")
    assert cluster.command(source, "MIGRATE", *where, "KEYS", *keys) in (b"OK", True)


def test_the_node_with_our_keys_gone_fails_fast_and_comes_back(cluster: Cluster) -> None:
    with closing(open_store(cluster.url)) as store:
        assert serves(store, 80)
        node = cluster.master
        node.kill()
        assert all(seconds(store.ping) < 5 for _ in range(4))
        assert store.circuit is not Circuit.CLOSED
        assert sum(seconds(store.ping) for _ in range(100)) < 0.5
        node.start()
        assert until(lambda: serves(store, 81), 20)
        assert store.vault_get([80]) == [b"row"]
        node.freeze()
        try:
            assert all(seconds(store.ping) < 6 for _ in range(3))
            assert sum(seconds(store.ping) for _ in range(100)) < 0.5
        finally:
            node.thaw()
        assert until(lambda: serves(store, 82), 20)
