"""Leaf certificates: how one is made, and who is asked for one.

``LocalSigner`` holds the CA's key in this process (one worker, demo, tests).
``RemoteSigner`` asks the signer process, which alone holds it. Both answer the same
question: a certificate over *this* public key for *these* names. The leaf's private key
never leaves the worker that made it.
"""

from __future__ import annotations

import datetime
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proxy.ca import FILE, load_ca
from proxy.errors import KeysUnavailable
from proxy.supervisor import local_socket

SOCKET = "signer"
CHAIN_FILE = "chain.pem"
MOST_MESSAGE = 64 * 1024
_VALID = datetime.timedelta(days=30)
_CLOCK_SKEW = datetime.timedelta(days=2)
_MOST_COMMON_NAME = 64
_TIMEOUT = 2.0

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

type Chain = tuple[x509.Certificate, ...]


class Signer(Protocol):
    """Whoever makes leaf certificates."""

    @property
    def chain(self) -> Chain:
        """The signing certificate first."""

    @property
    def chain_file(self) -> Path | None:
        """What to send beside the leaf, where the chain is longer than the CA itself."""

    def issue(
        self, key: ec.EllipticCurvePublicKey, commonname: str | None, names: x509.GeneralNames
    ) -> x509.Certificate:
        """A leaf. Raises ``KeysUnavailable``."""


class LocalSigner:
    """Signs in this process."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, chain: Chain, chain_file: Path | None = None
    ) -> None:
        self.chain = chain
        self.chain_file = chain_file if len(chain) > 1 else None
        self._key = key
        identifier = chain[0].extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        self._authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)

    @classmethod
    def load(cls, ca_dir: Path) -> LocalSigner:
        """With the CA of ``ca_dir``. Raises ``KeysUnavailable``; never makes a CA."""
        return cls(*load_ca(ca_dir), ca_dir / FILE)

    def issue(
        self, key: ec.EllipticCurvePublicKey, commonname: str | None, names: x509.GeneralNames
    ) -> x509.Certificate:
        """A leaf, for servers only, valid for a month or as long as the CA."""
        ca = self.chain[0]
        now = datetime.datetime.now(datetime.UTC)
        named = commonname is not None and len(commonname) <= _MOST_COMMON_NAME
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, commonname or "")] if named else []
        return (
            x509.CertificateBuilder()
            .issuer_name(ca.subject)
            .subject_name(x509.Name(subject))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(min(now + _VALID, ca.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName(names), critical=not subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNATURE_ONLY, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(self._authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )


class RemoteSigner:
    """Asks the signer process over its socket; safe from any thread."""

    def __init__(self, run: Path, timeout: float = _TIMEOUT) -> None:
        self._run = run
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self.chain: Chain = tuple(x509.load_pem_x509_certificates(self._ask({"chain": True})))
        self.chain_file = run / CHAIN_FILE if len(self.chain) > 1 else None

    def issue(
        self, key: ec.EllipticCurvePublicKey, commonname: str | None, names: x509.GeneralNames
    ) -> x509.Certificate:
        """A leaf. Raises ``KeysUnavailable``: the signer is away, or will not sign for it."""
        raw = key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        hosts = names.get_values_for_type(x509.DNSName)
        if len(hosts) != len(list(names)):
            raise KeysUnavailable("signer: only host names get certificates")
        answer = self._ask({"key": raw.hex(), "names": hosts, "cn": commonname})
        return x509.load_der_x509_certificate(answer)

    def _ask(self, question: dict[str, object]) -> bytes:
        message = json.dumps(question).encode()
        with self._lock:
            answer = self._answer(message)
        if answer[:1] == b"K":
            return answer[1:]
        raise KeysUnavailable(f"signer: {answer[1:].decode(errors='replace') or 'no answer'}")

    def _answer(self, message: bytes) -> bytes:
        """Twice: a connection to a signer that was replaced shows it only when it is used."""
        for last in (False, True):
            try:
                if self._connection is None:
                    self._connection = local_socket.connect(
                        self._run, SOCKET, socket.SOCK_SEQPACKET, self._timeout
                    )
                self._connection.send(message)
                if answer := self._connection.recv(MOST_MESSAGE):
                    return answer
                raise ConnectionResetError
            except TimeoutError:
                self.hang_up()  # a late answer must not be taken for the next one's
                raise KeysUnavailable("signer: no answer in time") from None
            except OSError:
                self.hang_up()
                if last:
                    raise KeysUnavailable("signer: cannot be reached") from None
        raise AssertionError

    def hang_up(self) -> None:
        """Ask anew at the next question."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_answered(run: Path) -> str:
    """What is wrong with the signer whose socket is in ``run``; empty when it answers."""
    try:
        RemoteSigner(run).hang_up()
    except KeysUnavailable as error:
        return error.detail
    return ""


def dns_names(hosts: Sequence[str]) -> x509.GeneralNames:
    """Names as a certificate holds them."""
    return x509.GeneralNames([x509.DNSName(host) for host in hosts])
