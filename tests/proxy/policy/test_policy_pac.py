"""``proxy.pac`` as a JavaScript engine runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from proxy.policy.pac import render
from tests.sim.served import inside

GATEWAY = "PROXY gw1.ecole.example:8080; PROXY gw2.ecole.example:8080"
PAC = render(
    'École "du\nParc" */ x',
    ("gw1.ecole.example:8080", "gw2.ecole.example:8080"),
    ("Cantine.Example", "*.imprimeurs.example"),
)


def _answers(hosts: list[str]) -> Mapping[str, str]:
    """What the file says for each host, without any function of a browser."""
    code = f"{PAC}\nvar out = {{}};\nfor (const h of {json.dumps(hosts)}) "
    code += "out[h] = FindProxyForURL('https://' + h + '/', h);\nconsole.log(JSON.stringify(out));"
    done = subprocess.run(
        ["node", "-e", code], capture_output=True, text=True, timeout=30, check=True
    )
    found: Mapping[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.needs("node")
def test_everything_goes_through_the_gateway_but_what_is_inside_or_said_to_go_direct() -> None:
    through = [
        "www.example.com", "banque.example", "1.2.3.4", "172.32.0.1", "10.example.com",
        "192.168.example", "notcantine.example", "cantine.example.evil.example",
        "imprimeurs.example", "badimprimeurs.example", "localhost.example", "2001:db8::1",
        "fd.example", "fcde.example",
    ]  # fmt: skip
    direct = [
        "localhost", "intranet", "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1",
        "172.31.9.9", "169.254.1.1", "::1", "fd00::1", "fe80::1", "cantine.example",
        "CANTINE.example.", "a.imprimeurs.example", "a.b.imprimeurs.example",
    ]  # fmt: skip
    answers = _answers(through + direct)
    assert {host: answers[host] for host in through} == dict.fromkeys(through, GATEWAY)
    assert {host: answers[host] for host in direct} == dict.fromkeys(direct, "DIRECT")


def test_a_gateway_that_is_away_is_no_way_round() -> None:
    assert "DIRECT" not in GATEWAY
    assert PAC.count('return "DIRECT"') == 4


@pytest.mark.parametrize("name", ["", "*", "a.*.example", "*.*", 'x";alert(1)//'])
def test_what_is_no_host_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="neither a host"):
        render("site", ("gw:8080",), (name,))


@pytest.mark.parametrize("gateway", ["gw", "gw:0", "gw:99999", "a b:80", "gw:80; DIRECT", ":80"])
def test_what_is_no_gateway_is_refused(gateway: str) -> None:
    with pytest.raises(ValueError, match="no gateway"):
        render("site", (gateway,))


def test_the_command_takes_names_and_addresses_but_not_a_loopback_nobody_said(
    tmp_path: Path,
) -> None:
    site = tmp_path / "site"
    assert inside("init", site).returncode == 0
    words = (
        "pac",
        "--site",
        site,
        "--gateway",
        "gw.ecole.example:8080",
        "--gateway",
        "[fd00::1]:80",
    )
    done = inside(*words)
    assert done.returncode == 0, done.stderr
    assert b"PROXY gw.ecole.example:8080; PROXY [fd00::1]:80" in done.stdout
    assert inside("pac", "--site", site).returncode == 2
