"""Two gateways on one Redis (TLS, least rights): they agree, say when not, and outlive it."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import cli
from proxy.decisions import Forward, Refuse
from proxy.kinds import Kind
from proxy.pseudonyms import keyfiles
from proxy.reasons import Reason
from proxy.runtime import Runtime
from proxy.store import Circuit
from tests.plugins.redis_topologies import Alone, until
from tests.proxy.engine.conftest import head
from tests.sim.school import SERVICE, SITE_YAML, School

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.slow]

JSON = ((b"content-type", b"application/json"),)
STRANGER = {"student": {"name": "Zabulonne Quérouane-Brix"}}


@dataclass
class Scene:
    """One store, one set of keys and people, two machines."""

    redis: Alone
    school: School
    roots: tuple[Path, Path]
    gateways: tuple[Runtime, Runtime]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sharing")
    redis = Alone(tmp_path_factory.mktemp("redis"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREAU_STORE_URL", redis.url)
        school = School(folder, count=30, site=SITE_YAML)
        other = folder / "other"
        shutil.copytree(school.root, other)
        roots = (school.root, other)
        gateways = (Runtime.open(roots[0]), Runtime.open(roots[1]))
        yield Scene(redis, school, roots, gateways)
        for gateway in gateways:
            gateway.close()
        redis.stop()


def sent(runtime: Runtime, document: object) -> bytes:
    """What leaves."""
    client = runtime.client("127.0.0.1")
    exchange = runtime.engine.begin(head("POST", "/v1/classwork", headers=JSON), client).exchange
    assert exchange is not None
    ruling = runtime.engine.protect(exchange, json.dumps(document).encode())
    if isinstance(ruling.decision, Refuse):
        raise AssertionError(ruling.decision.reason)
    assert isinstance(ruling.decision, Forward)
    return ruling.decision.body or b""


def refused(runtime: Runtime, document: object) -> Reason:
    with pytest.raises(AssertionError) as caught:
        sent(runtime, document)
    reason = caught.value.args[0]
    assert isinstance(reason, Reason)
    return reason


def seen(runtime: Runtime, body: bytes) -> object:
    """What comes back to who sits there."""
    client = runtime.client("127.0.0.1")
    exchange = runtime.engine.begin(head("POST", "/v1/classwork", headers=JSON), client).exchange
    assert exchange is not None
    decision = runtime.engine.restore(exchange, JSON, body).decision
    assert isinstance(decision, Forward), decision
    return json.loads(decision.body or b"")


@settings(max_examples=15)
@given(
    values=st.lists(
        st.tuples(
            st.sampled_from([Kind.FULL_NAME, Kind.EMAIL, Kind.LOGIN]),
            st.text("abcdefghijklmnop", min_size=4, max_size=12),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_gateways_that_meet_a_value_at_the_same_moment_give_it_one_pseudonym_and_both_restore_it(
    scene: Scene, values: list[tuple[Kind, str]]
) -> None:
    texts = [
        (kind, f"{text}@x.example" if kind is Kind.EMAIL else f"{text} {text[::-1]}")
        for kind, text in values
    ]
    start = threading.Barrier(2)
    made: list[list[str]] = [[], []]

    def work(which: int) -> None:
        pseudonymiser = scene.gateways[which].snapshot().pseudonymiser(SERVICE)
        ordered = texts if which else texts[::-1]
        start.wait()
        found = {(kind, text): pseudonymiser.pseudonym(kind, text) for kind, text in ordered}
        made[which] = [found[each] for each in texts]

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] == made[1]
    assert len(made[0]) == len(texts)
    for gateway in scene.gateways:
        pseudonymiser = gateway.snapshot().pseudonymiser(SERVICE)
        assert [pseudonymiser.restore_one(text) for text in made[0]] == [t for _, t in texts]


def test_a_split_is_seen_by_all_and_in_the_status_and_ends(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = scene.gateways
    for gateway in scene.gateways:
        gateway.refresh()
    assert status(scene, capsys)["fleet"] == ["2 gateways agree"]
    (scene.roots[1] / "lists/block/test.txt").write_text("! category: ads\n||neuf.example^\n")
    two.refresh()
    one._sharing._announced = float("-inf")
    one.refresh()
    for gateway in scene.gateways:
        text = gateway.metrics.render().decode()
        assert "preau_fleet_gateways 2.0" in text
        assert 'preau_fleet_split_seconds{part="policy"} 0.0\n' in text
        assert 'preau_fleet_split_seconds{part="lists"} 0.0\n' not in text
    (saying,) = status(scene, capsys)["fleet"]
    assert saying.startswith("lists differs since 20")
    cli.main(["status", "--site", str(scene.roots[0])])
    rows = [line for line in capsys.readouterr().out.splitlines() if " since 20" in line]
    assert len([row for row in rows if "! " in row]) == 1
    assert len([row for row in rows if row.partition(" ")[0].endswith("*")]) == 1, "ours"
    shutil.copy(scene.roots[1] / "lists/block/test.txt", scene.roots[0] / "lists/block/test.txt")
    one.refresh()
    assert status(scene, capsys)["fleet"] == ["2 gateways agree"]


def status(scene: Scene, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    cli.main(["status", "--json", "--site", str(scene.roots[0])])
    details: dict[str, list[str]] = {}
    for part in json.loads(capsys.readouterr().out)["parts"]:
        details.setdefault(part["name"], []).append(part["detail"])
    return details


def test_a_server_that_may_lose_names_is_reported(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    with scene.redis.master.client() as admin:
        admin.config_set("maxmemory-policy", "volatile-lru")
        try:
            assert "volatile-lru" in status(scene, capsys)["store eviction"][0]
            gateway = scene.gateways[0]
            gateway._sharing._looked = float("-inf")
            gateway.refresh()
            assert (
                'preau_store_trouble{ailment="eviction"} 1.0' in gateway.metrics.render().decode()
            )
        finally:
            admin.config_set("maxmemory-policy", "noeviction")
    assert "store eviction" not in status(scene, capsys)


def test_nobody_reads_a_name_a_key_or_a_guessable_hash_in_redis(scene: Scene) -> None:
    """Every key and value, as the server's owner sees them."""
    sent(scene.gateways[0], STRANGER)
    scene.gateways[0].refresh()
    with scene.redis.master.client() as admin:
        keys = list(admin.scan_iter(count=1000))
        hashes = {key for key in keys if admin.type(key) == b"hash"}
        raw = b"\n".join(
            key + b"\n" + (b"\n".join(b"\n".join(row) for row in admin.hgetall(key).items())
                           if key in hashes else admin.get(key))
            for key in keys
        )  # fmt: skip
    assert {b"{lycee}:value", b"{lycee}:vault", b"{lycee}:fleet"} <= set(keys)
    assert len(raw) > 20_000
    needles: set[bytes] = set()
    words = {"Zabulonne", "Quérouane-Brix", "Quérouane"}
    for person in scene.school.people:
        words |= {person.full_name, person.family_name, person.email, person.login, person.phone}
        words |= {person.national_id, person.student_number, person.uuid, person.birth_date}
    for word in {w for w in words if len(w) >= 5}:
        for text in (word, word.lower(), word.upper()):
            needles |= {text.encode(), text.encode("utf-16-le"), text.encode("latin-1", "replace")}
            for name in ("md5", "sha1", "sha256"):
                digest = hashlib.new(name, text.encode()).digest()
                needles |= {digest[:8], digest.hex()[:16].encode()}
    site, roots = keyfiles.read_keys(scene.gateways[0].site.keys_dir)
    needles |= {key.secret for key in (site, *roots.values())}
    needles |= {b"127.0.0.1", scene.gateways[0].site.name.encode(), b"classe.nuage"}
    assert not [needle for needle in needles if needle in raw]


def test_without_redis_everybody_known_is_protected_and_restored_and_strangers_are_refused(
    scene: Scene,
) -> None:
    gateway = Runtime.open(scene.roots[1])  # a worker that has met nobody yet
    before = sent(scene.gateways[0], STRANGER)
    scene.redis.master.kill()
    try:
        for person in scene.school.people:
            document = {"student": {"name": person.full_name, "email": person.email}}
            body = sent(gateway, document)
            assert person.family_name.encode() not in body
            assert seen(gateway, body) == document
        assert gateway.store.circuit is not Circuit.CLOSED
        began = time.monotonic()
        for _ in range(20):
            assert refused(gateway, STRANGER) is Reason.STORE_UNAVAILABLE
        assert time.monotonic() - began < 2
        gateway.refresh()
        text = gateway.metrics.render().decode()
        assert "preau_store_up 0.0" in text
        assert 'preau_store_circuit{state="closed"} 0.0' in text
        check = gateway.checks()["store"]()
        assert not check.ok
        assert "circuit" in check.detail
    finally:
        scene.redis.master.start()
    assert until(lambda: gateway.store.circuit is Circuit.CLOSED, 15)
    assert sent(gateway, STRANGER) == before
    gateway.refresh()
    assert "preau_store_up 1.0" in gateway.metrics.render().decode()
    assert 'preau_store_circuit{state="closed"} 1.0' in gateway.metrics.render().decode()
    gateway.close()


def test_what_a_failover_lost_is_there_again_when_its_value_is_next_sent(scene: Scene) -> None:
    gateway = scene.gateways[0]
    document = {"student": {"name": "Ysoline Perdue-Retrouvée"}}
    body = sent(gateway, document)
    with scene.redis.master.client() as admin:
        admin.delete("{lycee}:vault", "{lycee}:tag")  # as a replica that had not got them
        assert seen(scene.gateways[1], body) != document
        admin.client_kill_filter(_type="normal", skipme=True)
    before = [gateway.store.epoch for gateway in scene.gateways]
    for each in scene.gateways:
        each.refresh()
    assert all(each.store.epoch > old for each, old in zip(scene.gateways, before, strict=True))
    assert sent(gateway, document) == body
    assert seen(scene.gateways[1], body) == document


def test_a_frozen_redis_holds_no_worker(scene: Scene) -> None:
    gateway = Runtime.open(scene.roots[1])
    scene.redis.master.freeze()
    try:
        waited = []
        for person in scene.school.people[:8]:
            began = time.monotonic()
            document = {"student": {"name": person.full_name, "email": person.email}}
            assert person.family_name.encode() not in sent(gateway, document)
            waited.append(time.monotonic() - began)
        assert max(waited) < 6
        assert sum(waited[3:]) < 1, "after the circuit opened"
    finally:
        scene.redis.master.thaw()
    assert until(lambda: gateway.store.circuit is Circuit.CLOSED, 15)
    gateway.close()
