"""The site's keys in a backup: sealed with a passphrase, or not at all.

AES-256-GCM under a key that scrypt makes of the passphrase (128 MiB and about half a second
for each guess). ``erasure.key`` is never among them: the one copy that there may be of it
is replaced after each erasure, and a backup cannot be.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from proxy.errors import InputError
from proxy.pseudonyms import erasable
from proxy.pseudonyms.keyfiles import location
from proxy.site import Site

LEAST = 12
"""Characters of a passphrase."""
_COST = 1 << 17
_LARGEST = 1 << 20
_ABOUT = b"preau backup keys 1"


def seal_keys(site: Site, passphrase: str) -> bytes:
    """The keys and the authority, sealed. Raises ``InputError``."""
    if len(passphrase) < LEAST:
        raise InputError(f"the passphrase must have at least {LEAST} characters")
    files = {f"keys/{path.name}": path for path in _key_files(site)}
    files |= {f"ca/{path.name}": path for path in _files(site.ca_dir)}
    content = {name: _text(path) for name, path in sorted(files.items())}
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(content).encode(), _ABOUT)
    return base64.b64encode(salt + nonce + sealed)


def open_keys(sealed: bytes, passphrase: str) -> Mapping[str, bytes]:
    """``keys/NAME`` and ``ca/NAME`` to their content. Raises ``InputError``."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        plain = AESGCM(_key(passphrase, raw[:16])).decrypt(raw[16:28], raw[28:], _ABOUT)
    except (InvalidTag, ValueError):
        raise InputError("the passphrase does not open this backup's keys") from None
    return {name: base64.b64decode(text) for name, text in json.loads(plain).items()}


def _key_files(site: Site) -> list[Path]:
    folders = {location(site.keys_dir), site.keys_dir}
    return [
        path
        for folder in sorted(folders)
        for path in _files(folder)
        if path.suffix in (".key", ".pem") and path.name != erasable.FILE
    ]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}: run this as the gateway's user") from None
    if len(data) > _LARGEST:
        raise InputError(f"{path} is too long for a key: keep other files elsewhere")
    return base64.b64encode(data).decode()


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())
