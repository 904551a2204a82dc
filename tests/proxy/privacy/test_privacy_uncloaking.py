"""CNAME uncloaking through the real gateway, before name servers of every kind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from proxy.audit import query
from tests.sim.dns_server import NameServer, chain, truncated
from tests.sim.raw_server import OK, RawServer, answer, wait_for
from tests.sim.school import SERVICE_YAML, SITE_YAML, OpenSchool, School
from tests.sim.served import inside

SITE = "nuage.example"
METRICS = f"metrics.{SITE}"
CLEAN = f"cdn.{SITE}"
BEHIND = ("nuage.pistage-cache.example", "edge.ailleurs.example")
LIST = "! category: analytics\n||pistage-cache.example^\n"
SCRIPT = "sec-fetch-dest: script\r\nsec-fetch-mode: no-cors\r\nsec-fetch-site: same-site\r\n"
PAGE = "sec-fetch-dest: document\r\nsec-fetch-mode: navigate\r\nsec-fetch-site: none\r\n"


class Stage:
    def __init__(self, cloud: RawServer, opened: OpenSchool) -> None:
        self.cloud, self.open = cloud, opened

    def ask(self, host: str, fields: str = SCRIPT, path: str = "/t.js") -> bytes:
        """Whether the cloud answered or the gateway did; the first line and body."""
        with self.open.client(host) as client:
            head, body, _ = client.ask(
                f"GET {path} HTTP/1.1\r\nhost: {host}\r\n{fields}\r\n".encode()
            )
        return head.split(b"\r\n")[0] + b" " + body

    def passed(self, host: str, fields: str = SCRIPT) -> bool:
        """Whether a request reached the cloud."""
        self.cloud.connections.clear()
        self.ask(host, fields)
        return bool(self.cloud.connections)

    def counted(self, outcome: str) -> float:
        name = f'preau_dns_lookups_total{{outcome="{outcome}"}} '
        text = self.open.runtime.metrics.render().decode()
        return float(text.split(name)[1].split("\n")[0])


@contextmanager
def stage(
    folder: Path, dns: NameServer | str, privacy: str = "", extra: str = ""
) -> Iterator[Stage]:
    address = dns if isinstance(dns, str) else dns.address
    site = SITE_YAML.replace(
        "dns: {uncloak: false}", f"dns: {{resolvers: ['{address}'], wait_ms: 300{extra}}}"
    )
    school = School(folder, 2, site)
    wide = SERVICE_YAML.replace("hosts: [", f'hosts: ["*.{SITE}", ')
    school.write("services/nuage-classe.yaml", wide + f"privacy: {{{privacy}}}\n")
    school.write("lists/block/cloaked.txt", LIST)
    names = (METRICS, CLEAN, f"slow.{SITE}")
    with ExitStack() as stack:
        cloud = stack.enter_context(RawServer(answer(OK), school.tls(*names)))
        resolve = dict.fromkeys(names, cloud.address)
        opened = stack.enter_context(school.open_to(cloud, resolve))
        yield Stage(cloud, opened)


def test_a_tracker_behind_a_name_of_the_service_is_blocked_and_told(tmp_path: Path) -> None:
    with NameServer({METRICS: BEHIND, CLEAN: [f"lb.{SITE}"]}) as dns, stage(tmp_path, dns) as on:
        assert not on.passed(METRICS)
        assert on.passed(CLEAN)
        for _ in range(3):
            assert not on.passed(METRICS)
            assert on.passed(CLEAN)
        assert sorted(dns.asked) == sorted([METRICS, CLEAN])  # known afterwards
        assert on.passed(METRICS, PAGE)  # a page that somebody opens
        log = on.open.runtime.site.audit_dir
        found = [dict(e.event) for e in query(log, {"type": "tracker-blocked"})]
        assert len(found) == 4
        assert found[0]["uncloaked"] == "pistage-cache.example"
        assert found[0]["list"] == "cloaked"
        assert found[0]["category"] == "analytics"
        assert on.counted("found") == 2
        root = on.open.runtime.site.root
        url = f"https://{METRICS}/t.js"
        words = ("explain", url, "--type", "script", "--site", root)
        told = json.loads(inside(*words, "--json").stdout)
        assert told["decision"] == "block"
        assert told["uncloaked"] == BEHIND[0]
        assert told["file"] == "lists/block/cloaked.txt"
        assert BEHIND[0] in inside(*words).stdout.decode()
        assert json.loads(inside(*words, "--json", "--offline").stdout)["decision"] == "forward"
        asked = len(dns.asked)
        line = json.dumps({"url": url, "type": "script"}).encode()
        done = inside("explain", "--batch", "--site", root, stdin=line + b"\n" + line)
        assert [json.loads(x)["decision"] for x in done.stdout.splitlines()] == ["block"] * 2
        assert len(dns.asked) == asked + 1


def test_what_is_blocked_by_its_own_name_or_opened_as_a_page_asks_nothing(tmp_path: Path) -> None:
    with NameServer({METRICS: BEHIND}) as dns, stage(tmp_path, dns) as on:
        on.passed("stats.pistage.example")
        on.passed(METRICS, PAGE)
        assert dns.asked == []


def test_an_exception_for_the_name_itself_lets_it_pass(tmp_path: Path) -> None:
    with NameServer({METRICS: BEHIND}) as dns, stage(tmp_path, dns) as on:
        (on.open.runtime.site.root / "lists/block/ours.txt").write_text(f"! x\n@@||{METRICS}^\n")
        on.open.runtime.refresh()
        assert on.passed(METRICS)


@pytest.mark.parametrize(
    ("privacy", "extra"), [("cloaked_names: ignore", ""), ("", ", uncloak: false")]
)
def test_it_can_be_turned_off_for_a_service_and_for_the_site(
    tmp_path: Path, privacy: str, extra: str
) -> None:
    with NameServer({METRICS: BEHIND}) as dns, stage(tmp_path, dns, privacy, extra) as on:
        assert on.passed(METRICS)
        assert dns.asked == []


def test_without_a_resolver_requests_pass_and_are_counted(tmp_path: Path, free_port) -> None:
    with stage(tmp_path, f"127.0.0.1:{free_port()}") as on:
        assert on.passed(METRICS)
        assert on.counted("failed") == 1


def test_a_slow_resolver_holds_a_request_up_once_and_only_so_long(tmp_path: Path) -> None:
    with NameServer({METRICS: BEHIND}, delay=0.8) as dns, stage(tmp_path, dns) as on:
        assert on.passed(CLEAN, PAGE)  # warm
        started = time.monotonic()
        assert on.passed(METRICS)  # fails open
        assert 0.25 < time.monotonic() - started < 0.8
        started = time.monotonic()
        assert on.passed(METRICS)  # does not wait again
        assert time.monotonic() - started < 0.25
        assert on.counted("late") == 1
        assert wait_for(lambda: on.counted("found") == 1)
        assert not on.passed(METRICS)  # the answer that came late serves


def lying(query_message):
    wrong = chain(query_message, [BEHIND[0]])
    wrong.id = query_message.id ^ 0x5555
    return [wrong.to_wire(), b"\xff" * 40]


def test_a_liar_with_the_wrong_id_blocks_nothing(tmp_path: Path) -> None:
    with NameServer(reply=lying) as dns, stage(tmp_path, dns) as on:
        assert on.passed(METRICS)
        assert dns.asked == [METRICS]


def test_truncated_looped_and_endless_answers(tmp_path: Path) -> None:
    long = [f"n{i}.ailleurs.example" for i in range(19)]
    loop = ["a.ailleurs.example", *BEHIND, METRICS]
    with NameServer({METRICS: loop, CLEAN: [*long, BEHIND[0]]}, truncated) as dns:
        with stage(tmp_path, dns) as on:
            assert not on.passed(METRICS)
            assert dns.over_tcp == [METRICS]
            assert on.passed(CLEAN)  # beyond the sixteenth name nobody looks


def test_a_name_that_does_not_exist_passes(tmp_path: Path) -> None:
    with NameServer({}) as dns, stage(tmp_path, dns) as on:
        assert on.passed(METRICS)
        assert on.passed(METRICS)
        assert dns.asked == [METRICS]
        assert on.counted("plain") == 1
