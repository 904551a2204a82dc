"""The site's certificate authority: made once, kept to oneself, exported without its key."""

from __future__ import annotations

import datetime
import plistlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from proxy.ca import FILE, FORMATS, MAX_DAYS, ca_info, create_ca, export_ca, load_ca
from proxy.errors import InputError, KeysUnavailable


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    create_ca(tmp_path / "ca", "Préau Exemple")
    return tmp_path / "ca"


def test_the_key_is_for_its_owner_only(directory: Path) -> None:
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in directory.iterdir()] == [FILE]


def test_it_is_an_ec_ca_that_signs_servers_only_for_five_years_at_most(directory: Path) -> None:
    key, (certificate,) = load_ca(directory)
    assert isinstance(key.curve, ec.SECP256R1)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca
    assert constraints.value.path_length == 0
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime <= datetime.timedelta(days=MAX_DAYS)
    with pytest.raises(InputError, match="days"):
        create_ca(directory / "other", days=MAX_DAYS + 1)


def test_it_is_never_overwritten(directory: Path) -> None:
    before = (directory / FILE).read_bytes()
    with pytest.raises(InputError, match="never overwritten"):
        create_ca(directory)
    assert (directory / FILE).read_bytes() == before


def test_two_cas_differ(directory: Path, tmp_path: Path) -> None:
    assert create_ca(tmp_path / "two").fingerprint != ca_info(directory).fingerprint


def test_it_can_be_confined_to_domains(tmp_path: Path) -> None:
    info = create_ca(tmp_path / "ca", permitted=["classroom.example", "école.example"])
    assert info.permitted == ("classroom.example", "xn--cole-9oa.example")
    assert ca_info(tmp_path / "ca") == info


def test_no_export_holds_the_key(directory: Path) -> None:
    key, _ = load_ca(directory)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    for format in FORMATS:
        content = export_ca(directory, format)
        assert b"PRIVATE" not in content
        assert secret not in content


def test_every_export_holds_the_certificate(directory: Path) -> None:
    _, (certificate,) = load_ca(directory)
    assert x509.load_pem_x509_certificate(export_ca(directory)) == certificate
    assert x509.load_der_x509_certificate(export_ca(directory, "der")) == certificate
    bundle = pkcs7.load_der_pkcs7_certificates(export_ca(directory, "p7b"))
    assert bundle == [certificate]
    profile = plistlib.loads(export_ca(directory, "mobileconfig"))
    (root,) = profile["PayloadContent"]
    assert root["PayloadType"] == "com.apple.security.root"
    assert x509.load_der_x509_certificate(root["PayloadContent"]) == certificate
    assert profile["PayloadDisplayName"] == "Préau Exemple"


def test_exporting_twice_gives_the_same_profile(directory: Path) -> None:
    assert export_ca(directory, "mobileconfig") == export_ca(directory, "mobileconfig")


def test_an_unknown_format_names_the_known_ones(directory: Path) -> None:
    with pytest.raises(InputError, match="pem, der"):
        export_ca(directory, "jks")


def test_a_missing_ca_says_what_to_do(tmp_path: Path) -> None:
    for use in (load_ca, ca_info, export_ca):
        with pytest.raises(KeysUnavailable, match="run preau ca init"):
            use(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_ca_that_others_can_read_is_refused(directory: Path, mode: int) -> None:
    (directory / FILE).chmod(mode)
    with pytest.raises(KeysUnavailable, match="chmod 600"):
        load_ca(directory)


def test_what_is_no_ca_is_refused_without_quoting_it(directory: Path) -> None:
    (directory / FILE).write_text("not a key: s3cret")
    with pytest.raises(KeysUnavailable) as caught:
        load_ca(directory)
    assert "s3cret" not in str(caught.value)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_key_that_does_not_match_is_refused(directory: Path) -> None:
    other = _pem(ec.generate_private_key(ec.SECP256R1()))
    (directory / FILE).write_bytes(other + export_ca(directory))
    with pytest.raises(KeysUnavailable, match="match"):
        load_ca(directory)


def test_an_expired_ca_is_refused(tmp_path: Path) -> None:
    create_ca(tmp_path, days=1)  # from a day ago, for late clocks: expired from the start
    with pytest.raises(KeysUnavailable, match="expired"):
        load_ca(tmp_path)
