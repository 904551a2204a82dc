"""The site's own certificate authority: made here, kept here, exported as a certificate only.

What comes in: the site's CA directory. What goes out: a CA that the gateway can sign with
(``mitmproxy-ca.pem``, key and certificate) and copies of the certificate in the forms that
device management tools take. What must never happen here: overwriting a CA, a private key
that others can read, or a private key in an export.
"""

from __future__ import annotations

import datetime
import os
import plistlib
import stat
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proxy.errors import InputError, KeysUnavailable

FILE = "mitmproxy-ca.pem"
"""The name that mitmproxy looks for in its configuration directory."""

DEFAULT_NAME = "Préau"
MAX_DAYS = 5 * 365
FORMATS = ("pem", "der", "mobileconfig", "p7b")

_CLOCK_SKEW = datetime.timedelta(days=1)
"""Devices whose clock is late must still accept a CA made today."""

_NAMESPACE = uuid.UUID("6d0f6f5c-4d0a-5a3b-9d52-0c3a6e1b7f21")
"""So that exporting twice gives one profile, not two."""


@dataclass(frozen=True, slots=True)
class CaInfo:
    """What may be shown of a CA."""

    path: Path
    subject: str
    fingerprint: str
    not_after: datetime.datetime
    permitted: tuple[str, ...]
    """Domains the CA is confined to; empty for any."""


def create_ca(
    directory: Path,
    common_name: str = DEFAULT_NAME,
    *,
    days: int = MAX_DAYS,
    permitted: Sequence[str] = (),
) -> CaInfo:
    """Make an EC P-256 CA in ``directory``; ``permitted`` confines it to those domains.

    Never replaces one: devices trust it, so that an overwritten CA cuts them all off.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InputError(f"a CA may be valid for 1 to {MAX_DAYS} days, not {days}")
    if not 1 <= len(common_name) <= 64:
        raise InputError("the name of the CA must have 1 to 64 characters")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, common_name, days, permitted)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_once(directory / FILE, secret + certificate.public_bytes(serialization.Encoding.PEM))
    return ca_info(directory)


def _self_signed(
    key: ec.EllipticCurvePrivateKey, common_name: str, days: int, permitted: Sequence[str]
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now - _CLOCK_SKEW + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_CERTIFICATES_ONLY, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if permitted:
        names = [x509.DNSName(domain.encode("idna").decode()) for domain in permitted]
        builder = builder.add_extension(x509.NameConstraints(names, None), critical=True)
    return builder.sign(key, hashes.SHA256())


_CERTIFICATES_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _write_once(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(
            f"{path} exists: a CA is never overwritten; to start anew, move it away and have "
            "every device trust the new one"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def load_certificate(directory: Path) -> x509.Certificate:
    """The CA's certificate."""
    return x509.load_pem_x509_certificate(_read(directory))


def holds_key(directory: Path) -> bool:
    """Whether the private key lies beside the certificate."""
    return b"PRIVATE KEY" in _read(directory)


def load_ca(directory: Path) -> tuple[ec.EllipticCurvePrivateKey, tuple[x509.Certificate, ...]]:
    """The CA's private key and its chain, the signing certificate first; for the worker."""
    content = _read(directory)
    path = directory / FILE
    try:
        key = serialization.load_pem_private_key(content, None)
        chain = tuple(x509.load_pem_x509_certificates(content))
    except (ValueError, TypeError):
        raise KeysUnavailable(f"{path} does not hold a CA's key and certificate") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != chain[0].public_key():
        raise KeysUnavailable(f"{path}: the key must be an EC key and match the certificate")
    if chain[0].not_valid_after_utc <= datetime.datetime.now(datetime.UTC):
        raise KeysUnavailable(f"{path} has expired: move it away and run preau ca init")
    return key, chain


def _read(directory: Path) -> bytes:
    path = directory / FILE
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        raise KeysUnavailable(f"there is no CA at {path}: run preau ca init") from None
    except OSError as error:
        raise KeysUnavailable(f"{path} cannot be read ({error.strerror})") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysUnavailable(f"{path} is open to other users: run chmod 600 {path}")
    return content


def ca_info(directory: Path) -> CaInfo:
    """What may be shown of the CA in ``directory``."""
    certificate = load_certificate(directory)
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        permitted = constraints.value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        permitted = []
    return CaInfo(
        path=directory / FILE,
        subject=_common_name(certificate),
        fingerprint=fingerprint(certificate),
        not_after=certificate.not_valid_after_utc,
        permitted=tuple(str(name.value) for name in permitted),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 as device managers show it, pairs of hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def export_ca(directory: Path, format: str = "pem") -> bytes:
    """The certificate, never the key, for installation on devices.

    ``pem`` and ``der`` for Linux, Android and browsers, ``p7b`` for Windows group policies,
    ``mobileconfig`` for Apple devices.
    """
    certificate = load_certificate(directory)
    match format:
        case "pem":
            return certificate.public_bytes(serialization.Encoding.PEM)
        case "der":
            return certificate.public_bytes(serialization.Encoding.DER)
        case "p7b":
            return pkcs7.serialize_certificates([certificate], serialization.Encoding.DER)
        case "mobileconfig":
            return _mobileconfig(certificate)
    raise InputError(f"unknown format {format!r}: use one of {', '.join(FORMATS)}")


def _mobileconfig(certificate: x509.Certificate) -> bytes:
    name = _common_name(certificate)
    digest = certificate.fingerprint(hashes.SHA256()).hex()
    root = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"preau.ca.{digest[:16]}.root",
        "PayloadUUID": str(uuid.uuid5(_NAMESPACE, digest + "root")).upper(),
        "PayloadDisplayName": name,
        "PayloadContent": certificate.public_bytes(serialization.Encoding.DER),
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"preau.ca.{digest[:16]}",
        "PayloadUUID": str(uuid.uuid5(_NAMESPACE, digest)).upper(),
        "PayloadDisplayName": name,
        "PayloadContent": [root],
    }
    return plistlib.dumps(profile)
