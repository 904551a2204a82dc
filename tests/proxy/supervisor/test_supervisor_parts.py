"""The supervisor's small parts, without a process."""

from __future__ import annotations

import asyncio
import os
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from addons.turns import MOST, handicap
from proxy.supervisor import local_socket, notify
from proxy.supervisor.channel import Channel, Document, Lifeline, pair
from proxy.supervisor.posts import CAP, FIRST, FORGIVEN, Post
from proxy.supervisor.watching import Secrets
from tests.sim.school import School


def test_the_wait_grows_to_a_cap_and_a_long_life_forgives() -> None:
    post = Post()
    waits = [post.lost(1.0, "exit code 1") for _ in range(15)]
    assert waits[0] == FIRST
    assert all(b == min(CAP, 2 * a) for a, b in pairwise(waits))
    assert waits[-1] == CAP
    assert post.document()["capped"]
    assert post.document()["restarts"] == 15
    assert post.lost(FORGIVEN, "killed by SIGKILL") == FIRST
    assert not post.document()["capped"]


def test_who_has_least_goes_first_and_nobody_waits_long() -> None:
    assert handicap(4, 4) == 0
    assert 0 < handicap(5, 4) < handicap(8, 4) <= MOST
    assert handicap(10_000, 0) == MOST
    assert handicap(3, 9) == 0


def test_systemd_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(where))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(where))
        notify.ready("2 workers")
        notify.reloading("upgrading")
        notify.alive()
        notify.stopping("draining")
        told = [systemd.recv(4096).decode().split("\n") for _ in range(4)]
    assert told[0] == ["READY=1", "STATUS=2 workers", f"MAINPID={os.getpid()}"]
    assert told[1][0] == "RELOADING=1"
    assert told[1][1].startswith("MONOTONIC_USEC=")
    assert told[2] == ["WATCHDOG=1"]
    assert told[3][0] == "STOPPING=1"


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.ready("x")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    notify.ready("x")


def test_a_socket_in_a_folder_of_any_length_is_private(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    with local_socket.listen(folder, "here", socket.SOCK_STREAM) as listener:
        assert (folder / "here").stat().st_mode & 0o777 == 0o600
        with local_socket.connect(folder, "here", socket.SOCK_STREAM, 2) as client:
            accepted, _ = listener.accept()
            with accepted:
                assert local_socket.is_ours(accepted)
                assert local_socket.is_ours(client)


def test_questions_and_answers_meet_by_number_and_strangers_words_are_told() -> None:
    async def talk() -> None:
        ours, theirs = pair()
        told: list[Document] = []
        channel = await Channel.over(ours, told.append)
        child = Lifeline(theirs.detach(), 0.0)
        asked = [asyncio.create_task(channel.ask("report", 5, n=n)) for n in (1, 2)]
        await asyncio.sleep(0.05)
        questions = list(child.questions())
        child.say("ready", port=1)
        for question in reversed(questions):
            child.answer(question, n=question["n"])
        answers = await asyncio.gather(*asked)
        assert [a and a["n"] for a in answers] == [1, 2]
        assert told == [{"say": "ready", "port": 1}]
        os.close(os.dup(child.fileno()))
        child._socket.close()
        assert await channel.ask("report", 5) is None or channel.ended.done()
        await asyncio.wait({channel.ended}, timeout=5)
        assert channel.ended.done()
        channel.close()

    asyncio.run(talk())


def test_a_child_sees_the_end_of_its_supervisor() -> None:
    ours, theirs = pair()
    child = Lifeline(theirs.detach(), 0.0)
    ours.close()
    with pytest.raises(EOFError):
        list(child.questions())


def test_new_keys_are_seen_once_they_have_settled_and_refused_ones_not_again(
    tmp_path: Path,
) -> None:
    school = School(tmp_path, count=2)
    secrets = Secrets(school.root)
    assert not secrets.changed()
    ca = school.root / "state/ca/mitmproxy-ca.pem"
    ca.write_bytes(ca.read_bytes())
    assert not secrets.changed(), "still being written, for all we know"
    os.utime(ca, (1, 1))
    assert secrets.changed()
    secrets.refused(secrets.look())
    assert not secrets.changed()
    os.utime(ca, (2, 2))
    assert secrets.changed()
    secrets.taken(secrets.look())
    assert not secrets.changed()
    audit = school.root / "state/keys/audit-ed25519.pem"
    assert audit.exists()
    os.utime(audit, (3, 3))
    assert not secrets.changed(), "the audit log's key is the writer's"
