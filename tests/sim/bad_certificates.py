"""Certificates that no careful client may accept, and a few that it must, all for one name."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_DAY = datetime.timedelta(days=1)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Issuer:
    """An authority, or an intermediate one."""

    name: str
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate = field(init=False)
    above: Issuer | None = None
    ca: bool = True
    permitted: str = ""
    path_length: int | None = None
    days: tuple[int, int] = (-10, 10)

    def __post_init__(self) -> None:
        signer = self.above or self
        build = _builder(self.name, self.key, signer.name, self.days).add_extension(
            x509.BasicConstraints(self.ca, self.path_length if self.ca else None), critical=True
        )
        build = build.add_extension(_usage(signs_certificates=self.ca), critical=True)
        if self.permitted:
            names = x509.NameConstraints([x509.DNSName(self.permitted)], None)
            build = build.add_extension(names, critical=True)
        build = _identified(build, self.key, signer.key)
        self.certificate = build.sign(signer.key, hashes.SHA256())

    def context(
        self,
        *names: str,
        days: tuple[int, int] = (-1, 1),
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        key: Key | None = None,
        common_name: str = "",
    ) -> ssl.SSLContext:
        """A server that shows a certificate of this issuer, with the intermediates."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        build = _builder(common_name, own, self.name, days)
        build = build.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            given = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            build = build.add_extension(given, critical=not common_name)
        build = _identified(build, own, self.key)
        chain = [build.sign(self.key, hashes.SHA256()), *self._chain()]
        return _serving(chain, own)

    def _chain(self) -> Iterator[x509.Certificate]:
        if self.above is not None:
            yield self.certificate
            yield from self.above._chain()


def _builder(name: str, key: Key, issuer: str, days: tuple[int, int]) -> Any:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name) if name else x509.Name([]))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() + days[0] * _DAY)
        .not_valid_after(_now() + days[1] * _DAY)
    )


def _identified(build: Any, key: Key, signer: Key) -> Any:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return build.add_extension(own, critical=False).add_extension(by, critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _serving(chain: list[x509.Certificate], key: Key) -> ssl.SSLContext:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem += b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # this side may be as weak as it likes
    with TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.write_bytes(pem)
        context.load_cert_chain(file)
    return context


def good(root: Issuer, host: str) -> dict[str, ssl.SSLContext]:
    """What must be accepted, or the refusals below would show nothing."""
    parent = host.partition(".")[2]
    return {
        "plain": root.context(host),
        "wildcard": root.context(f"*.{parent}"),
        "intermediate": Issuer("Intermediate", above=root).context(host),
        "constrained to it": Issuer("Inside", above=root, permitted=parent).context(host),
        "rsa 2048": root.context(host, key=rsa.generate_private_key(65537, 2048)),
    }


def bad(root: Issuer, host: str) -> dict[str, ssl.SSLContext]:
    """By what is wrong with them."""
    parent = host.partition(".")[2]
    above = parent.partition(".")[2]
    pathless = Issuer("No further", above=root, path_length=0)
    return {
        "expired": root.context(host, days=(-9, -1)),
        "not yet valid": root.context(host, days=(1, 9)),
        "wrong host": root.context("another.example"),
        "parent domain": root.context(parent),
        "no name but the common name": root.context(common_name=host),
        "wildcard one level up": root.context(f"*.{above}"),
        "wildcard of a whole tree": root.context(f"*.*.{above}"),
        "partial wildcard": root.context(f"{host[:2]}*{host[5:]}"),
        "host with a NUL": root.context(f"{host}\0.another.example"),
        "self-signed": Issuer(host, ca=False).context(host),
        "unknown root": Issuer("Another root").context(host),
        "same name as the root": Issuer(root.name).context(host),
        "client's usage": root.context(host, usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        "mail's usage": root.context(host, usage=ExtendedKeyUsageOID.EMAIL_PROTECTION),
        "signed by a leaf": Issuer("A leaf", above=root, ca=False).context(host),
        "name constraints": Issuer("Elsewhere", above=root, permitted="other.example").context(
            host
        ),
        "path too long": Issuer("Too far", above=pathless).context(host),
        "expired intermediate": Issuer("Old", above=root, days=(-9, -1)).context(host),
        "weak key": root.context(host, key=rsa.generate_private_key(65537, 1024)),
    }
