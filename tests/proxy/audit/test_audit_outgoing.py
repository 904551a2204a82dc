"""From ``site.yaml`` to the other end: plan, follower, lag, commands, a gateway's child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from outgoing_peers import ACCESS, SECRET, Authority, Storage, SyslogCollector, Web

from proxy.audit import make_event, open_checkpoint, query, verify
from proxy.audit.export import LogReader, exporter
from proxy.audit.note import count_signers
from proxy.audit.outgoing import Child, Follower, Plan, confirmed_everywhere, lags, make_plan
from proxy.audit.outgoing.lock import held
from proxy.audit.outgoing.state import read_state
from proxy.cli import main
from proxy.errors import InputError
from proxy.frontends.witness import WitnessServer
from proxy.outbound import Outage
from proxy.runtime import open_log
from proxy.site import Site, load_site
from proxy.witness import Witness, WitnessKey, WitnessState

HEAD = "site: Test\npaths:\n  state: state\naudit:\n"


def site_of(folder: Path, audit: str) -> Site:
    (folder / "site.yaml").write_text(HEAD + audit)
    return load_site(folder, {})


def fill(site: Site, count: int = 5) -> None:
    site.keys_dir.mkdir(parents=True, exist_ok=True)
    with open_log(site) as log:
        log.record_sync([make_event("subject-reported", count=n) for n in range(count)])


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "CONFIRM_SECONDS", 0.2)


def soon(check: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[tuple[str, WitnessState]]:
    state = WitnessState.create(tmp_path / "witness", "w.example")
    server = WitnessServer(Witness(state), "127.0.0.1", 0)
    server.start()
    yield f"http://127.0.0.1:{server.port}", state
    server.stop()


def test_everything_at_once(tmp_path: Path, witness: tuple[str, WitnessState]) -> None:
    """Witness, file, two exports and two copies, from one site.yaml, in one follower."""
    peers = Authority(tmp_path)
    collector, storage = SyslogCollector(peers.context("localhost")), Storage()
    (tmp_path / "s3").write_text(f"{ACCESS}\n{SECRET}\n")
    (tmp_path / "s3").chmod(0o600)
    url, state = witness
    with Web(storage.answer) as web:
        site = site_of(
            tmp_path,
            f"""
  publish_every: 1 s
  publish:
    - file: public/checkpoint
    - paper: sheets
  witnesses_wanted: 1
  witnesses:
    - key: {state.signer.key}
      url: {url}
  export:
    - name: siem
      format: cef
      syslog: localhost:{collector.port}
      ca: peers.pem
    - name: lake
      format: ocsf
      file: lake/events.jsonl
  ship:
    - name: bucket
      s3: {web.url}/b/x
      region: fr-par
      credentials: s3
    - name: share
      folder: copy
""",
        )
        fill(site)
        reader = LogReader(site.audit_dir)
        state.add_log(reader.key())
        events: list[object] = []
        follower = Follower(make_plan(site, events.extend), Plan(site).folder, 0.1)
        follower.start()
        try:
            assert soon(lambda: all(lag.good and lag.events == 0 for lag in lags(site))), lags(site)
        finally:
            follower.stop()
    published = (tmp_path / "public" / "checkpoint").read_text()
    assert count_signers(published, [WitnessKey.parse(str(state.signer.key))]) == 1
    assert open_checkpoint(published, reader.key()).size == 7
    assert len(collector.messages) == 7
    lake = (tmp_path / "lake" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["metadata"]["sequence"] for line in lake] == list(range(7))
    assert verify(tmp_path / "copy", str(reader.key()), published).problems == []
    assert any(path.endswith("/checkpoint") for path in storage.objects)
    kinds = sorted(str(event["type"]) for event in events)  # type: ignore[index]
    assert kinds == ["checkpoint-published"] * 2 + ["checkpoint-witnessed"]


def test_a_destination_that_is_away_holds_up_no_other(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    dead = free_port()
    site = site_of(
        tmp_path,
        f"""
  publish:
    - url: http://127.0.0.1:{dead}/c
  export:
    - name: dead
      format: json
      url: http://127.0.0.1:{dead}
    - name: lake
      format: ocsf
      file: lake/events
""",
    )
    fill(site, 20)
    follower = Follower(make_plan(site, lambda events: None), Plan(site).folder, 0.1)
    follower.start()
    try:
        found = {}

        def settled() -> bool:
            found.update({lag.name: lag for lag in lags(site)})
            return found["lake"].events == 0 and bool(found["dead"].failure)

        assert soon(settled), found
    finally:
        follower.stop()
    assert found["dead"].events == 22
    assert confirmed_everywhere(site) == 0  # retention must wait for the dead one
    assert not found["dead"].good
    assert "no answer" in found["dead"].detail
    assert not found["publish-1-url"].good


def test_a_failure_is_told_until_it_is_over(tmp_path: Path) -> None:
    class Flaky:
        name = "flaky"
        rounds = 0

        def step(self) -> float:
            self.rounds += 1
            if self.rounds < 3:
                raise Outage("away")
            if self.rounds == 3:
                raise ZeroDivisionError("a value that must not be shown")
            return 0.01

        def abandon(self) -> None:
            pass

    seen = set()

    def over() -> bool:
        state = read_state(tmp_path, "flaky")
        seen.add(state.failure if state else None)
        return bool(state and not state.failure)

    follower = Follower([Flaky()], tmp_path, 0.05)
    follower.start()
    assert soon(over)
    follower.stop()
    assert seen <= {None, "away", "ZeroDivisionError", ""}
    assert "away" in seen


def test_witnesses_that_fail_are_an_alarm_and_an_event(
    tmp_path: Path, witness: tuple[str, WitnessState]
) -> None:
    url, state = witness
    site = site_of(
        tmp_path,
        f"  witnesses_wanted: 1\n  witnesses:\n    - key: {state.signer.key}\n      url: {url}\n",
    )
    fill(site)
    key = LogReader(site.audit_dir).key()
    assert main(["audit", "publish", "--site", str(tmp_path)]) == 1  # not watched there: 404
    state.add_log(key)
    assert main(["audit", "publish", "--site", str(tmp_path)]) == 0
    # Another history under the same key: the witness refuses, and the log says so.
    import shutil

    shutil.rmtree(site.audit_dir)
    shutil.rmtree(Plan(site).folder)
    fill(site, 30)
    assert main(["audit", "publish", "--site", str(tmp_path)]) == 1
    lag = lags(site)[0]
    assert confirmed_everywhere(site) is None
    assert not lag.good
    assert "two histories" in lag.detail
    refused = list(query(site.audit_dir, {"type": "witness-refused"}))
    assert [found.event["witness"] for found in refused] == ["w.example"]


@pytest.mark.parametrize(
    ("audit", "told"),
    [
        ("  publish:\n    - file: a\n      git: b\n", "exactly one of"),
        ("  publish:\n    - url: http://collector.example/x\n", "https://"),
        ("  publish:\n    - url: https://u:p@h.example/x\n", "password"),
        ("  publish:\n    - git: x\n      push: --upload-pack=x\n", "remote"),
        ("  publish_every: soon\n", "10 min"),
        ("  witnesses_wanted: 1\n", "more than there are"),
        ("  witnesses:\n    - key: x+1+2\n      url: https://w.example\n", "public key"),
        ("  export:\n    - name: a\n      format: xml\n      file: b\n", "ocsf"),
        ("  export:\n    - name: a\n      format: cef\n      syslog: host\n", "HOST:PORT"),
        ("  export:\n    - name: A b\n      format: cef\n      file: b\n", "name"),
        (
            "  export:\n    - {name: a, format: cef, file: b}\n"
            "    - {name: a, format: cef, file: c}\n",
            "twice",
        ),
        ("  ship:\n    - name: a\n      s3: https://h.example\n", "BUCKET"),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_line(
    tmp_path: Path, audit: str, told: str
) -> None:
    with pytest.raises(InputError) as caught:
        site_of(tmp_path, audit)
    assert any(told in problem for problem in caught.value.problems), caught.value.problems
    assert all(problem.startswith("site.yaml:") for problem in caught.value.problems)


def test_one_process_sends_for_a_site(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(InputError, match="another process"):
            with held(tmp_path):
                pass
    with held(tmp_path):
        pass


def test_status_shows_the_lag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = site_of(tmp_path, "  export:\n    - {name: lake, format: cef, file: lake}\n")
    fill(site)
    main(["status", "--site", str(tmp_path), "--json"])
    parts = {part["name"]: part for part in json.loads(capsys.readouterr().out)["parts"]}
    assert not parts["outgoing lake"]["good"]
    assert "7 events behind, nobody is sending" in parts["outgoing lake"]["detail"]


def test_the_child_sends_and_ends_with_its_parent(tmp_path: Path) -> None:
    """A parent killed without warning: its child notices by the pipe and stops."""
    site = site_of(tmp_path, "  export:\n    - {name: lake, format: json, file: lake}\n")
    fill(site)
    script = (
        "import sys,time; from pathlib import Path; from proxy.audit.outgoing import Child\n"
        f"child = Child(Path({str(tmp_path)!r})); child.start()\n"
        "while not child.pid: time.sleep(0.01)\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    lake = tmp_path / "lake"
    assert soon(lambda: lake.exists() and len(lake.read_bytes().splitlines()) == 7)
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"

    assert soon(gone)


def test_a_child_is_stopped_in_good_order(tmp_path: Path) -> None:
    site = site_of(tmp_path, "  export:\n    - {name: lake, format: json, file: lake}\n")
    fill(site)
    child = Child(tmp_path)
    child.start()
    assert soon(lambda: (tmp_path / "lake").exists())
    child.stop()
    assert threading.active_count() < 20
    with held(Plan(site).folder):
        pass
    Child(tmp_path, wanted=False).stop()


def test_the_witness_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "w")
    assert main(["witness", "init", "--dir", folder, "--name", "rectorat.example/w1"]) == 0
    WitnessKey.parse(capsys.readouterr().out)
    site = site_of(tmp_path, "")
    fill(site)
    key = str(site.audit_dir / "key.vkey")
    assert main(["witness", "watch", "--dir", folder, key]) == 0
    assert main(["witness", "status", "--dir", folder]) == 0
    assert "0 events signed" in capsys.readouterr().out
    assert main(["witness", "init", "--dir", folder, "--name", "x"]) == 2
    assert main(["witness", "status", "--dir", str(tmp_path / "none")]) == 2
    assert main(["witness", "watch", "--dir", folder, "not-a-key"]) == 2
    assert main(["witness", "serve", "--dir", folder, "--listen", "nowhere"]) == 2


def test_a_small_order_key_is_no_witness(tmp_path: Path) -> None:
    good = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert WitnessKey.parse(str(WitnessKey("w", good)))
    with pytest.raises(InputError):
        site_of(
            tmp_path,
            f"  witnesses:\n    - key: {WitnessKey('w', bytes(32))}\n      url: https://w.example\n",
        )
