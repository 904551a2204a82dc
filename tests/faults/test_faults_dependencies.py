"""What the gateway leans on, taken away: the audit log's disk, the store, the keys."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.audit import verify
from proxy.site import load_site
from tests.faults.conftest import GET, Cloud, Stage, field, post
from tests.plugins.redis_server import RedisServer
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import wait_for
from tests.sim.school import BANK, HOST, SITE_YAML, TRACKER, School

UNKNOWN_PERSON = b'{"student": {"name": "Zephyrine Inconnue-Delarive"}}'


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path, count=20)


@pytest.fixture
def cloud(school: School) -> Iterator[Cloud]:
    with Cloud(school.tls(HOST, BANK, TRACKER)) as cloud:
        yield cloud


def recovers(stage: Stage, body: bytes | None = None) -> bool:
    """Whether a request with hits passes again, soon and by itself."""
    return wait_for(lambda: stage.ask(stage.post(body))[0].startswith(b"HTTP/1.1 200 "), 8)


def assert_unavailable(stage: Stage, reason: bytes) -> None:
    """A request with hits: 503 and nothing leaves. One without still passes."""
    before = stage.cloud.everything
    head, body = stage.ask(stage.post())
    assert head.startswith(b"HTTP/1.1 503 "), (head, body)
    assert field(head, b"x-preau-reason") == reason
    assert stage.cloud.everything == before


# --- the audit log ---


@pytest.fixture
def small_disk(school: School) -> Iterator[Path]:
    """The log's directory on a file system of 300 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root; test_faults_dependencies has an unprivileged stand-in")
    place = load_site(school.root).audit_dir
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k,mode=700", "preau-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let tests mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_refuses_what_must_be_recorded_and_recovers(
    school: School, cloud: Cloud, small_disk: Path
) -> None:
    with school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        assert recovers(stage)
        ballast = small_disk / "ballast"
        fill(ballast)
        assert wait_for(lambda: stage.ask(stage.post())[0].startswith(b"HTTP/1.1 503 "), 20)
        assert_unavailable(stage, b"audit-unavailable")
        assert stage.ask(GET)[0].startswith(b"HTTP/1.1 200 "), "nothing to record: passes"
        ballast.unlink()
        assert recovers(stage)
        stage.assert_nothing_left()
    assert verify(small_disk).problems == []


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def test_a_log_that_was_replaced_refuses(school: School, cloud: Cloud) -> None:
    with school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        assert recovers(stage)
        place = opened.runtime.site.audit_dir
        place.rename(place.with_name("moved"))
        place.mkdir()
        assert_unavailable(stage, b"audit-unavailable")
        shutil.rmtree(place)
        place.with_name("moved").rename(place)
        assert recovers(stage)
        stage.assert_nothing_left()


def test_a_log_that_fails_refuses_answers_pages_and_messages_alike(
    school: School, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unprivileged stand-in for a broken disk, at the system call."""
    with school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        assert recovers(stage)
        real = os.fdatasync

        def broken(_file: int) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "fdatasync", broken)
        assert_unavailable(stage, b"audit-unavailable")
        html = b"GET / HTTP/1.1\r\nhost: inconnu.example\r\naccept: text/html\r\n\r\n"
        head, body = stage.ask(html, "inconnu.example")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"text/html" in head
        assert b"audit-unavailable" in body
        with pytest.raises((ssl.SSLError, ConnectionError)):
            stage.open.client(BANK)  # a tunnel is recorded too
        monkeypatch.setattr(os, "fdatasync", real)
        assert recovers(stage)
        stage.assert_nothing_left()


# --- the store ---


def test_without_its_store_known_people_work_and_unknown_values_are_refused(
    school: School, cloud: Cloud
) -> None:
    with school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        assert recovers(stage)
        path = Path(opened.runtime.site.store_url.removeprefix("sqlite:"))
        for name in (path.name, f"{path.name}-vault"):
            for suffix in ("", "-wal", "-shm"):
                file = path.with_name(name + suffix)
                if file.exists():
                    file.write_bytes(b"not a database" * 4096)
        assert stage.ask(stage.post())[0].startswith(b"HTTP/1.1 200 ")
        before = cloud.everything
        head, body = stage.ask(stage.post(UNKNOWN_PERSON))
        stage.assert_refused(head, body, 503, "store-unavailable")
        assert cloud.everything == before
        stage.assert_nothing_left()


@pytest.mark.needs("redis-server")
def test_with_redis_gone_known_people_work_and_it_recovers(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder).start()
    try:
        site = SITE_YAML + f"store: {server.url}\n"
        school = School(tmp_path, count=20, site=site)
        with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
            stage = Stage(school, cloud, opened)
            assert recovers(stage)
            assert recovers(stage, UNKNOWN_PERSON)
            server.stop()
            started = time.monotonic()
            assert stage.ask(stage.post())[0].startswith(b"HTTP/1.1 200 ")
            assert time.monotonic() - started < 2, "no store on the way of known people"
            other = UNKNOWN_PERSON.replace(b"Zephyrine", b"Ysoline")
            before = cloud.everything
            head, body = stage.ask(stage.post(other))
            stage.assert_refused(head, body, 503, "store-unavailable")
            assert cloud.everything == before
            server.start()
            assert recovers(stage, other)
            stage.assert_nothing_left()
            for secret in (b"Zephyrine", b"Ysoline"):
                assert secret not in cloud.everything
    finally:
        server.stop()


# --- starting ---


def serve(school: School, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proxy.cli", "serve", "--site", str(school.root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("fault", ["missing", "readable", "damaged", "no-ca", "log-is-a-file"])
def test_a_site_that_is_not_whole_does_not_start_and_says_why(school: School, fault: str) -> None:
    site = load_site(school.root)
    keys = [path for path in site.keys_dir.iterdir() if path.is_file()]
    if fault == "missing":
        shutil.rmtree(site.keys_dir)
    elif fault == "readable":
        for path in keys:
            path.chmod(0o644)
    elif fault == "damaged":
        for path in keys:
            path.write_bytes(b"rubbish")
    elif fault == "no-ca":
        shutil.rmtree(site.ca_dir)
    else:
        shutil.rmtree(site.audit_dir, ignore_errors=True)
        site.audit_dir.write_text("in the way")
    ended = serve(school)
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("preau: ")
    assert len(ended.stderr.splitlines()) <= 3, ended.stderr
    assert str(school.root.parent) in ended.stderr or "preau " in ended.stderr[7:]


# --- what the program says while it works ---

WORKER = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from proxy.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_nothing_of_anybody_is_ever_logged(school: School, cloud: Cloud, tmp_path: Path) -> None:
    """All loggers at DEBUG in a process of its own, through good traffic and bad."""
    log = tmp_path / "log"
    argv = ["serve", "--site", str(school.root), "--json", "--listen", "127.0.0.1:0"]
    argv += ["--resolve", f"{HOST}:127.0.0.1:{cloud.port}"]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *argv], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = int(re.findall(r'"listen": "127.0.0.1:(\d+)"', said)[0])
        drive(school, cloud, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    text = log.read_text(errors="replace")
    person = school.people[0]
    assert "DEBUG:" in text, "or the search finds nothing because nothing is said"
    for value in (
        *(person.full_name, person.given_name, person.family_name, person.email, person.login),
        *("Zephyrine", "Delarive", "un-secret", "inconnu-visite", "127.0.0.1:", "/v1/classwork"),
    ):
        assert value not in text, [line for line in text.splitlines() if value in line][:3]


def drive(school: School, cloud: Cloud, port: int) -> None:
    from proxy.ca import export_ca
    from tests.sim.authority import client_context

    context = client_context(export_ca(load_site(school.root).ca_dir).decode())
    person = school.people[0]
    name, email = person.full_name.encode(), person.email.encode()
    body = b'{"student": {"name": "%s"}, "note": "%s"}' % (name, email)
    requests = [
        post(body),
        post(UNKNOWN_PERSON),
        post(b'{"student": {"secret": "un-secret %s"}}' % name),
        post(body[:-3], b"content-encoding: gzip"),
        post(body) + b"\0garbage " + name + b"\r\n\r\n",
        GET.replace(b"/v1/x", b"/v1/" + email),
        GET[:-2] + b"x-a: " + name + b"\0\r\n\r\n",
        GET[:-2] + b"x-a: " + name * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: %s\r\n\r\n" % email,
        b"\x16\x03" + name,
    ]
    for request in requests:
        with RawClient.connect(port, HOST, context) as client:
            client.sock.settimeout(1.0)
            client.ask(request)
    cloud.answers(b"HTTP/1.1 200 OK\r\nbad " + name + b"\r\n\r\n")
    with RawClient.connect(port, HOST, context) as client:
        client.ask(GET)
    cloud.script = lambda connection: connection.close()
    with RawClient.connect(port, HOST, context) as client:
        client.ask(GET)
    for host in ("inconnu-visite.example", "www.nulle-part.example"):
        with RawClient.connect(port, host, context) as client:
            client.ask(b"GET /%s HTTP/1.1\r\nhost: %s\r\n\r\n" % (email, host.encode()))
