"""The certificates shown to devices."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from addons import leaf
from addons.leaf import LeafStore
from proxy.ca import create_ca
from proxy.errors import KeysUnavailable
from tests.sim.authority import client_context
from tests.sim.gateway import gateway, gateway_pem
from tests.sim.raw_client import open_tunnel
from tests.sim.raw_server import OK, answer


@pytest.fixture
def store(stage: Any) -> LeafStore:
    return LeafStore.from_store(stage.ca_dir, "mitmproxy", 2048)


def names(*hosts: str) -> list[x509.GeneralName]:
    return [x509.DNSName(host) for host in hosts]


def test_a_leaf_never_has_the_key_of_the_ca(store: LeafStore) -> None:
    entry = store.get_cert("a.example", names("a.example"))
    key = entry.cert.to_cryptography().public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key == entry.privatekey.public_key()
    assert key != store.default_ca.public_key()


def test_two_processes_would_have_two_leaf_keys(stage: Any, store: LeafStore) -> None:
    other = LeafStore.from_store(stage.ca_dir, "mitmproxy", 2048)
    one, two = (s.get_cert("a.example", names("a.example")) for s in (store, other))
    assert one.privatekey.public_key() != two.privatekey.public_key()


def test_a_leaf_is_signed_by_the_ca_short_lived_and_for_servers_only(store: LeafStore) -> None:
    certificate = store.get_cert("a.example", names("a.example", "b.example")).cert._cert
    certificate.verify_directly_issued_by(store.default_ca.to_cryptography())
    extensions = certificate.extensions
    san = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert san.get_values_for_type(x509.DNSName) == ["a.example", "b.example"]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime <= datetime.timedelta(days=33)


def test_a_leaf_does_not_outlive_the_ca(tmp_path: Path) -> None:
    info = create_ca(tmp_path / "ca", days=3)
    store = LeafStore.from_store(tmp_path / "ca", "mitmproxy", 2048)
    certificate = store.get_cert("a.example", names("a.example")).cert._cert
    assert certificate.not_valid_after_utc <= info.not_after


def test_the_least_recently_used_leaf_goes_first(
    store: LeafStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaf, "MOST_LEAVES", 3)
    first = [store.get_cert(host, names(host)) for host in ("a", "b", "c")]
    assert store.get_cert("a", names("a")) is first[0]
    store.get_cert("d", names("d"))
    assert store.get_cert("a", names("a")) is first[0]
    assert store.get_cert("c", names("c")) is first[2]
    assert store.get_cert("b", names("b")) is not first[1]


def test_a_leaf_is_made_anew_long_before_it_expires(
    store: LeafStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store.get_cert("a", names("a"))
    assert store.get_cert("a", names("a")) is old
    monkeypatch.setattr(leaf, "_RENEW_AFTER", -1)
    assert store.get_cert("a", names("a")) is not old


def test_a_name_too_long_for_a_subject_is_in_the_alternative_names(store: LeafStore) -> None:
    host = ".".join(["x" * 40] * 3)
    certificate = store.get_cert(host, names(host)).cert._cert
    assert not list(certificate.subject)
    assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_a_missing_ca_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable):
        LeafStore.from_store(tmp_path, "mitmproxy", 2048)
    assert list(tmp_path.iterdir()) == []


def test_clients_hold_a_ca_to_the_domains_it_is_confined_to(stage: Any, tmp_path: Path) -> None:
    create_ca(tmp_path / "ca", permitted=["cloud.example"])
    context = client_context(gateway_pem(tmp_path / "ca"))
    with stage.cloud(answer(OK)) as cloud:
        with gateway(tmp_path / "ca", [], {}, stage.authority.pem) as worker:
            open_tunnel(worker.port, "cloud.example", context).close()
            open_tunnel(worker.port, "sub.cloud.example", context).close()
            with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
                open_tunnel(worker.port, "bank.example", context)
    assert cloud.everything == b""
