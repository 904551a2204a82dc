"""What only the shared store can suffer: a server that goes away, several sites in one."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
import redis

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.store import Change, Circuit, Conflict, SubjectRecord, ValueRecord, open_store
from proxy.store.redis_staging import RedisStaging
from tests.sim.raw_server import wait_for

pytestmark = pytest.mark.needs("redis-server")


def record(ref: int) -> ValueRecord:
    return ValueRecord(ref, Kind.LOGIN, ref.to_bytes(16), bytes(40))


def test_gone_refuses_fast_then_recovers_with_its_data(redis_server: Any) -> None:
    store = open_store(redis_server.url)
    store.vault_put(1, b"kept")
    store.directory_apply(Change(0, (record(1),)))
    redis_server.kill()
    start = time.monotonic()
    for call in (store.ping, lambda: store.vault_put(2, b"x"), lambda: store.vault_get([1])):
        with pytest.raises(StoreUnavailable, match="is the server up"):
            call()
    with pytest.raises(StoreUnavailable):
        store.directory_apply(Change(1, (record(2),)))
    assert time.monotonic() - start < 5
    redis_server.start()
    assert wait_for(lambda: store.circuit is Circuit.CLOSED, 10)
    assert store.vault_get([1, 2]) == [b"kept", None]
    assert store.directory_version() == 1
    store.close()


def test_a_stale_connection_is_replaced(redis_server: Any) -> None:
    store = open_store(redis_server.url)
    store.vault_put(1, b"kept")
    other = redis.Redis(port=redis_server.port)
    other.client_kill_filter(_type="normal", skipme=True)
    assert store.vault_get([1]) == [b"kept"]
    other.close()
    store.close()


@pytest.mark.parametrize(("drops", "served"), [(1, True), (2, False)])
def test_a_connection_dropped_under_a_command_is_tried_once_more(
    redis_server: Any, monkeypatch: pytest.MonkeyPatch, drops: int, served: bool
) -> None:
    store = open_store(redis_server.url)
    store.vault_put(1, b"kept")
    real = redis.Redis.parse_response
    left = [drops]

    def dropping(self: Any, *arguments: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise redis.ConnectionError("dropped")
        return real(self, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "parse_response", dropping)
    if served:
        assert store.vault_get([1]) == [b"kept"]
    else:
        with pytest.raises(StoreUnavailable):
            store.vault_get([1])
    store.close()


def test_a_server_that_hangs_is_unavailable_in_a_second(redis_server: Any) -> None:
    store = open_store(redis_server.url)
    other = redis.Redis(port=redis_server.port)
    other.execute_command("CLIENT", "PAUSE", "2500", "ALL")
    start = time.monotonic()
    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        store.vault_get([1])
    assert time.monotonic() - start < 2
    store.close()
    other.close()
    time.sleep(max(0.0, 2.6 - (time.monotonic() - start)))


def test_sites_do_not_see_each_other(redis_server: Any) -> None:
    one = open_store(f"{redis_server.url}?prefix=one")
    two = open_store(f"{redis_server.url}?prefix=two")
    one.vault_put(1, b"x")
    one.directory_apply(Change(0, (record(1),)))
    assert two.vault_get([1]) == [None]
    assert two.directory_version() == 0
    one.close()
    two.close()


def test_a_lost_answer_is_asked_for(redis_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(redis_server.url)
    whole = RedisStaging._switch

    def answer_lost(self: RedisStaging, gone: dict[str, list[bytes]]) -> None:
        whole(self, gone)
        raise redis.ConnectionError("lost")

    monkeypatch.setattr(RedisStaging, "_switch", answer_lost)
    assert store.directory_apply(Change(0, (record(1),))) == 1
    monkeypatch.undo()
    with pytest.raises(Conflict):
        store.directory_apply(Change(0, (record(2),)))
    store.close()


def test_a_landing_cut_short_is_whole_for_readers_and_finished_by_the_next(
    redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(redis_server.url)
    kept = [record(ref) for ref in range(1, 3001)]
    before = SubjectRecord(7, SubjectKind.PUPIL, b"k" * 16, True, ("A",), (), (1,))
    after = replace(before, active=False)
    store.directory_apply(Change(0, kept[:10], (before,)))
    raw = redis.Redis(port=redis_server.port)
    hset, steps = redis.Redis.hset, [2]

    def killed(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
        if name == "{preau}:value":
            steps[0] -= 1
            if not steps[0]:
                raise KeyboardInterrupt
        return hset(self, name, *arguments, **options)

    staging = store.staging(b"t")
    staging.add(kept[10:], (after,))
    monkeypatch.setattr(redis.Redis, "hset", killed)
    with pytest.raises(KeyboardInterrupt):
        staging.commit()
    monkeypatch.undo()
    assert 10 < raw.hlen("{preau}:value") < 3000
    assert store.directory_version() == 2
    assert sorted(value.ref for value in store.values()) == list(range(1, 3001))
    assert list(store.subjects()) == [after]
    assert [v and v.ref for v in store.get_values([3000, 1, 3001])] == [3000, 1, None]
    staging.close()
    store.directory_apply(Change(2, (record(5000),)))
    assert raw.hlen("{preau}:value") == 3001
    assert not raw.exists("{preau}:landing", "{preau}:staged-value", "{preau}:import-lock")
    raw.close()
    store.close()


def test_no_command_of_an_import_is_large(
    redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(redis_server.url)
    sizes: list[int] = []
    execute = redis.Redis.execute_command

    def seen(self: Any, *arguments: Any, **options: Any) -> Any:
        sizes.append(len(arguments))
        return execute(self, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", seen)
    store.directory_apply(Change(0, [record(ref) for ref in range(1, 5000)]))
    assert 1000 < max(sizes) < 2100
    store.close()


def test_damaged_records_and_other_versions_are_refused(redis_server: Any) -> None:
    store = open_store(redis_server.url)
    raw = redis.Redis(port=redis_server.port)
    raw.hset("{preau}:value", bytes(8), b"\xff")
    with pytest.raises(StoreUnavailable, match="damaged record"):
        list(store.values())
    store.close()
    raw.hset("{preau}:meta", "schema", "99")
    with pytest.raises(StoreUnavailable, match="another version"):
        open_store(redis_server.url)
    raw.close()


def test_the_password_is_in_no_message(redis_server: Any) -> None:
    url = redis_server.url.replace("127.0.0.1", "preau:s3cret-word@127.0.0.1")
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url)
    assert "s3cret-word" not in str(caught.value)
    assert "s3cret-word" not in repr(caught.value.__dict__)
