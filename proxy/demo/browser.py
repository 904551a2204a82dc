"""The demo's pupil: a small HTTPS client that goes through the gateway, as a browser would."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path


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
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._cloud_trust, timeout=10
        )
        connection.set_tunnel(host, 443)
        try:
            connection.request("GET", "/", headers={"Host": host})
            connection.getresponse().read()
            socket = connection.sock
            certificate = socket.getpeercert() if isinstance(socket, ssl.SSLSocket) else None
        finally:
            connection.close()
        issuer = (certificate or {}).get("issuer", ())
        fields = dict(pair for part in issuer for pair in part)  # type: ignore[misc]
        return str(fields.get("commonName", ""))

    def _send(
        self, method: str, host: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._trust, timeout=10
        )
        connection.set_tunnel(host, 443)
        try:
            connection.request(method, path, body, headers | {"Host": host})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, text)
        finally:
            connection.close()
