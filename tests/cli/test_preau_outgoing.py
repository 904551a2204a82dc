"""``preau serve`` sends what ``site.yaml`` asks for; a killed ``preau witness`` forgets nothing."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.audit import VerifierKey, make_event, open_audit, open_checkpoint
from proxy.outbound import Outage, Place
from proxy.witness import Unwitnessed, WitnessClient, WitnessKey
from tests.cli.test_preau_reload import soon
from tests.sim.school import School
from tests.sim.served import PREAU, Served, environment, inside

LAG = 'preau_audit_outgoing_lag_events{destination="%s"}'
UP = 'preau_audit_outgoing_up{destination="%s"}'


@pytest.mark.slow
def test_a_gateway_exports_while_it_serves_and_shows_the_lag(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    school = School(tmp_path, count=5)
    site = school.root / "site.yaml"
    site.write_text(
        site.read_text()
        + "\naudit:\n  export:\n    - {name: lake, format: ocsf, file: lake.jsonl}\n"
        f"    - {{name: dead, format: cef, syslog: '127.0.0.1:{free_port()}'}}\n"
    )
    with Served(school.root, {}) as gateway:
        assert soon(lambda: (school.root / "lake.jsonl").exists(), 30)
        assert soon(lambda: gateway.metric(LAG % "dead") > 0)
        assert soon(lambda: gateway.metric(UP % "dead") == 0)
        assert soon(lambda: gateway.metric(LAG % "lake") == 0, 20)
        assert gateway.metric(UP % "lake") == 1
        assert gateway.get("/-/ready")[0] == 200  # a dead collector is no reason to refuse anybody
        shown = json.loads(inside("status", "--site", school.root, "--json").stdout)
    parts = {part["name"]: part["good"] for part in shown["parts"]}
    assert (parts["outgoing lake"], parts["outgoing dead"]) == (True, False)
    assert gateway.ended == 0
    lines = (school.root / "lake.jsonl").read_text().splitlines()
    codes = [json.loads(line)["metadata"]["event_code"] for line in lines]
    assert "gateway-started" in codes


@pytest.mark.slow
def test_a_witness_killed_at_any_time_never_forgets_what_it_signed(tmp_path: Path) -> None:
    """SIGKILL after answers and between them; each time its memory is at least what it gave."""
    folder = tmp_path / "w"
    key = inside("witness", "init", "--dir", folder, "--name", "w.example").stdout.decode().strip()
    log = open_audit(tmp_path / "audit", key_path=tmp_path / "k.pem", origin="a.example")
    log_key = VerifierKey.parse((tmp_path / "audit" / "key.vkey").read_text())
    assert inside("witness", "watch", "--dir", folder, str(log_key)).returncode == 0
    command = [*PREAU, "witness", "serve", "--dir", str(folder), "--json"]
    given = 0
    for round_ in range(4):
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, env=environment()
        )
        assert process.stdout is not None
        told = b""
        while not told.rstrip().endswith(b"}"):
            told += process.stdout.readline()
        client = WitnessClient(WitnessKey.parse(key), Place(json.loads(told)["url"]))
        for step in range(5 + 10 * round_):
            log.record_sync([make_event("subject-reported", count=step)])
            note = log.checkpoint()
            if step == 4 + 5 * round_:
                process.send_signal(signal.SIGKILL)
            try:
                client.cosign(tmp_path / "audit", note, open_checkpoint(note, log_key))
            except (Unwitnessed, Outage):
                break
            given = open_checkpoint(note, log_key).size
        process.kill()
        process.wait()
        shown = json.loads(inside("witness", "status", "--dir", folder, "--json").stdout)
        assert shown["logs"][0]["size"] >= given > 0
        assert shown["evidence"] == 0
    log.close()
