"""A site, backed up while it serves, comes back whole; and never what a backup must not hold."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from proxy.audit import verify
from proxy.backup import make, read_manifest, restore, seal_keys
from proxy.errors import InputError
from proxy.site import load_site
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import OK, RawServer, answer
from tests.sim.school import HOST, School
from tests.sim.served import PREAU, Served, environment, inside

PASSPHRASE = "une phrase de passe assez longue"
BACK = ("/v1/classwork", b'{"student": {"familyName": "%s"}}')


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("backup"), count=30)


@pytest.fixture(scope="module")
def backup(school: School, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made while the gateway serves requests."""
    target = tmp_path_factory.mktemp("kept") / "site.tar.gz"
    secret = target.with_name("passphrase")
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    with RawServer(answer(OK), school.tls()) as cloud, school.open_to(cloud) as served:
        for person in served.people[:5]:
            _ask(served.client(), person.family_name)
        words = ("backup", "make", target, "--keys", "--passphrase-file", secret)
        done = inside(*words, "--site", school.root)
        assert done.returncode == 0, done.stderr
        for person in served.people[5:10]:
            _ask(served.client(), person.family_name)
    return target


def _ask(client: RawClient, name: str) -> None:
    body = BACK[1] % name.encode()
    head = f"POST {BACK[0]} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n"
    answered = client.ask(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    assert answered[0].startswith(b"HTTP/1.1 200")


def _members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]  # all are files


def test_nothing_is_in_it_that_a_backup_must_not_hold(backup: Path, school: School) -> None:
    members = _members(backup)
    names = " ".join(members)
    for word in ("client-keys", "erasure.key", "site.key", "root-1.key", "directory/", "ca/"):
        assert word not in names
    everything = b"".join(members.values())
    secrets = [*(school.root / "state/keys").iterdir(), *(school.root / "state/ca").iterdir()]
    secrets += (school.root / "state/audit/client-keys").iterdir()
    checked = 0
    for path in secrets:
        data = path.read_bytes()
        if path.is_file() and b"CERTIFICATE" not in data and path.name != "CACHEDIR.TAG":
            assert data not in everything, path
            longest = max(data.split(b"\n"), key=len)
            assert longest not in everything, path
            checked += 1
    assert checked >= 4


def test_the_sealed_keys_leave_the_erasure_key_out(school: School) -> None:
    from proxy.backup.keys import open_keys

    opened = open_keys(seal_keys(load_site(school.root), PASSPHRASE), PASSPHRASE)
    assert {"keys/site.key", "keys/root-1.key", "keys/audit-ed25519.pem"} <= set(opened)
    assert not any("erasure" in name for name in opened)


@pytest.mark.slow
def test_a_restored_site_verifies_and_serves_the_same_pseudonyms(
    backup: Path, school: School, tmp_path: Path
) -> None:
    root = tmp_path / "again"
    back = restore(backup, root, {}, lambda: PASSPHRASE)
    assert [Path(path).name for path in back.missing] == ["erasure.key"]
    assert verify(root / "state/audit").ok
    shutil.copy(school.root / "state/keys/erasure.key", root / "state/keys/erasure.key")
    assert inside("directory", "build", "--site", root).returncode == 0
    person = school.people[0]
    with RawServer(answer(OK), school.tls()) as cloud:
        sent = []
        for site in (school.root, root):
            with Served(site, {HOST: cloud.address}) as gateway:
                pem = tmp_path / "ca.pem"
                pem.write_bytes(_exported(site))
                before = len(cloud.connections)
                _ask(RawClient.connect(gateway.port, HOST, client_context(pem)), person.family_name)
                sent.append(bytes(cloud.connections[before].received).split(b"\r\n\r\n")[1])
    assert sent[0] == sent[1] != b""
    assert person.family_name.encode() not in sent[0]
    assert verify(root / "state/audit").ok


def _exported(site: Path) -> bytes:
    from proxy.ca import export_ca

    return export_ca(load_site(site).ca_dir)


def test_without_the_passphrase_nothing_is_restored(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="passphrase"):
        restore(backup, tmp_path / "site", {}, lambda: "another passphrase")
    assert not (tmp_path / "site/site.yaml").exists()


def test_a_site_that_stands_is_left_alone(backup: Path, school: School) -> None:
    before = (school.root / "site.yaml").read_bytes()
    with pytest.raises(InputError, match=r"site\.yaml exists"):
        restore(backup, school.root, {})
    assert (school.root / "site.yaml").read_bytes() == before


def test_a_folder_with_something_in_it_is_left_alone(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        restore(backup, tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_a_damaged_backup_restores_nothing(backup: Path, tmp_path: Path, place: float) -> None:
    data = bytearray(backup.read_bytes())
    for offset in range(int(len(data) * place), int(len(data) * place) + 40):
        data[offset] ^= 0xFF
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(data)
    with pytest.raises(InputError):
        restore(damaged, tmp_path / "site", {}, lambda: PASSPHRASE)
    assert not (tmp_path / "site/site.yaml").exists()


def test_a_cut_off_backup_restores_nothing(backup: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(backup.read_bytes()[:-5000])
    with pytest.raises(InputError):
        restore(cut, tmp_path / "site", {}, lambda: PASSPHRASE)
    assert not (tmp_path / "site/site.yaml").exists()


@pytest.mark.slow
def test_a_restore_that_dies_at_any_move_serves_nothing_and_can_be_repeated(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"PREAU_STATE": str(tmp_path / "state")}
    root, real, deaths = tmp_path / "site", Path.rename, 0
    for survives in range(40):
        calls = [0]

        def rename(
            self: Path, target: Path, calls: list[int] = calls, most: int = survives
        ) -> Path:
            calls[0] += 1
            if calls[0] > most:
                raise KeyboardInterrupt
            return real(self, target)

        monkeypatch.setattr(Path, "rename", rename)
        try:
            restore(backup, root, environ, lambda: PASSPHRASE)
            break
        except KeyboardInterrupt:
            deaths += 1
            assert not (root / "site.yaml").exists()
    assert deaths >= 3
    assert verify(tmp_path / "state/audit").ok
    assert not list(tmp_path.rglob(".preau-restore"))


def test_a_making_that_is_killed_leaves_no_file_of_that_name(
    school: School, tmp_path: Path
) -> None:
    target = tmp_path / "killed.tar.gz"
    command = [*PREAU, "backup", "make", str(target), "--site", str(school.root)]
    process = subprocess.Popen(
        command, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    for _ in range(3000):
        if list(tmp_path.glob(".preau-backup-*")):
            break
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    if target.exists():  # it was faster than we: then it is whole
        read_manifest(target)


def test_old_backups_go_and_only_those_of_this_site(school: School, tmp_path: Path) -> None:
    other = tmp_path / "preau-another-20200101T000000Z.tar.gz"
    olds = [tmp_path / f"preau-site-d-essai-2020010{n}T000000Z.tar.gz" for n in (1, 2, 3)]
    for path in (other, *olds):
        path.write_bytes(b"")
    done = inside("backup", "make", tmp_path, "--keep", "2", "--site", school.root)
    assert done.returncode == 0, done.stderr
    assert other.exists()
    left = sorted(path.name for path in tmp_path.glob("preau-site-d-essai-*"))
    assert len(left) == 2
    assert left[0] == olds[2].name


def test_a_key_in_the_site_folder_stays_out(school: School, tmp_path: Path) -> None:
    path = school.root / "witness.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    try:
        made = make(load_site(school.root), tmp_path / "b.tar.gz")
    finally:
        path.unlink()
    assert "witness.pem" in made.left_out
    assert "site/witness.pem" not in made.manifest.files
