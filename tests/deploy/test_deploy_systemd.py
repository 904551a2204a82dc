"""The units: understood by systemd, and hardened as far as promised."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from proxy.cli import build_parser
from proxy.supervisor import signer_alone
from proxy.supervisor.leaves import SOCKET
from tests.sim.served import ROOT

UNITS = ROOT / "deploy/systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSURE = 2.0
pytestmark = pytest.mark.needs("systemd-analyze")


def _analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _here(text: str) -> str:
    return re.sub(r"/opt/preau/\.venv/bin/\w+", "/bin/true", text)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as installed, but with programs that exist on this machine."""
    for path in UNITS.glob("preau*"):
        if path.is_file():
            text = _here(path.read_text(encoding="utf-8"))
            (tmp_path / path.name).write_text(text, encoding="utf-8")
        else:
            shutil.copytree(path, tmp_path / path.name)
    for path in tmp_path.glob("*/*.conf"):
        text = _here(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_exposed_more_than_promised(name: str) -> None:
    told = _analyze("security", "--offline=true", "--no-pager", UNITS / name)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert level is not None, told.stderr
    assert float(level[1]) <= MOST_EXPOSURE, told.stdout


def test_systemd_understands_every_unit_and_drop_in(installed: Path) -> None:
    units = [path for path in sorted(installed.glob("preau*")) if path.is_file()]
    assert len(units) >= 6
    told = _analyze("verify", "--recursive-errors=no", "--man=no", *units)
    ours = [line for line in told.stderr.splitlines() if "preau" in line]
    assert not ours, told.stderr


def test_systemd_tells_an_unknown_setting(installed: Path) -> None:
    """Else the test above could not fail."""
    unit = installed / "preau.service"
    unit.write_text(unit.read_text(encoding="utf-8").replace("UMask=", "UMusk="), encoding="utf-8")
    told = _analyze("verify", "--recursive-errors=no", "--man=no", unit)
    assert "UMusk" in told.stderr


@pytest.mark.parametrize("path", sorted(UNITS.rglob("*")), ids=lambda path: path.name)
def test_every_command_of_a_unit_is_one_of_ours(path: Path) -> None:
    if path.is_dir():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("Exec") and "/bin/preau " in line:
            words = line.partition("/bin/preau ")[2].split()
            assert build_parser(words).parse_args(words).verb == words[0]


def test_the_signers_user_is_not_the_gateways_and_both_know_one_socket() -> None:
    def told(name: str, setting: str) -> str:
        [value] = re.findall(rf"(?m)^{setting}=(.+)$", (UNITS / name).read_text(encoding="utf-8"))
        return str(value)

    assert told("preau-signer.service", "User") != told("preau.service", "User")
    assert told("preau-signer.service", "Group") == told("preau.service", "Group")
    assert told("preau-signer.socket", "SocketUser") == told("preau.service", "User")
    assert told("preau-signer.socket", "SocketMode") == "0600"
    folder, name = told("preau-signer.socket", "ListenSequentialPacket").rsplit("/", 1)
    assert name == SOCKET
    assert told("preau.service.d/signer.conf", "Environment") == f"PREAU_SIGNER={folder}"
    assert f"PREAU_SIGNER={folder}" in told("preau-signer.service", "Environment")
    module = re.search(r"-m (\S+) ", told("preau-signer.service", "ExecStart"))
    assert module is not None
    assert module[1] == signer_alone.__name__


def test_the_watchdog_and_the_notice_are_on() -> None:
    text = (UNITS / "preau.service").read_text(encoding="utf-8")
    assert "Type=notify" in text
    assert re.search(r"^WatchdogSec=\d+$", text, re.MULTILINE)
