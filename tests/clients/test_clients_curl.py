"""curl through ``preau serve``: HTTP/1.1 and HTTP/2 on either side, and how uploads really come."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.clients_scene import H2_HOST, Scene
from tests.sim.school import HOST, School
from tests.sim.served import Served, preau

pytestmark = pytest.mark.needs("curl")

VERSIONS = {"--http1.1": "1.1", "--http2": "2"}

# An HTTP/1 client is never put before an HTTP/2-only origin: addons/mends/upstream_alpn.py
each_way = pytest.mark.parametrize(
    ("version", "host"), [("--http1.1", HOST), ("--http2", HOST), ("--http2", H2_HOST)]
)


def curl(scene: Scene, host: str, path: str, *options: str, stdin: bytes = b"") -> bytes:
    """What curl prints for ``https://host/path``."""
    command = ["curl", "-sS", "--max-time", "15", "--proxy", f"http://{scene.gateway.listen}"]
    command += [
        "--suppress-connect-headers",
        "--cacert",
        str(scene.ca),
        f"https://{host}{path}",
        *options,
    ]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def work_of(scene: Scene, padding: int = 0) -> str:
    """A pupil's classwork, with identifiers in fields and in prose."""
    pupil, friend = scene.school.people[:2]
    student = {"name": pupil.full_name, "email": pupil.email}
    text = f"Préparé avec {friend.full_name} ({friend.email})." + " la suite" * padding
    return json.dumps({"student": student, "text": text}, ensure_ascii=False)


def no_name_left(scene: Scene) -> bool:
    """Whether the service received nothing of the two people."""
    received = scene.received.decode("utf-8", "replace").lower()
    people = scene.school.people[:2]
    return not any(
        value.lower() in received for one in people for value in (one.full_name, one.email)
    )


@each_way
def test_names_leave_as_pseudonyms_and_come_back(scene: Scene, host: str, version: str) -> None:
    work = work_of(scene)
    before = len(scene.received)
    out = curl(
        scene, host, "/v1/classwork", version, "--json", work, "--compressed",
        "-w", "\n%{http_version} %{response_code}",
    )  # fmt: skip
    body, _, told = out.decode().rpartition("\n")
    assert body == work
    assert told == f"{VERSIONS[version]} 200"
    assert len(scene.received) > before
    assert no_name_left(scene)


@each_way
def test_an_upload_of_unknown_length_is_protected(scene: Scene, host: str, version: str) -> None:
    work = work_of(scene, padding=20_000)
    options = [version, "-T", "-", "-X", "POST", "-H", "content-type: application/json"]
    assert curl(scene, host, "/v1/classwork", *options, stdin=work.encode()).decode() == work
    assert no_name_left(scene)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_waits_for_100_continue_is_served_at_once(
    scene: Scene, version: str, tmp_path: Path
) -> None:
    file = tmp_path / "work.json"
    file.write_text(work_of(scene, padding=150_000))
    out = curl(
        scene, HOST, "/v1/classwork", version, "--json", f"@{file}", "-H", "Expect: 100-continue",
        "--expect100-timeout", "10", "-o", "/dev/null", "-w", "%{time_total} %{response_code}",
    )  # fmt: skip
    seconds, code = out.decode().split()
    assert code == "200"
    assert float(seconds) < 8  # curl would have waited 10 s for an answer that never came
    assert no_name_left(scene)


@each_way
def test_head_and_304_keep_their_meaning(scene: Scene, host: str, version: str) -> None:
    head = curl(scene, host, "/page", version, "--head").decode().lower()
    assert " 200" in head.splitlines()[0]
    assert "content-length" not in head  # the length of what GET gives: names are longer
    again = curl(scene, host, "/page", version, "-i", "-H", 'If-None-Match: "v1"').decode().lower()
    assert " 304" in again.splitlines()[0]
    assert 'etag: "v1"' in again
    assert again.endswith("\r\n\r\n")


def test_an_unknown_service_is_refused_with_an_incident_of_the_log(scene: Scene) -> None:
    out = curl(scene, "quiz.inconnu.example", "/", "-w", "\n%{response_code}").decode()
    body, _, code = out.rpartition("\n")
    error = json.loads(body)["error"]
    assert (code, error["reason"]) == ("403", "unknown-service")
    found = preau(
        "audit", "query", "--site", scene.school.root, "--json", "--incident", error["incident"]
    )
    events = json.loads(found.stdout)
    assert [event["type"] for event in events] == ["request-refused"]


def test_plain_http_is_refused(scene: Scene) -> None:
    command = ["curl", "-sS", "--max-time", "10", "--proxy", f"http://{scene.gateway.listen}"]
    command += [f"http://{HOST}/page", "-d", work_of(scene), "-w", "\n%{response_code}"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=20)
    assert done.stdout.decode().endswith("\n403")
    assert "plain-http" in done.stdout.decode()


def test_sigterm_ends_with_the_log_sealed_and_whole(tmp_path: Path) -> None:
    school = School(tmp_path, count=20)
    with Served(school.root, {}) as gateway:
        command = ["curl", "-s", "--max-time", "10", "--proxy", f"http://{gateway.listen}", "-k"]
        for _ in range(3):
            subprocess.run(
                [*command, "https://quiz.inconnu.example/"],
                check=True,
                timeout=20,
                capture_output=True,
            )
        assert gateway.stop() == 0, gateway.said
    assert "Traceback" not in gateway.said
    report = json.loads(preau("audit", "verify", "--json", "--site", school.root).stdout)
    assert report["ok"]
    assert (report["events"] >= 4, report["unsealed"]) == (True, 0)
