"""Unpacking what a server sent: gzip, and category archives (tar.gz), both bounded.

Nothing is ever written under a name that an archive chooses: an archive is read as a stream,
and what comes out is a mapping from the categories that the site asked for to text. A bomb
meets the limit while it unpacks, not after.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import IO

from proxy.errors import PreauError

_GZIP = b"\x1f\x8b"
_FILES = {"domains": b"# domains\n", "urls": b"# urls\n"}
_MAX_MEMBERS = 5_000
_ARCHIVE_FACTOR = 8
"""An archive holds more categories than are asked for: it may unpack to so many times
``max_size``, of which each category may have ``max_size``."""


class BadArchive(PreauError):
    """What came cannot be unpacked within the limits."""


def plain(data: bytes, limit: int) -> bytes:
    """Text as it is, gzip unpacked."""
    if data[:4] == b"PK\x03\x04":
        raise BadArchive("a zip archive, expected a list (text, gzip, or tar.gz with format: ut1)")
    if data[:2] != _GZIP:
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            text = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadArchive("a damaged or incomplete gzip file") from error
    if len(text) > limit:
        raise BadArchive(f"unpacks to more than max_size ({limit:,} bytes)")
    return text


def categories(data: bytes, wanted: Collection[str], limit: int) -> dict[str, bytes]:
    """The domains and addresses of the wanted categories of a UT1 archive."""
    bounded = _Bounded(gzip.GzipFile(fileobj=io.BytesIO(data)), limit * _ARCHIVE_FACTOR)
    found: dict[str, bytes] = {}
    names: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=bounded, mode="r|") as archive:
            for count, member in enumerate(archive):
                if count >= _MAX_MEMBERS:
                    raise BadArchive(f"more than {_MAX_MEMBERS:,} entries")
                _take(archive, member, wanted, limit, found, names)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        raise BadArchive("a damaged archive, expected tar.gz") from error
    for other, target in names.items():
        if other in wanted and other not in found and target:
            raise BadArchive(f"the category {other} is only another name for {target}, use that")
    if missing := sorted(set(wanted) - set(found)):
        raise BadArchive(f"no category {', '.join(missing)} in the archive")
    return found


def _take(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    wanted: Collection[str],
    limit: int,
    found: dict[str, bytes],
    names: dict[str, str],
) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive("an entry that points outside the archive")
    if member.issym():
        names[path.name] = PurePosixPath(member.linkname).name[:40]
    if not member.isreg() or len(path.parts) < 2 or path.name not in _FILES:
        return
    category = path.parts[-2]
    if category not in wanted:
        return
    text = found.get(category, b"") + _FILES[path.name]
    if member.size + len(text) > limit:
        raise BadArchive(f"the category {category} is larger than max_size ({limit:,} bytes)")
    content = archive.extractfile(member)
    if content is not None:
        found[category] = text + content.read(limit)


class _Bounded(io.RawIOBase):
    """A stream that ends in an error once it has given too much."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive("unpacks to more than an archive of lists may")
        return data
