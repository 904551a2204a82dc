"""The resolver before real servers that are slow, silent, liars, or gone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from proxy.blocking.cname import MAX_CHAIN, Answered, Names, Outcome
from proxy.outbound import dns as outbound_dns
from proxy.outbound.dns import stands_for, system_resolvers
from proxy.outbound.lookups import AT_ONCE, OUT_OF_PATIENCE, Lookups
from proxy.policy.privacy_schema import DnsFile
from tests.sim.dns_server import NameServer, chain, refused, truncated

HOST = "metrics.school.example"
NAMES = ("school.tracker.example", "eu.cdn.example")


def ask(*servers: tuple[str, int], host: str = HOST) -> Answered:
    return asyncio.run(stands_for(host, servers))


def closed(free_port) -> tuple[str, int]:
    return "127.0.0.1", free_port()


def test_the_whole_chain_and_its_shortest_time() -> None:
    with NameServer({HOST: NAMES}, ttl=77) as server:
        assert ask(server.server) == Answered(Outcome.FOUND, NAMES, 77.0)
        assert server.asked == [HOST]


def test_a_host_that_stands_for_itself_and_one_that_is_not() -> None:
    with NameServer({HOST: []}) as server:
        assert ask(server.server).outcome is Outcome.PLAIN
        assert ask(server.server, host="nobody.example") == Answered(Outcome.PLAIN)


def test_what_udp_cuts_short_comes_over_tcp() -> None:
    with NameServer({HOST: NAMES}, truncated) as server:
        assert ask(server.server).names == NAMES
        assert server.over_tcp == [HOST]


def test_answers_to_other_questions_are_not_looked_at() -> None:
    def lying(query: dns.message.Message) -> list[bytes]:
        other_id = chain(query, ["forged-id.example"])
        other_id.id = query.id ^ 1
        elsewhere = dns.message.make_query("other.example", "A", id=query.id)
        question = chain(elsewhere, ["forged-question.example"])
        a_query = dns.message.make_query(HOST, "A", id=query.id)
        honest = chain(query, NAMES)
        wires = [m.to_wire() for m in (other_id, question, a_query)]
        return [b"", b"\0" * 7, *wires, honest.to_wire()]

    with NameServer(reply=lying) as server:
        assert ask(server.server).names == NAMES


def test_records_that_the_name_does_not_lead_to_count_for_nothing() -> None:
    def stuffed(query: dns.message.Message) -> list[bytes]:
        answer = chain(query, NAMES)
        stray = chain(dns.message.make_query("stray.example", "A"), ["planted.example"])
        answer.answer += stray.answer
        return [answer.to_wire()]

    with NameServer(reply=stuffed) as server:
        assert ask(server.server).names == NAMES


def test_a_loop_ends_and_a_long_chain_is_cut() -> None:
    loop = ["a.example", "b.example", HOST]
    long = [f"n{number}.example" for number in range(20)]
    with NameServer({HOST: loop, "long.example": long}) as server:
        assert ask(server.server).names == ("a.example", "b.example")
        assert ask(server.server, host="long.example").names == tuple(long[:MAX_CHAIN])


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_the_next_resolver_is_asked_when_one_has_no_answer(rcode, free_port) -> None:
    def broken(query: dns.message.Message) -> list[bytes]:
        return [refused(query, rcode)]

    with NameServer(reply=broken) as bad, NameServer({HOST: NAMES}) as good:
        assert ask(closed(free_port), bad.server, good.server).names == NAMES
        assert ask(bad.server).outcome is Outcome.FAILED


def test_a_silent_resolver_gets_its_time_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(outbound_dns, "EACH", 0.1)
    with NameServer(reply=lambda query: []) as silent, NameServer({HOST: NAMES}) as good:
        assert ask(silent.server, good.server).names == NAMES
        monkeypatch.setattr(outbound_dns, "ALTOGETHER", 0.05)
        assert ask(silent.server, good.server).outcome is Outcome.FAILED


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..b", "", "é" * 300])
def test_a_name_that_cannot_be_asked_is_a_failure_and_not_an_error(host: str, free_port) -> None:
    assert ask(closed(free_port), host=host).outcome is Outcome.FAILED


def test_nobody_to_ask(tmp_path: Path, free_port) -> None:
    assert ask().outcome is Outcome.FAILED
    assert ask(closed(free_port)).outcome is Outcome.FAILED
    assert system_resolvers(tmp_path / "none") == ()
    file = tmp_path / "resolv.conf"
    file.write_text("# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.53\nnameserver fd00::53\n")
    assert system_resolvers(file) == (("10.0.0.53", 53), ("fd00::53", 53))


class Scene:
    """Look-ups with what they taught and counted."""

    def __init__(self, *servers: NameServer | str, wait_ms: int = 300) -> None:
        addresses = tuple(s if isinstance(s, str) else s.address for s in servers)
        self.names = Names()
        self.counted: list[Outcome] = []
        settings = DnsFile(resolvers=addresses, wait_ms=wait_ms)
        self.lookups = Lookups(self.names, lambda: settings, self.counted.append)


def test_requests_for_one_host_share_a_look_up() -> None:
    async def run(scene: Scene) -> None:
        await asyncio.gather(*(scene.lookups.learn(HOST) for _ in range(50)))

    with NameServer({HOST: NAMES}, delay=0.05) as server:
        scene = Scene(server)
        asyncio.run(run(scene))
        assert server.asked == [HOST]
        assert scene.counted == [Outcome.FOUND]
        assert scene.names.known(HOST) == NAMES


def test_a_slow_resolver_delays_one_request_and_serves_the_next() -> None:
    async def run(scene: Scene) -> tuple[float, float]:
        started = time.monotonic()
        await scene.lookups.learn(HOST)
        first = time.monotonic() - started
        assert scene.names.known(HOST) == ()
        assert not scene.names.is_due(HOST)
        await asyncio.sleep(0.6)
        return first, time.monotonic() - started

    with NameServer({HOST: NAMES}, delay=0.4) as server:
        scene = Scene(server, wait_ms=50)
        first, _ = asyncio.run(run(scene))
        assert 0.04 < first < 0.35
        assert scene.names.known(HOST) == NAMES
        assert scene.counted == [Outcome.LATE, Outcome.FOUND]


def test_what_was_known_is_asked_again_without_waiting() -> None:
    async def run(scene: Scene) -> float:
        scene.names.learn(HOST, Answered(Outcome.FOUND, ("old.example",), 1.0))
        started = time.monotonic()
        await scene.lookups.learn(HOST)
        spent = time.monotonic() - started
        assert scene.names.known(HOST) == ("old.example",)
        await asyncio.sleep(0.5)
        return spent

    with NameServer({HOST: NAMES}, delay=0.2) as server:
        scene = Scene(server)
        assert asyncio.run(run(scene)) < 0.15
        assert scene.names.known(HOST) == NAMES


def test_nobody_waits_for_resolvers_that_are_gone() -> None:
    async def run(scene: Scene) -> int:
        waited = 0
        for number in range(OUT_OF_PATIENCE + 3):
            host = f"h{number}.example"
            before = len(scene.counted)
            await scene.lookups.learn(host)
            waited += len(scene.counted) > before
            await asyncio.sleep(0.05)
        return waited

    def broken(query: dns.message.Message) -> list[bytes]:
        return [refused(query, dns.rcode.SERVFAIL)]

    with NameServer(reply=broken) as server:
        scene = Scene(server)
        assert asyncio.run(run(scene)) == OUT_OF_PATIENCE
        server.reply = None
        server.zone["back.example"] = NAMES
        asyncio.run(_twice(scene, "back.example"))
        assert scene.names.known("back.example") == NAMES
        assert scene.lookups._failures == 0


async def _twice(scene: Scene, host: str) -> None:
    await scene.lookups.learn(host)
    await asyncio.sleep(0.2)


def test_look_ups_at_once_are_bounded() -> None:
    async def run(scene: Scene) -> None:
        hosts = [f"h{number}.example" for number in range(AT_ONCE + 10)]
        await asyncio.gather(*(scene.lookups.learn(host) for host in hosts))

    with NameServer(delay=0.2) as server:
        scene = Scene(server, wait_ms=20)
        asyncio.run(run(scene))
        assert scene.counted.count(Outcome.BUSY) == 10
        assert len(set(server.asked)) <= AT_ONCE
