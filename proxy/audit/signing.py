"""The log's signing key: one Ed25519 key in a file that only the gateway may read."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit._files import write_new
from proxy.audit.note import Signer
from proxy.errors import KeysUnavailable


def load_signer(path: Path, origin: str, *, create: bool) -> Signer:
    """The signer of ``path``; with ``create`` a new key when there is none."""
    try:
        if create and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(path, _new_key(), mode=0o600)
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise KeysUnavailable(f"audit signing key {path}: {error.strerror}") from None
    if mode & 0o077:
        raise KeysUnavailable(f"audit signing key {path}: others may read it; chmod 600 it")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError:
        raise KeysUnavailable(f"audit signing key {path} is damaged") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnavailable(f"audit signing key {path} is not an Ed25519 key")
    return Signer(origin, key)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
