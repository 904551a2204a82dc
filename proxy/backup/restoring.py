"""Bringing a site back: whole, or nothing that serves.

1. Nothing may stand where the site is to be: no site.yaml, and its folders empty.
2. Everything is unpacked into a folder ``.preau-restore`` inside each of those folders, and
   checked there: every digest, the store, the audit log as an auditor would.
3. It is moved up, the site's own folder last, ``site.yaml`` last of all. Without that file
   nothing serves.

A run that was ended half-way leaves ``.preau-restore`` folders. They say that what stands
beside them is ours: the next run clears it and begins again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proxy.audit import verify
from proxy.audit._files import sync_directory
from proxy.audit.errors import NoteError
from proxy.backup.keys import open_keys
from proxy.backup.reading import SEALED, Manifest, first_manifest, opened, unpack
from proxy.backup.store_copy import check_store, store_path
from proxy.errors import InputError
from proxy.site import SITE_FILE, Site, load_site

STAGE = ".preau-restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """A site that stands again."""

    manifest: Manifest
    site: Site
    missing: tuple[str, ...]
    """Key files that must be put back by hand before it serves."""


def restore(
    path: Path, root: Path, environ: Mapping[str, str], passphrase: Callable[[], str] | None = None
) -> Restored:
    """Restore ``path`` to the folder ``root``. Raises ``InputError``; then nothing serves."""
    root = root.absolute()
    if (root / SITE_FILE).exists():
        raise InputError(f"{root / SITE_FILE} exists: restore to a folder without a site")
    old = os.umask(0o077)
    try:
        with opened(path) as archive:
            manifest = first_manifest(archive, path)
            _clear(root)
            stage = root / STAGE
            unpack(archive, manifest, stage, path)
        _check(stage, manifest, path)
        return _install(stage, root, manifest, environ, passphrase)
    except OSError as error:
        raise InputError(f"{error.filename or root}: {error.strerror}") from None
    finally:
        os.umask(old)


def _clear(folder: Path) -> None:
    """An empty folder with an empty stage in it."""
    folder.mkdir(parents=True, exist_ok=True)
    others = [one for one in folder.iterdir() if one.name != STAGE]
    if others and not (folder / STAGE).is_dir():
        raise InputError(f"{folder} is not empty: move what is in it away first")
    for one in (*others, folder / STAGE):
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink(missing_ok=True)
    (folder / STAGE).mkdir()


def _check(stage: Path, manifest: Manifest, path: Path) -> None:
    for file in sorted((stage / "store").glob("*")):
        check_store(file)
    if not manifest.events:
        return
    try:
        report = verify(stage / "audit")
    except NoteError as error:
        raise InputError(f"{path}: {error}") from None
    if not report.ok:
        raise InputError(f"{path}: its audit log does not verify: {report.problems[0].message}")


def _install(
    stage: Path,
    root: Path,
    manifest: Manifest,
    environ: Mapping[str, str],
    passphrase: Callable[[], str] | None,
) -> Restored:
    site = load_site(stage / "site", environ)
    keys: Mapping[str, bytes] = {}
    if manifest.keys and passphrase is not None:
        keys = open_keys((stage / SEALED).read_bytes(), passphrase())
    places = _places(site, stage / "site", root)
    tops = _tops([root, *places.values()])
    for top in tops:
        if top != root:
            _clear(top)
    for name, content in keys.items():
        part, _, file = name.partition("/")
        (stage / part).mkdir(exist_ok=True)
        (stage / part / Path(file).name).write_bytes(content)
    for part, place in places.items():
        _bring(stage, part, place, tops)
    for top in (*(one for one in tops if one != root), root):
        _raise(top, last=SITE_FILE)
    for top in tops:
        shutil.rmtree(top / STAGE)
    restored = load_site(root, environ)
    return Restored(manifest, restored, _missing(restored))


def _places(site: Site, staged: Path, root: Path) -> dict[str, Path]:
    """Where each part belongs, the innermost last."""

    def final(path: Path) -> Path:
        return root / path.relative_to(staged) if path.is_relative_to(staged) else path

    database = store_path(site.store_url)
    places = {"site": root, "state": final(site.state_dir), "audit": final(site.audit_dir)}
    places |= {"keys": final(site.keys_dir), "ca": final(site.ca_dir)}
    if database is not None:
        places["store"] = final(database)
    return places


def _tops(places: list[Path]) -> list[Path]:
    """The folders that hold all places and are in no other of them."""
    folders = {place.parent if place.suffix == ".db" else place for place in places}
    return sorted(
        one for one in folders if not any(one != o and one.is_relative_to(o) for o in folders)
    )


def _bring(stage: Path, part: str, place: Path, tops: list[Path]) -> None:
    """From the unpacked part to its place within the stage of its folder."""
    source = stage / part
    if not source.is_dir():
        return
    top = next(one for one in tops if place == one or place.is_relative_to(one))
    target = top / STAGE / "final" / place.relative_to(top)
    for path in sorted(source.rglob("*")):
        if not path.is_file():
            continue
        inside = path.relative_to(source)
        to = target / inside
        if part == "store":
            to = target.with_name(target.name + path.name.removeprefix("preau.db"))
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)
        _sync(to)


def _raise(top: Path, last: str) -> None:
    """Move everything one up, ``last`` last."""
    final = top / STAGE / "final"
    if not final.is_dir():
        return
    for one in sorted(final.iterdir(), key=lambda path: path.name == last):
        if one.name == last:
            sync_directory(top)
        one.rename(top / one.name)
    sync_directory(top)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _missing(site: Site) -> tuple[str, ...]:
    wanted = [site.keys_dir / name for name in ("site.key", "root-1.key", "erasure.key")]
    wanted += [site.keys_dir / "audit-ed25519.pem", site.ca_dir / "mitmproxy-ca.pem"]
    return tuple(str(path) for path in wanted if not path.exists())
