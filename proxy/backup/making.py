"""Making a backup: everything is copied beside the target, checked, packed, then named.

A crash leaves a folder ``.preau-backup-…`` beside the target and no file of its name.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from proxy import __version__
from proxy.audit._files import sync_directory
from proxy.backup.log_copy import copy_log
from proxy.backup.reading import FORMAT, MANIFEST, SEALED, Manifest
from proxy.backup.store_copy import PARTS, copy_store, store_path
from proxy.directory import building_process
from proxy.errors import InputError
from proxy.site import Site
from proxy.supervisor.options import RUN

_SECRET = re.compile(rb"-----BEGIN (?:[A-Z]+ )*(?:PRIVATE KEY|PREAU KEY)-----")
_CACHE_TAG = "CACHEDIR.TAG"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    left_out: tuple[str, ...]
    """Files of the site's folder that hold a key, or are links: not in the backup."""


def make(site: Site, target: Path, sealed: bytes | None = None) -> Made:
    """Back ``site`` up into the new file ``target``. Raises ``InputError``."""
    if target.exists():
        raise InputError(f"{target} exists already: choose another name")
    try:
        with tempfile.TemporaryDirectory(prefix=".preau-backup-", dir=target.parent) as name:
            return _make(site, target, Path(name), sealed)
    except OSError as error:
        raise InputError(f"{error.filename or target}: {error.strerror}") from None


def _make(site: Site, target: Path, scratch: Path, sealed: bytes | None) -> Made:
    stage = scratch / "stage"
    stage.mkdir()
    left_out = _copy_tree(site.root, stage / "site", _elsewhere(site))
    database = store_path(site.store_url)
    if database is not None:
        copy_store(database, stage / "store")
    events = copy_log(site.audit_dir, stage / "audit")
    left_out += _copy_tree(site.state_dir, stage / "state", _elsewhere(site) - {site.state_dir})
    if sealed is not None:
        (stage / SEALED).write_bytes(sealed)
    manifest = Manifest(
        format=FORMAT,
        site=site.name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        store=site.store_url.partition(":")[0],
        events=events,
        keys=sealed is not None,
        files={
            path.relative_to(stage).as_posix(): _digest(path)
            for path in sorted(stage.rglob("*"))
            if path.is_file()
        },
    )
    (stage / MANIFEST).write_bytes(manifest.text())
    packed = scratch / "packed"
    _pack(stage, (MANIFEST, *manifest.files), packed)
    os.link(packed, target)  # unlike a renaming, never takes another file's place
    sync_directory(target.parent)
    return Made(target, manifest, tuple(left_out))


def _elsewhere(site: Site) -> set[Path]:
    """Folders and files that are not copied as they are, or not at all."""
    database = store_path(site.store_url)
    files = () if database is None else (
        database.with_name(database.name + part + more)
        for part in PARTS
        for more in ("", "-wal", "-shm", "-journal")
    )  # fmt: skip
    return {
        site.state_dir,
        site.keys_dir,
        site.ca_dir,
        site.audit_dir,
        site.cache_dir,
        site.state_dir / building_process.FOLDER,
        site.state_dir / RUN,
        *files,
    }


def _copy_tree(source: Path, target: Path, without: set[Path]) -> list[str]:
    """Copy regular files; gives back the names of those that were left out for what they are."""
    left_out: list[str] = []
    target.mkdir(mode=0o700)
    for folder, folders, names in source.walk():
        folders[:] = [
            one
            for one in sorted(folders)
            if folder / one not in without
            and not (folder / one / _CACHE_TAG).exists()
            and one != ".git"
        ]
        for name in sorted(names):
            path = folder / name
            inside = path.relative_to(source)
            if path in without or path.is_socket() or path.is_fifo():
                continue
            if path.is_symlink() or _SECRET.search(data := path.read_bytes()):
                left_out.append(inside.as_posix())
                continue
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            (target / inside).write_bytes(data)
    return left_out


def _pack(stage: Path, names: tuple[str, ...], target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            for name in names:
                archive.add(stage / name, name, recursive=False, filter=_anonymous)
        file.flush()
        os.fsync(file.fileno())


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_name(folder: Path, site: Site) -> Path:
    """A name for today's backup in ``folder``."""
    plain = unicodedata.normalize("NFKD", site.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "site"
    return folder / f"preau-{slug}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"


def drop_old(newest: Path, keep: int) -> list[Path]:
    """Delete all but the ``keep`` newest backups with the name of ``newest`` but for its time."""
    stem = newest.name[: -len("20260101T000000Z.tar.gz")]
    alike = re.compile(re.escape(stem) + r"\d{8}T\d{6}Z\.tar\.gz")
    found = sorted(path for path in newest.parent.iterdir() if alike.fullmatch(path.name))
    old = found[: max(0, len(found) - keep)]
    for path in old:
        path.unlink()
    return old
