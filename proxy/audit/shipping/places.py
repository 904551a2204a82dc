"""Where copies go: a folder, or a bucket. ``put`` is durable, ``get`` reads back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from proxy.audit._files import write_atomically
from proxy.audit.layout import SEGMENT
from proxy.audit.shipping.sigv4 import Credentials, sign, uri_path
from proxy.outbound import Outage, Place, Reply, request

_MOST = SEGMENT * 65536
"""A segment of the longest lines."""


class Vanished(Outage):
    """What was put is not there."""


class Store(Protocol):
    """One place."""

    def put(self, name: str, data: bytes) -> None:
        """Store ``data`` under ``name``. Raises ``Outage``."""

    def get(self, name: str) -> bytes:
        """What is stored there. Raises ``Vanished``, or ``Outage``."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder, of this machine or mounted."""

    root: Path

    def put(self, name: str, data: bytes) -> None:
        """Whole or not at all, and flushed."""
        path = self.root / name
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            write_atomically(path, data)
        except OSError as error:
            raise Outage(f"{path}: {error.strerror}") from None

    def get(self, name: str) -> bytes:
        """The file's bytes."""
        path = self.root / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise Vanished(f"{path} is not there") from None
        except OSError as error:
            raise Outage(f"{path}: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class S3Store:
    """A bucket of S3-compatible storage, addressed by path (``https://host/bucket/…``)."""

    place: Place
    bucket: str
    prefix: str
    region: str
    credentials: Credentials

    def put(self, name: str, data: bytes) -> None:
        """One ``PUT``; the storage checks the body's hash, which is signed."""
        reply = self._ask("PUT", name, data)
        if not reply.good:
            raise Outage(f"{self._where(name)}: the storage answers {reply.status}")

    def get(self, name: str) -> bytes:
        """One ``GET``."""
        reply = self._ask("GET", name, b"")
        if reply.status == 404:
            raise Vanished(f"{self._where(name)} is not there")
        if not reply.good:
            raise Outage(f"{self._where(name)}: the storage answers {reply.status}")
        return reply.body

    def _ask(self, method: str, name: str, body: bytes) -> Reply:
        parts = urlsplit(self.place.url)
        path = uri_path("/".join(filter(None, (self.bucket, self.prefix, name))))
        full = f"{parts.path.rstrip('/')}/{path}"
        headers = sign(method, parts.netloc, full, body, self.region, self.credentials)
        return request(
            method, self.place, f"/{path}", body=body or None, headers=headers, most=_MOST
        )

    def _where(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}/{name}"
