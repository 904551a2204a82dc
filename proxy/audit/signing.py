"""Signing keys, the log's and a witness's: one Ed25519 key in a file that only its owner reads.

Changing the log's (``preau keys rotate --audit``), in the order that a crash may cut anywhere:

1. the new key is written beside the old one (``.next``);
2. the writer records ``key-rotated`` with the new public key, seals under the old key, and
   keeps the proof of that event: the hand-over (``keyring``). From here on the new key is
   in force;
3. the old secret is overwritten, the new file takes its name.

Opening after a crash looks whether the hand-over names the ``.next`` key: then step 3 is
done now, else the ``.next`` key was never in force and is destroyed.
"""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit._files import destroy, sync_directory, write_new
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
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


class SigningKey:
    """The key in its file, and the change to a new one. The caller is the log's writer."""

    def __init__(self, layout: Layout, path: Path, origin: str) -> None:
        self._layout = layout
        self._path = path
        self._origin = origin
        self._next = path.with_name(f"{path.name}.next")

    def load(self) -> Signer:
        """The signer in force, after ending a change that a crash or a full disk cut short."""
        started = self._layout.public_key.exists()
        if started and self._next.exists():
            coming = load_signer(self._next, self._origin, create=False).key
            if read_ring(self._layout).newest == coming:
                self._replace()
            else:
                destroy(self._next)
        return load_signer(self._path, self._origin, create=not started)

    def prepare(self) -> Signer:
        """Step 1: the signer of a new key, not in force yet."""
        if self._next.exists():
            destroy(self._next)
        return load_signer(self._next, self._origin, create=True)

    def adopt(self) -> None:
        """Step 3, once the hand-over is on disk."""
        self._replace()

    def _replace(self) -> None:
        if self._path.exists():  # a crash may have come between the two
            destroy(self._path)
        self._next.replace(self._path)
        sync_directory(self._path.parent)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
