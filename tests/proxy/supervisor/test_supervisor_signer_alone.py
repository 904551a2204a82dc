"""The signer under a user of its own: the gateway's has certificates of it, and never the key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proxy.ca import FILE, create_ca, export_ca, load_certificate
from proxy.doctor import Severity, examine
from proxy.supervisor import signer_alone
from proxy.supervisor.leaves import SOCKET, RemoteSigner, dns_names
from tests.proxy.supervisor.supervisor_scene import always_ok, soon
from tests.proxy.supervisor.test_supervisor_signer import leaf_key
from tests.sim.authority import client_context
from tests.sim.raw_client import ConnectRefused, RawClient
from tests.sim.raw_server import RawServer, wait_for
from tests.sim.school import BANK, HOST, School
from tests.sim.served import Served, environment

GATEWAY, SIGNER, STRANGER = 61_001, 61_002, 61_003
"""Users that need not exist; the signer's group is the gateway's."""


class Parted:
    """A site whose key is in a folder of the signer's, and its certificate in the gateway's."""

    def __init__(self, folder: Path) -> None:
        self.school = School(folder, count=2)
        self.run, self.secret = folder / "run", folder / "secret"
        self.run.mkdir()
        shutil.move(self.school.root / "state/ca", self.secret)
        self.public = self.school.root / "state/ca"
        self.public.mkdir()
        (self.public / FILE).write_bytes(export_ca(self.secret))
        (self.public / FILE).chmod(0o600)
        self.gateway = {"PREAU_SIGNER": str(self.run)}
        self.signer = self.gateway | {"PREAU_CA": str(self.secret)}


@pytest.fixture
def parted() -> Iterator[Parted]:
    """Where other users come in, too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Parted(folder)


def as_user(user: int, group: int, work: Callable[[], object]) -> int:
    """What ``work`` gives in a process of that user."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
        code = int(bool(work()))
    finally:
        os._exit(code)


@contextmanager
def serving(parted: Parted) -> Iterator[int]:
    """The signer's process, as its user."""
    child = os.fork()
    if not child:
        try:
            os.environ |= parted.signer
            os.umask(0o027)
            os.setgroups([])
            os.setgid(GATEWAY)
            os.setuid(SIGNER)
            signer_alone.main([str(parted.school.root)])
        finally:
            os._exit(0)
    try:
        assert wait_for((parted.run / SOCKET).exists, 10)
        yield child
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def give(path: Path, user: int, group: int, mode: int) -> None:
    os.chown(path, user, group)
    path.chmod(mode)


def reads(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except PermissionError:
        return False


def signs(run: Path, host: str) -> bool:
    try:
        return RemoteSigner(run).issue(leaf_key(), host, dns_names([host])) is not None
    except (OSError, Exception):
        return False


@pytest.mark.skipif(os.getuid() != 0, reason="becomes other users")
def test_the_gateways_user_has_leaves_and_cannot_read_the_key(parted: Parted) -> None:
    for path in (parted.school.root, *parted.school.root.rglob("*")):
        os.chown(path, GATEWAY, GATEWAY)
    parted.school.root.chmod(0o750)
    give(parted.school.root / "state", GATEWAY, GATEWAY, 0o700)
    give(parted.run, SIGNER, GATEWAY, 0o750)
    give(parted.secret, SIGNER, SIGNER, 0o700)
    give(parted.secret / FILE, SIGNER, SIGNER, 0o600)
    with serving(parted):
        gateway = (GATEWAY, GATEWAY)
        assert as_user(*gateway, lambda: signs(parted.run, HOST)) == 1
        assert as_user(*gateway, lambda: signs(parted.run, BANK)) == 0, "passed unread"
        assert as_user(*gateway, lambda: reads(parted.secret / FILE)) == 0
        assert as_user(*gateway, lambda: reads(parted.public / FILE)) == 1
        assert as_user(SIGNER, GATEWAY, lambda: reads(parted.secret / FILE)) == 1
        assert as_user(STRANGER, STRANGER, lambda: signs(parted.run, HOST)) == 0
        keys = parted.school.root / "state/keys/site.key"
        assert as_user(SIGNER, GATEWAY, lambda: reads(keys)) == 0, "nor the other way round"


def test_a_new_ca_is_taken_in_by_itself(parted: Parted) -> None:
    with serving_here(parted):
        before = RemoteSigner(parted.run).chain[0]
        assert before == load_certificate(parted.public)
        create_ca(parted.secret.parent / "new")
        (parted.secret.parent / "new" / FILE).replace(parted.secret / FILE)
        assert wait_for(lambda: RemoteSigner(parted.run).chain[0] != before, 10)


@contextmanager
def serving_here(parted: Parted) -> Iterator[subprocess.Popen[bytes]]:
    """The signer as its unit starts it, as this user."""
    command = [sys.executable, "-m", "proxy.supervisor.signer_alone", str(parted.school.root)]
    with subprocess.Popen(command, env=environment(**parted.signer)) as process:
        try:
            assert wait_for((parted.run / SOCKET).exists, 20)
            yield process
        finally:
            process.kill()


@pytest.mark.long
def test_a_gateway_lives_by_a_signer_of_its_own(parted: Parted) -> None:
    other = "autre.nuage.example"
    school = parted.school
    file = "services/nuage-classe.yaml"
    text = (school.root / file).read_text()
    school.write(file, text.replace(f"[{HOST}]", f"[{HOST}, {other}]"))
    trusted = client_context(export_ca(parted.public).decode())

    def ask(gateway: Served, host: str) -> bytes:
        try:
            with RawClient.connect(gateway.port, host, trusted) as client:
                return client.ask(b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % host.encode())[0]
        except ConnectRefused as refused:
            return refused.answer

    with RawServer(always_ok, school.tls(HOST, other)) as cloud:
        names = dict.fromkeys((HOST, other), cloud.address)
        with serving_here(parted) as signer:
            with Served(school.root, names, workers=2, variables=parted.gateway) as gateway:
                assert b" 200 " in ask(gateway, HOST)
                assert gateway.get("/-/ready")[0] == 200, gateway.get("/-/ready?verbose")
                assert gateway.metric('preau_process_up{role="signer"}') == 1
                signer.kill()
                signer.wait()
                (parted.run / SOCKET).unlink()
                assert b"keys-unavailable" in ask(gateway, other)
                assert soon(lambda: gateway.get("/-/ready")[0] == 503, 10)
                assert soon(lambda: gateway.metric('preau_process_up{role="signer"}') == 0, 10)
                with serving_here(parted):
                    assert soon(lambda: b" 200 " in ask(gateway, other), 10)
                    assert soon(lambda: gateway.get("/-/ready")[0] == 200, 10)
                    assert gateway.stop() == 0


def test_the_doctor_tells_where_the_gateways_user_can_read_the_key(
    parted: Parted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(check: str = "ca-key") -> Severity:
        [one] = [f for f in examine(parted.school.root) if f.check == check]
        return one.severity

    monkeypatch.setenv("PREAU_SIGNER", str(parted.run))
    assert told("signer") is Severity.BROKEN
    with serving_here(parted):
        assert told() is Severity.GOOD
    shutil.copy(parted.secret / FILE, parted.public / FILE)
    (parted.public / FILE).chmod(0o600)
    assert told() is Severity.BROKEN
    monkeypatch.delenv("PREAU_SIGNER")
    assert told() is Severity.WARNING
