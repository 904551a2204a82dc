"""What a backup file is: a gzipped tar whose first member, ``manifest.json``, lists the others.

::

    manifest.json        format, site, time, version, events, and SHA-256 of every other member
    site/…               the site's folder: site.yaml, services, lists
    store/preau.db…      the embedded store's three files, if the site has one
    audit/…              the log up to a checkpoint
    state/…              fetched lists, counts, and other small files of the state folder
    keys.sealed          the keys under a passphrase, only if asked for
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from proxy.errors import InputError

FORMAT = 1
MANIFEST = "manifest.json"
SEALED = "keys.sealed"
PARTS = ("site", "store", "audit", "state", SEALED)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    site: str
    made: str
    version: str
    store: str
    """``sqlite``, or the kind of a store that is not in the backup."""
    events: int
    keys: bool
    files: Mapping[str, str]
    """Name to SHA-256."""

    def text(self) -> bytes:
        """As it stands in the file."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """The file; whatever is wrong with it is an ``InputError``."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is damaged, or no backup of a site: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def read_manifest(path: Path) -> Manifest:
    """What ``path`` says of itself. Raises ``InputError``."""
    with opened(path) as archive:
        return first_manifest(archive, path)


def first_manifest(archive: tarfile.TarFile, path: Path) -> Manifest:
    """The first member, checked."""
    first = archive.next()
    content = archive.extractfile(first) if first and first.name == MANIFEST else None
    if content is None:
        raise InputError(f"{path} is no backup of a site: it does not begin with {MANIFEST}")
    try:
        manifest = Manifest(**json.loads(content.read()))
    except (TypeError, ValueError):
        raise InputError(f"{path}: its {MANIFEST} cannot be read by this version") from None
    if manifest.format != FORMAT:
        raise InputError(f"{path} has format {manifest.format}, this version reads {FORMAT}")
    for name in manifest.files:
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or place.parts[0] not in PARTS:
            raise InputError(f"{path}: a file named {name!r} has no place in a site")
    return manifest


def unpack(archive: tarfile.TarFile, manifest: Manifest, target: Path, path: Path) -> None:
    """Write every member under ``target``; nothing that the manifest does not vouch for."""
    left = dict(manifest.files)
    while (member := archive.next()) is not None:
        expected = left.pop(member.name, None)
        content = archive.extractfile(member) if member.isreg() else None
        if expected is None or content is None:
            raise InputError(f"{path}: {member.name!r} is not in its {MANIFEST}")
        if _write(content, target / member.name) != expected:
            raise InputError(f"{path}: {member.name} was changed or damaged")
    if left:
        raise InputError(f"{path}: {next(iter(left))} is missing")


def _write(content: IO[bytes], target: Path) -> str:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
