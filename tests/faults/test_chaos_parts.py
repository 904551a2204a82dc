"""Parts of a gateway that fail, each with a gateway of its own: service, Redis, disk, clock …"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.chaos_scene import (
    DEADLINE,
    LONG,
    before_the_cloud,
    long_post,
    oracle_of,
    try_to_ask,
)
from tests.faults.conftest import Cloud, Stage, reply
from tests.plugins.redis_server import RedisServer
from tests.sim.chaos import ChaosProxy, Fault, Then
from tests.sim.raw_server import wait_for
from tests.sim.school import HOST, SITE_YAML, School


def recovers(stage: Stage, body: bytes | None = None) -> bool:
    """Whether a request passes again, soon and by itself."""
    request = stage.post(body)
    return wait_for(lambda: try_to_ask(stage, request).startswith(b"HTTP/1.1 200 "), 12)


@pytest.mark.slow
def test_a_service_that_stalls_is_given_up_in_time(tmp_path: Path) -> None:
    """Both where it takes no request and where it begins an answer and falls silent."""
    school = School(tmp_path, count=20)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        opened.worker.master.options.update(tcp_timeout=2)
        oracle = oracle_of(stage)
        silent = Fault(pass_bytes=0, then=Then.SWALLOW)
        with before_the_cloud(stage) as chaos:
            for direction, fault in (
                ("up", silent),
                ("down", silent),
                ("down", Fault(pass_bytes=2100, then=Then.SWALLOW)),
            ):
                setattr(chaos, direction, fault)
                cloud.answers(reply(LONG, b"content-type: text/plain"))
                with oracle.within(8, direction):
                    head = try_to_ask(stage, long_post(stage))
                assert oracle.answered(head, named=True) in (0, 502, 503, 504)
                chaos.heal()
                chaos.cut()
            assert oracle.answered(try_to_ask(stage, long_post(stage)), named=True) == 200
        oracle.judge()


LINES_TO_REDIS = {
    "swallowed": Fault(pass_bytes=0, then=Then.SWALLOW),
    "reset": Fault(pass_bytes=0, then=Then.RESET),
    "closed": Fault(pass_bytes=0),
    "cut in an answer": Fault(pass_bytes=3),
    "drip": Fault(piece=1, delay=0.0005),
}


@pytest.mark.needs("redis-server")
def test_a_line_to_redis_that_fails(tmp_path: Path) -> None:
    """Known people need no store; unknown values are refused with its reason; then it heals."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis").start()
    try:
        with ChaosProxy(("127.0.0.1", server.port)) as chaos:
            _through_redis(tmp_path, server.url.replace(str(server.port), str(chaos.port)), chaos)
    finally:
        server.stop()


def _through_redis(folder: Path, url: str, chaos: ChaosProxy) -> None:
    school = School(folder, count=20, site=SITE_YAML + f"store: {url}\n")
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        stage.secrets.append(b"Zephyrine")
        oracle = oracle_of(stage)
        assert recovers(stage)
        for name, fault in LINES_TO_REDIS.items():
            unknown = b'{"student": {"name": "Zephyrine D%s"}}' % name.replace(" ", "").encode()
            chaos.down = fault
            with oracle.within(2, f"{name}: known people"):
                assert oracle.answered(try_to_ask(stage, stage.post()), named=True) == 200
            with oracle.within(DEADLINE, f"{name}: unknown people"):
                head = try_to_ask(stage, stage.post(unknown))
            if name == "drip":
                assert oracle.answered(head) == 200, head
            else:
                assert oracle.answered(head) == 503, (name, head)
                assert b"x-preau-reason: store-unavailable" in head
            chaos.heal()
            again = stage.post(unknown)
            assert wait_for(
                lambda again=again: oracle.answered(try_to_ask(stage, again)) == 200, 12
            )
        oracle.judge()
