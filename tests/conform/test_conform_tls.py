"""The gateway's own TLS, as ``testssl.sh`` would judge it; and a load by ``h2load``."""

from __future__ import annotations

import re
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conform.conform_door import Door
from tests.sim.authority import client_context
from tests.sim.raw_client import open_tunnel
from tests.sim.raw_server import OK, RawServer, answer
from tests.sim.school import HOST, OpenSchool, School
from tests.sim.served import Served

WEAK = ("3DES", "RC4", "NULL", "aNULL", "EXPORT", "DES", "MD5", "SEED", "IDEA", "PSK", "kRSA")


@pytest.fixture(scope="module")
def gateway(school: School) -> Iterator[OpenSchool]:
    with RawServer(answer(OK), school.tls()) as cloud, school.open_to(cloud) as opened:
        yield opened


def shake(gateway: OpenSchool, context: ssl.SSLContext) -> ssl.SSLSocket:
    sock = open_tunnel(gateway.port, HOST, context)
    assert isinstance(sock, ssl.SSLSocket)
    return sock


def client(gateway: OpenSchool, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = client_context(gateway.ca_pem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("name", ["TLSv1_2", "TLSv1_3"])
def test_modern_versions_shake_hands_without_compression(gateway: OpenSchool, name: str) -> None:
    with shake(gateway, client(gateway, ssl.TLSVersion[name])) as sock:
        assert sock.version() == name.replace("_", ".")
        assert sock.compression() is None


@pytest.mark.parametrize("name", ["TLSv1", "TLSv1_1"])
def test_old_versions_do_not(gateway: OpenSchool, name: str) -> None:
    context = client(gateway, ssl.TLSVersion[name])
    context.set_ciphers("ALL:@SECLEVEL=0")  # or this side would refuse by itself
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)


@pytest.mark.parametrize("ciphers", WEAK)
def test_no_weak_cipher_is_agreed_on(gateway: OpenSchool, ciphers: str) -> None:
    context = client(gateway, ssl.TLSVersion.TLSv1_2)
    try:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    except ssl.SSLError:
        pytest.skip("this OpenSSL has none of them to offer")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)


def test_every_cipher_it_agrees_on_keeps_forward_secrecy(gateway: OpenSchool) -> None:
    agreed = set()
    for cipher in client_context(gateway.ca_pem).get_ciphers():
        if cipher["protocol"] == "TLSv1.3":
            continue
        context = client(gateway, ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(cipher["name"])
        try:
            with shake(gateway, context) as sock:
                agreed.add(sock.cipher()[0])  # type: ignore[index] # there is one after a handshake
        except (ssl.SSLError, ConnectionError):
            continue
    assert agreed
    assert all(name.startswith("ECDHE-ECDSA-") for name in agreed), agreed


def test_a_client_may_not_renegotiate(gateway: OpenSchool, tmp_path: Path) -> None:
    """By OpenSSL's own client, which asks for it with a line that begins with R."""
    ca = tmp_path / "ca.pem"
    ca.write_text(gateway.ca_pem)
    command = ["openssl", "s_client", "-tls1_2", "-proxy", f"127.0.0.1:{gateway.port}"]
    command += ["-connect", f"{HOST}:443", "-servername", HOST, "-CAfile", str(ca)]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=15, check=False)
    said = done.stdout + done.stderr
    assert b"Verify return code: 0 (ok)" in said
    assert b"no renegotiation" in said or b"unexpected message" in said or done.returncode, said


@pytest.mark.slow
@pytest.mark.needs("h2load")
def test_a_load_of_h2load_loses_nothing(school: School, tmp_path: Path) -> None:
    """h2load knows no proxy: a door of ours opens its tunnels."""
    with RawServer(answer(OK), school.tls()) as cloud:
        with Served(school.root, {HOST: cloud.address}) as gateway, Door(gateway.port) as door:
            for protocol in ([], ["--h1"]):
                command = ["h2load", "-n", "300", "-c", "6", "-m", "5", *protocol]
                command += ["--connect-to", f"127.0.0.1:{door.port}", f"https://{HOST}/v1/x"]
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=40, check=False
                )
                good = r"requests: 300 total.* 300 succeeded, 0 failed, 0 errored"
                assert re.search(good, done.stdout), done.stdout + done.stderr
                assert ("h2" if not protocol else "http/1.1") in done.stdout
