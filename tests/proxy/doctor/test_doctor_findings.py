"""Break a real site in each way; the doctor names it, and the command that mends it exists."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import resource
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from addons.mends import TESTED
from proxy.ca import FILE
from proxy.cli import VERBS, build_parser
from proxy.doctor import CHECKS, Finding, Severity, examine, machine, network, records
from tests.proxy.supervisor.supervisor_scene import always_ok
from tests.sim.raw_server import RawServer
from tests.sim.school import HOST, SITE_YAML, School
from tests.sim.served import Served, inside

SYSTEM = {"chmod", "chown", "mv", "shred", "du", "ss", "curl", "getent", "timedatectl", "systemctl",
          "journalctl", "make", "redis-cli"}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("whole"), count=5)


@pytest.fixture
def site(whole: School, tmp_path: Path) -> Path:
    """A copy of a good site, to break."""
    root = tmp_path / "site"
    shutil.copytree(whole.root, root)
    return root


def found(root: Path, check: str, **more: bool) -> Finding:
    """The finding of a check; its command must exist."""
    findings = {f.check: f for f in examine(root, **more) if f.severity is not Severity.GOOD}
    assert check in findings, findings
    finding = findings[check]
    assert all((finding.en, finding.fr, finding.why_en, finding.why_fr, finding.mend))
    assert_exists(finding.mend)
    return finding


def assert_exists(command: str) -> None:
    """Each part of the command is a verb of ours with options it takes, or the system's."""
    for part in re.split(r"&&|\|", command.partition("  #")[0]):
        words = part.split()
        if words[0] != "preau":
            assert words[0] in SYSTEM or words[0].startswith(("/", "sort", "tail")), part
            continue
        assert words[1] in VERBS
        args = build_parser(words[1:]).parse_args(words[1:])
        assert isinstance(args, argparse.Namespace)


def test_a_good_site_has_nothing_broken(site: Path) -> None:
    assert [f for f in examine(site) if f.severity is Severity.BROKEN] == []


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        assert_exists("preau nonsense --site x")
    with pytest.raises(SystemExit):
        assert_exists("preau keys mend --site x")


def _loose(path: Path) -> None:
    path.chmod(0o644)


def _end_authority(root: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    from proxy.ca import load_ca

    folder = root / "state/ca"
    key, chain = load_ca(folder)
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    now = datetime.datetime.now(datetime.UTC)
    short = (
        x509.CertificateBuilder()
        .subject_name(chain[0].subject)
        .issuer_name(chain[0].subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / FILE).write_bytes(secret + short.public_bytes(serialization.Encoding.PEM))


def _change_log(root: Path) -> None:
    segment = next((root / "state/audit").rglob("*.jsonl"))
    text = segment.read_bytes()
    segment.write_bytes(text.replace(b'"type"', b'"tyqe"', 1))


def _subscribe(root: Path) -> None:
    (root / "lists/subscriptions.yaml").write_text(
        "subscriptions:\n  - {name: easyprivacy, url: 'https://lists.example/e.txt', licence: CC}\n"
    )


def _late(path: Path) -> None:
    ahead = time.time() + 3600
    os.utime(path, (ahead, ahead))


BREAKS: dict[str, tuple[str, Severity, Callable[[Path], object]]] = {
    "settings": ("settings", Severity.BROKEN, lambda r: (r / "site.yaml").write_text("site: [")),
    "policy": (
        "policy",
        Severity.BROKEN,
        lambda r: next((r / "services").glob("*.yaml")).write_text("service: x\nnonsense: 1\n"),
    ),
    "no keys": ("keys", Severity.BROKEN, lambda r: shutil.rmtree(r / "state/keys")),
    "half a key": (
        "keys",
        Severity.BROKEN,
        lambda r: (r / "state/keys/root-1.key").write_text("nothing"),
    ),
    "loose key": ("keys-permissions", Severity.BROKEN, lambda r: _loose(r / "state/keys/site.key")),
    "loose folder": (
        "keys-permissions",
        Severity.BROKEN,
        lambda r: (r / "state/keys").chmod(0o755),
    ),
    "no authority": ("ca", Severity.BROKEN, lambda r: shutil.rmtree(r / "state/ca")),
    "loose authority": (
        "ca-permissions",
        Severity.BROKEN,
        lambda r: _loose(r / f"state/ca/{FILE}"),
    ),
    "ending authority": ("ca-validity", Severity.WARNING, _end_authority),
    "changed log": ("audit", Severity.BROKEN, _change_log),
    "no store": ("store", Severity.WARNING, lambda r: (r / "state/preau.db").unlink()),
    "torn store": (
        "store",
        Severity.BROKEN,
        lambda r: (r / "state/preau.db").write_bytes(b"x" * 8192),
    ),
    "clock put back": (
        "clock",
        Severity.BROKEN,
        lambda r: _late(next((r / "state/audit").rglob("*.jsonl"))),
    ),
    "names in a file": ("leftover", Severity.WARNING, lambda r: (r / "eleves.csv").write_text("x")),
    "subscriptions": ("lists", Severity.WARNING, _subscribe),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_found_with_its_command(name: str, site: Path) -> None:
    check, severity, damage = BREAKS[name]
    damage(site)
    before = {p: p.stat().st_mtime_ns for p in site.rglob("*") if p.is_file()}
    assert found(site, check).severity is severity
    after = {p: p.stat().st_mtime_ns for p in site.rglob("*") if p.is_file()}
    assert set(after) - set(before) <= {p for p in after if p.name.startswith("preau.db")}


def test_a_port_in_use_and_an_address_that_is_not_ours(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (site / "site.yaml").write_text(
            (site / "site.yaml")
            .read_text()
            .replace("listen: 127.0.0.1:0", f"listen: 127.0.0.1:{port}")
        )
        assert "another program" in found(site, "port").en
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(text.replace(f"127.0.0.1:{port}", f"192.0.2.1:{port}"))
    assert "nobody may listen" in found(site, "port").en


def test_an_old_roster_and_none(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_OLD_ROSTER", -1)
    assert "days old" in found(site, "directory").en
    monkeypatch.setattr(records, "query", lambda *_: iter(()))
    assert "ever" in found(site, "directory").en


@pytest.mark.parametrize(
    ("patch", "value", "check"),
    [
        ("_LOW", 1.1, "disk-space"),
        ("TESTED_PYTHON", ((2, 7),), "python"),
        ("TESTED_MITMPROXY", frozenset({"1.0"}), "mitmproxy"),
        ("_DESCRIPTORS", 1 << 60, "file-descriptors"),
        ("_FIRST_DAY", 1 << 60, "clock"),
    ],
)
def test_limits_of_the_machine(
    patch: str, value: object, check: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, patch, value)
    if check == "file-descriptors":
        monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    found(site, check)


@pytest.mark.parametrize(
    ("answers", "check"),
    [
        ({"is-active": "failed", "is-enabled": "enabled"}, "service"),
        ({"is-active": "inactive", "is-enabled": "disabled"}, "service"),
        ({"show": "no"}, "clock"),
    ],
)
def test_what_systemd_says(
    answers: dict[str, str], check: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_output", lambda *words: answers.get(words[1], ""))
    found(site, check)


def test_online_asks_the_services_and_only_then(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(network, "resolves", lambda host: asked.append(host) or False)
    monkeypatch.setattr(
        network, "reach", lambda host, *_, **__: asked.append(host) or "TimeoutError"
    )
    list(examine(site))
    assert asked == []
    assert HOST in found(site, "dns", online=True).en
    assert HOST in found(site, "way-out", online=True).en


def test_a_check_that_breaks_is_a_finding_and_tells_no_text(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Iterator[Finding]:
        raise OSError("Camille Secret")
        yield

    monkeypatch.setattr("proxy.doctor.examination.CHECKS", (breaks, *CHECKS))
    findings = list(examine(site))
    assert "Secret" not in str(findings)
    assert findings[0].severity is Severity.BROKEN
    assert len(findings) > 8


def test_nothing_told_holds_a_secret_or_a_person(whole: School, site: Path) -> None:
    _change_log(site)
    _loose(site / "state/keys/site.key")
    told = json.dumps([f.document() for f in examine(site)])
    for person in whole.people:
        assert person.family_name not in told
        assert person.email not in told
    for path in (site / "state/keys/site.key", site / "state/keys/root-1.key"):
        assert path.read_text().splitlines()[4] not in told


def test_exit_codes_and_documents(site: Path) -> None:
    done = inside("doctor", "--json", "--site", site)
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"]) == (0, True)
    assert {"check", "severity", "en", "fr", "why_en", "why_fr", "mend"} == set(
        document["findings"][0]
    )
    _loose(site / "state/keys/site.key")
    done = inside("doctor", "--site", site, "--language", "fr")
    assert done.returncode == 1
    assert f"→ chmod 600 {site}/state/keys/site.key" in done.stdout.decode()
    assert inside("doctor", "--site", site.parent / "nowhere").returncode == 2


def test_the_command_that_is_told_mends(site: Path) -> None:
    key = site / "state/keys/site.key"
    _loose(key)
    _, mode, path = found(site, "keys-permissions").mend.split()
    os.chmod(path, int(mode, 8))
    assert not [f for f in examine(site) if f.check == "keys-permissions"]


def test_versions_are_those_that_the_mends_were_tested_on() -> None:
    assert machine.TESTED_MITMPROXY == TESTED


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_gateway_that_runs_is_seen(tmp_path: Path, workers: int) -> None:
    school = School(tmp_path, count=5, site=SITE_YAML)
    with RawServer(always_ok, school.tls(HOST)) as cloud:
        with Served(school.root, {HOST: cloud.address}, workers=workers) as gateway:
            told = {f.check: f for f in examine(school.root)}
            assert told["gateway"].en.endswith(f"on {gateway.listen}")
            assert told["gateway"].en.startswith(f"{workers} worker")
            assert inside("status", "--site", school.root).returncode == 0
            assert [f for f in told.values() if f.severity is Severity.BROKEN] == []
            if workers == 1:
                asked = inside("upgrade", "--site", school.root, "--workers")
                assert b"start it again" in asked.stdout
            assert gateway.stop() == 0
        assert {f.check: f for f in examine(school.root)}["gateway"].severity is Severity.WARNING


@pytest.mark.needs("redis-server")
def test_a_store_that_may_throw_names_away(tmp_path: Path) -> None:
    from tests.plugins.redis_server import RedisServer

    redis = RedisServer(tmp_path / "redis")
    redis.folder.mkdir()
    redis.start()
    try:
        school = School(tmp_path, count=3, site=SITE_YAML + f"store: {redis.url}\n")
        assert "appendonly" in found(school.root, "store-persistence").en
    finally:
        redis.stop()
    assert found(school.root, "store").severity is Severity.BROKEN


def test_keys_of_another_site(site: Path, tmp_path: Path) -> None:
    from proxy.pseudonyms import keyfiles

    keyfiles.initialise(tmp_path / "others")
    for path in (tmp_path / "others").glob("*.key"):
        shutil.copy(path, site / "state/keys" / path.name)
    assert found(site, "store").severity is Severity.BROKEN
