"""The demo's pupil: a small HTTPS client that goes through the gateway, as a browser would."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (lower-case names), body."""

    status: int
    headers: dict[str, str]
    body: str


class Browser:
    """Sends requests through the proxy; trusts the site's authority and nothing else."""

    def __init__(self, proxy_port: int, authority: Path, cloud_authority: Path) -> None:
        self._port = proxy_port
        self._trust = ssl.create_default_context(cafile=str(authority))
        self._cloud_trust = ssl.create_default_context(cafile=str(cloud_authority))

    def get(self, host: str, path: str, accept: str = "text/html") -> Answer:
        """GET, as a page or a script would."""
        return self._send("GET", host, path, None, {"Accept": accept})

    def post_json(self, host: str, path: str, body: str) -> Answer:
        """POST a JSON body."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._send("POST", host, path, body.encode(), headers)

    def issuer(self, host: str) -> str:
        """Who signed the certificate that ``host`` presents through the gateway.

        Only a genuine certificate of the cloud is accepted: a tunnel that was decrypted on
        the way would raise ``ssl.SSLCertVerificationError``.
        """
        certificate = self._certificate(host, self._cloud_trust)
        return str(certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def pin(self, host: str) -> str:
        """The SPKI hash of the certificate made for ``host``, as Chromium takes it."""
        key = self._certificate(host, self._trust).public_key()
        spki = key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(hashlib.sha256(spki).digest()).decode()

    def _certificate(self, host: str, trust: ssl.SSLContext) -> x509.Certificate:
        connection = self._open(host, trust)
        try:
            connection.connect()
            socket = connection.sock
            assert isinstance(socket, ssl.SSLSocket)
            return x509.load_der_x509_certificate(socket.getpeercert(binary_form=True) or b"")
        finally:
            connection.close()

    def _open(self, host: str, trust: ssl.SSLContext) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=trust, timeout=10)
        connection.set_tunnel(host, 443)
        return connection

    def _send(
        self, method: str, host: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection = self._open(host, self._trust)
        try:
            connection.request(method, path, body, headers | {"Host": host})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, text)
        finally:
            connection.close()
