"""curl, a client that nobody here wrote, through the gateway."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from proxy.ca import export_ca
from tests.sim.h2_peers import H2Answer
from tests.sim.raw_server import answer

pytestmark = pytest.mark.needs("curl")
BODY = b"x" * 1_000_000
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


def curl(stage: Any, worker: Any, directory: Path, *options: str) -> tuple[str, bytes]:
    """HTTP version and status as curl saw them, and the body."""
    (directory / "ca.pem").write_bytes(export_ca(stage.ca_dir))
    (directory / "upload").write_bytes(BODY)
    common = ["--proxy", f"http://127.0.0.1:{worker.port}", "--cacert", "ca.pem"]
    common += ["--data-binary", "@upload", "-o", "got", "-w", "%{http_version} %{http_code}"]
    done = subprocess.run(
        ["curl", "-sS", *options, *common, f"https://{stage.host}/"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, (directory / "got").read_bytes()


def test_http1(stage: Any, tmp_path: Path) -> None:
    with stage.cloud(answer(ANSWER)) as cloud, stage.gateway(cloud) as worker:
        assert curl(stage, worker, tmp_path, "--http1.1") == ("1.1 200", BODY)
    assert cloud.everything.endswith(BODY)


def test_http2_to_both_kinds_of_origin(stage: Any, tmp_path: Path) -> None:
    with stage.h2_cloud(lambda _: H2Answer(body=BODY)) as cloud, stage.gateway(cloud) as worker:
        assert curl(stage, worker, tmp_path, "--http2") == ("2 200", BODY)
    assert cloud.requests[0].body == BODY
    with stage.cloud(answer(ANSWER)) as cloud, stage.gateway(cloud) as worker:
        assert curl(stage, worker, tmp_path, "--http2") == ("2 200", BODY)
    assert cloud.everything.endswith(BODY)
