"""The site's key files: making, reading and rotating them.

The ceremony, for whoever runs it:

1. ``preau keys init``, as the user the gateway runs as. It makes the folder (0700) and
   ``site.key``, ``root-1.key`` and ``erasure.key`` (0600), each of the system's random source.
2. Copy ``site.key`` and ``root-1.key`` to two places apart from the store's backups (a safe, a
   sealed USB stick): key and store together are the pupils' names; the store without the key is
   noise, and so is the key without the store. Compare the fingerprints of ``preau keys status``.
   Of ``erasure.key`` keep one copy only, and replace it after every erasure (``erasable``).
3. Every machine of the site gets the same files, by hand or as systemd credentials
   (``LoadCredential=site.key:…`` and ``LoadCredential=root-1.key:…``): when
   ``$CREDENTIALS_DIRECTORY`` holds a ``site.key``, all keys are read there.
4. ``preau keys rotate`` adds ``root-2.key`` for new pseudonyms and deletes nothing: what
   services already hold was made with the old one. It changes every pseudonym a service
   will see from then on, so plan it with the service's data (export, replace), copy the new
   file to every machine, then restart. There is no timer that does it for you.

Two sorts of key that people copy, because they have two lives. ``root-N.key`` makes the
pseudonyms that services see; it rotates. ``site.key`` protects what we keep (sealed values,
fingerprints, vault references); rotating it would mean rewriting the whole store, lose the
directory's look-ups half-way, and give every vault value a second reference. It stays for the
life of the store, which remembers a check value of it and refuses another.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from proxy.errors import InputError, KeysUnavailable
from proxy.pseudonyms import erasable
from proxy.pseudonyms.erasable import KeyTree

KEY_BYTES = 32
MAX_VERSION = 25
"""A version is one letter in a pseudonym, also where only letters are allowed; z is no
version: it marks a tiny alias (``proxy.pseudonyms.aliases``)."""

SITE_FILE = "site.key"
_ROOT_FILE = re.compile(r"root-([1-9]\d?)\.key")
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_FORMAT = re.compile(
    r"-----BEGIN PREAU KEY-----\n"
    r"Name: (?P<name>[a-z0-9-]+)\n"
    r"Created: (?P<created>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n"
    r"\n"
    r"(?P<key>[A-Za-z0-9+/]+={0,2})\n"
    r"-----END PREAU KEY-----\n"
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key as read. The secret stays out of the repr."""

    name: str
    created: str
    secret: bytes = field(repr=False)


def initialise(keys_dir: Path) -> None:
    """Make the first keys; refuses a folder that already holds some."""
    with _as_input_error(keys_dir):
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        present = sorted(path.name for path in keys_dir.glob("*.key"))
        if present:
            raise InputError(
                f"{keys_dir}: holds {', '.join(present)} already; 'preau keys rotate' adds a "
                f"version. After an interrupted init, and only if the site has no data yet, "
                f"remove the folder and start again"
            )
        _check_folder(keys_dir)
        _create(keys_dir, root_file(1))
        erasable.create(keys_dir)
        _create(keys_dir, SITE_FILE)


def rotate(keys_dir: Path) -> int:
    """Add the next root key; the version it has. The old ones stay."""
    if location(keys_dir) != keys_dir:
        raise InputError(
            "the keys come from systemd credentials, which are read-only; "
            "add root-N.key where they are defined"
        )
    _, roots = read_keys(keys_dir)
    version = max(roots) + 1
    if version > MAX_VERSION:
        raise InputError(f"{keys_dir}: {MAX_VERSION} versions is the most; start a new site key")
    with _as_input_error(keys_dir):
        _create(keys_dir, root_file(version))
    return version


def read_keys(keys_dir: Path) -> tuple[KeyFile, dict[int, KeyFile]]:
    """The site key and the root keys by version; ``KeysUnavailable`` says what is amiss."""
    folder = location(keys_dir)
    credentials = folder != keys_dir
    try:
        _check_folder(folder)
        names = sorted(entry.name for entry in folder.iterdir())
        site = _read(folder, SITE_FILE, credentials)
        roots = {
            int(match[1]): _read(folder, name, credentials)
            for name in names
            if (match := _ROOT_FILE.fullmatch(name))
        }
    except OSError as error:
        path = error.filename or folder
        raise KeysUnavailable(
            f"{path}: {error.strerror}; run 'preau keys init' for a new site, else restore "
            f"the file and let the gateway's user read it"
        ) from error
    if not roots:
        raise KeysUnavailable(f"{folder}: no root key (root-1.key); restore it from your copy")
    if max(roots) > MAX_VERSION:
        raise KeysUnavailable(f"{folder}: root-{max(roots)}.key: the highest is {MAX_VERSION}")
    return site, roots


def location(keys_dir: Path) -> Path:
    """The folder the keys are read from: all of them from one place."""
    credentials = os.environ.get(_CREDENTIALS)
    if credentials and (Path(credentials) / SITE_FILE).exists():
        return Path(credentials)
    return keys_dir


def erasure_folder(keys_dir: Path) -> Path:
    """Where ``erasure.key`` is: erasing changes it, so in ``keys_dir`` if it is there at all.

    Among systemd credentials, which are read-only, it serves until somebody is to be erased.
    """
    return keys_dir if (keys_dir / erasable.FILE).exists() else location(keys_dir)


def read_tree(keys_dir: Path) -> KeyTree:
    """The tree of ``erasure.key``; ``KeysUnavailable`` says what is amiss."""
    folder = erasure_folder(keys_dir)
    return erasable.read(folder, 0o077 if folder == keys_dir else 0o037)


def root_file(version: int) -> str:
    """The name of a root key's file."""
    return f"root-{version}.key"


def _check_folder(folder: Path) -> None:
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KeysUnavailable(f"{folder}: others can write there; run chmod 700 on it")
    if mode & stat.S_IROTH:
        raise KeysUnavailable(f"{folder}: others can read there; run chmod 700 on it")


def _read(folder: Path, name: str, credentials: bool) -> KeyFile:
    path = folder / name
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with open(descriptor, encoding="ascii", errors="replace") as file:
        status = os.fstat(file.fileno())
        _check_file(path, status, credentials)
        text = file.read(4096)
    match = _FORMAT.fullmatch(text)
    if not match or f"{match['name']}.key" != name:
        raise KeysUnavailable(f"{path}: not the key file of this name; restore it from your copy")
    try:
        secret = base64.b64decode(match["key"], validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES or not any(secret):
        raise KeysUnavailable(f"{path}: not {KEY_BYTES} bytes of key; restore it from your copy")
    return KeyFile(match["name"], match["created"], secret)


def _check_file(path: Path, status: os.stat_result, credentials: bool) -> None:
    """systemd shows its access list as a readable group (0440): allowed there, nowhere else."""
    loose = status.st_mode & (0o037 if credentials else 0o077)
    if not stat.S_ISREG(status.st_mode) or loose:
        raise KeysUnavailable(f"{path}: others can read or change it; run chmod 600 on it")
    if status.st_uid not in (0, os.geteuid()):
        raise KeysUnavailable(f"{path}: belongs to another user; run chown to the gateway's user")


def _create(folder: Path, name: str) -> None:
    """Whole or not at all, never over an existing file, on the disk when this returns."""
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    secret = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    text = (
        "-----BEGIN PREAU KEY-----\n"
        f"Name: {name.removesuffix('.key')}\nCreated: {created}\n\n{secret}\n"
        "-----END PREAU KEY-----\n"
    )
    temporary = folder / f".{name}.{secrets.token_hex(4)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, folder / name)  # fails if another rotation was first
    finally:
        temporary.unlink()
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _as_input_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise InputError(
            f"{error.filename2 or folder}: another run was first; look again"
        ) from error
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: {error.strerror}; run this as the gateway's user"
        ) from error
