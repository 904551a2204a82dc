"""The files of a roster: a folder, a zip archive or files named one by one.

An archive is read in place, never unpacked to disk. It is hostile until shown otherwise:
names that leave the archive, links, encryption, and what expands without measure are refused,
by the sizes it declares and again by the bytes that really come out.
"""

from __future__ import annotations

import codecs
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Protocol, cast

from proxy.errors import InputError

MAX_FILE_BYTES = 4 << 30
MAX_RATIO = 200
_RATIO_FROM = 16 << 20  # small files may compress as they like
_MAX_MEMBERS = 10_000
_OTHER_ARCHIVES = (".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")
_CHUNK = 1 << 20
_UTF16 = {(True, False) * 2: "utf-16-le", (False, True) * 2: "utf-16-be"}


class _Opener(Protocol):
    def __call__(self) -> BinaryIO: ...


class RosterFiles:
    """Named byte streams, by base name in lower case. Each can be opened more than once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._openers: dict[str, tuple[str, _Opener]] = {}
        self._archives: list[zipfile.ZipFile] = []
        self._plain: dict[str, Path] = {}
        if not paths:
            raise InputError("no roster named; give a file, a folder or a zip archive")
        try:
            for path in paths:
                self._add_path(path)
        except OSError as error:
            self.close()
            raise InputError(f"{error.filename}: {error.strerror}; check the path") from error
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Release the archives."""
        for archive in self._archives:
            archive.close()

    def names(self) -> list[str]:
        """Base names, lower case."""
        return list(self._openers)

    def label(self, name: str) -> str:
        """How messages call a file."""
        return self._openers[name][0]

    def plain_path(self, name: str) -> Path | None:
        """Where a file lies on this machine; ``None`` for one inside an archive."""
        return self._plain.get(name)

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file, from its start."""
        try:
            return self._openers[name][1]()
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{self.label(name)}: cannot be read; export it again") from error

    def encoding(self, name: str) -> str:
        """UTF-8 if the whole file is, else what French school software writes otherwise.

        Bytes 0x80-0x9F are letters in Windows-1252 and control characters in ISO-8859-15.
        """
        with self.open(name) as stream:
            start = stream.read(4)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
        if (pattern := tuple(map(bool, start))) in _UTF16:  # without a mark
            return _UTF16[pattern]
        return "utf-8-sig" if self._is_utf8(name) else self._legacy_encoding(name)

    def _is_utf8(self, name: str) -> bool:
        utf8 = codecs.getincrementaldecoder("utf-8")()
        try:
            for chunk in self._chunks(name):
                utf8.decode(chunk)
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _legacy_encoding(self, name: str) -> str:
        controls = bytes(range(0x80, 0xA0))
        if any(len(chunk.translate(None, controls)) < len(chunk) for chunk in self._chunks(name)):
            return "cp1252"
        return "iso-8859-15"

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    # --- where they come from ------------------------------------------------------------

    def _add_path(self, path: Path) -> None:
        if path.is_dir():
            for child in sorted(path.iterdir()):
                if child.suffix.lower() == ".zip" and zipfile.is_zipfile(child):
                    self._add_archive(child)
                elif child.is_file():
                    self._add(child.name, str(child), child)
        elif zipfile.is_zipfile(path):
            self._add_archive(path)
        else:
            path.stat()  # says what is wrong with a path that does not exist
            if path.name.lower().endswith(_OTHER_ARCHIVES):
                raise InputError(f"{path}: not a zip archive; unpack it and import the folder")
            self._add(path.name, str(path), path)

    def _add(self, name: str, label: str, path: Path) -> None:
        self._plain.setdefault(name.lower(), path)
        self._put(name, label, lambda: path.open("rb"))

    def _put(self, name: str, label: str, opener: _Opener) -> None:
        if name.lower() in self._openers:
            raise InputError(f"{label}: a second file of this name; name each file once")
        self._openers[name.lower()] = (label, opener)

    def _add_archive(self, path: Path) -> None:
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise InputError(f"{path}: a damaged zip archive; export it again") from error
        self._archives.append(archive)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > _MAX_MEMBERS:
            raise InputError(f"{path}: {len(members)} files in one archive; a roster has a few")
        before = set(self._openers)
        for member in members:
            _check_member(path, member)
            name = PurePosixPath(member.filename).name
            if not _is_litter(member.filename):
                # Every school's SIECLE gives its files the same names; they are known by root.
                is_common = name.lower() in before and name.lower().endswith(".xml")
                key = f"{path.stem} {name}" if is_common else name
                self._put(key, f"{path}/{name}", _archive_opener(archive, member, path))


def _is_litter(name: str) -> bool:
    """What macOS and Windows add to archives."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = PurePosixPath(name).parts
    if name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in parts:
        raise InputError(f"{path}: holds a file that would leave the archive; do not trust it")
    if name.lower().endswith((".zip", *_OTHER_ARCHIVES)):
        raise InputError(f"{path}: holds another archive; unpack both and import the folder")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{path}: holds a link; export it again without links")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{path}: is compressed in an unusual way; make an ordinary zip of it")
    if member.flag_bits & 1:
        raise InputError(f"{path}: is encrypted; unpack it and import the folder")
    if _is_bomb(member.file_size, member.compress_size):
        raise InputError(f"{path}: expands beyond measure; do not trust it")


def _is_bomb(size: int, compressed: int) -> bool:
    return size > MAX_FILE_BYTES or (size > _RATIO_FROM and size > MAX_RATIO * max(compressed, 1))


def _archive_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> _Opener:
    def opener() -> BinaryIO:
        raw = _Bounded(archive.open(member), member.compress_size, path)
        return cast(BinaryIO, io.BufferedReader(raw, 1 << 16))

    return opener


class _Bounded(io.RawIOBase):
    """Counts what really comes out of an archive, whatever it declared."""

    def __init__(self, stream: IO[bytes], size: int, path: Path):
        super().__init__()
        self._stream, self._compressed, self._path, self._seen = stream, size, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        try:
            chunk = self._stream.read(len(view))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise InputError(f"{self._path}: a damaged zip archive; export it again") from error
        view[: len(chunk)] = chunk
        self._seen += len(chunk)
        if _is_bomb(self._seen, self._compressed):
            raise InputError(f"{self._path}: expands beyond measure; do not trust it")
        return len(chunk)

    def close(self) -> None:
        self._stream.close()
        super().close()
