"""The certificates shown to devices: one leaf key a process, signed by the site's CA.

mitmproxy gives every leaf the CA's own key, so that the CA key signs each handshake, keeps
a hundred leaves, and makes a ten-year RSA CA by itself when it finds none. Here the leaf
key is an EC key of this process, five thousand leaves are kept (least recently used goes
first), and a missing CA is ``KeysUnavailable``.
"""

from __future__ import annotations

import datetime
import time
from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mitmproxy import certs

from proxy.ca import FILE, load_ca

MOST_LEAVES = 5000
_VALID = datetime.timedelta(days=30)
_CLOCK_SKEW = datetime.timedelta(days=2)
_RENEW_AFTER = 10 * 86_400
"""Seconds: a leaf is made anew long before it expires."""

_SIGNATURE_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class LeafStore(certs.CertStore):
    """Takes the place of ``mitmproxy.certs.CertStore`` (see ``install``)."""

    def __init__(
        self,
        ca_key: ec.EllipticCurvePrivateKey,
        chain: tuple[x509.Certificate, ...],
        chain_file: Path | None,
    ) -> None:
        self.default_privatekey = ca_key  # type: ignore[assignment]  # mitmproxy says RSA only
        self.default_ca = certs.Cert(chain[0])
        self.default_chain_file = chain_file
        self.default_chain_certs = [certs.Cert(one) for one in chain]
        self.default_crl = certs.dummy_crl(ca_key, chain[0])  # type: ignore[arg-type]
        self.dhparams = None  # type: ignore[assignment]  # our leaves are EC: DHE is never chosen
        self._leaves: OrderedDict[tuple[str | None, x509.GeneralNames], _Leaf] = OrderedDict()
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._authority = _authority_key_identifier(chain[0])

    @classmethod
    def from_store(
        cls, path: Path | str, basename: str, key_size: int, passphrase: bytes | None = None
    ) -> LeafStore:
        """Called by mitmproxy; never makes a CA."""
        directory = Path(path)
        key, chain = load_ca(directory)
        return cls(key, chain, directory / FILE if len(chain) > 1 else None)

    def get_cert(
        self,
        commonname: str | None,
        sans: Iterable[x509.GeneralName],
        organization: str | None = None,
        crl_url: str | None = None,
    ) -> certs.CertStoreEntry:
        """The leaf for these names, from the cache where it is fresh."""
        names = sans if isinstance(sans, x509.GeneralNames) else x509.GeneralNames(sans)
        wanted = (commonname, names)
        leaf = self._leaves.get(wanted)
        if leaf is None or time.monotonic() - leaf[1] > _RENEW_AFTER:
            leaf = (self._entry(commonname, names), time.monotonic())
            self._leaves[wanted] = leaf
            if len(self._leaves) > MOST_LEAVES:
                self._leaves.popitem(last=False)
        self._leaves.move_to_end(wanted)
        return leaf[0]

    def _entry(self, commonname: str | None, names: x509.GeneralNames) -> certs.CertStoreEntry:
        leaf = certs.Cert(self._sign(commonname, names))
        key: Any = self._leaf_key
        return certs.CertStoreEntry(leaf, key, self.default_chain_file, self.default_chain_certs)

    def _sign(self, commonname: str | None, names: x509.GeneralNames) -> x509.Certificate:
        ca = self.default_ca.to_cryptography()
        now = datetime.datetime.now(datetime.UTC)
        subject = (
            [x509.NameAttribute(NameOID.COMMON_NAME, commonname)]
            if commonname is not None and len(commonname) <= 64
            else []
        )
        key: Any = self.default_privatekey
        return (
            x509.CertificateBuilder()
            .issuer_name(ca.subject)
            .subject_name(x509.Name(subject))
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(min(now + _VALID, ca.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName(names), critical=not subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNATURE_ONLY, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(self._authority, critical=False)
            .sign(key, hashes.SHA256())
        )


type _Leaf = tuple[certs.CertStoreEntry, float]


def _authority_key_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


@cache
def install() -> None:
    """Make mitmproxy use it; before ``TlsConfig`` is configured."""
    certs.CertStore = LeafStore  # type: ignore[misc,assignment]  # our own constructor
