"""Signing keys, the log's and a witness's: one Ed25519 key in a file that only its owner reads."""

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
    return Signer(origin, load_private_key(path, "audit signing key", create=create))


def load_private_key(path: Path, what: str, *, create: bool) -> Ed25519PrivateKey:
    """The Ed25519 key of ``path``, which ``what`` names in messages."""
    try:
        if create and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(path, _new_key(), mode=0o600)
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise KeysUnavailable(f"{what} {path}: {error.strerror}") from None
    if mode & 0o077:
        raise KeysUnavailable(f"{what} {path}: others may read it; chmod 600 it")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError:
        raise KeysUnavailable(f"{what} {path} is damaged") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnavailable(f"{what} {path} is not an Ed25519 key")
    return key


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
