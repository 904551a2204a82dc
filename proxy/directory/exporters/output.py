"""The file that goes out: whole or not at all, for its owner only; and tables in an archive."""

from __future__ import annotations

import csv
import io
import os
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from proxy.errors import InputError

type Table = tuple[str, Sequence[str], Iterable[Sequence[str]]]
"""A table's file name, headers and rows."""

_OWNER_ONLY = 0o600
_STABLE_TIME = (1980, 1, 1, 0, 0, 0)
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@contextmanager
def replaced(path: Path, before: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` when all is written, or never.

    ``before`` runs between the two: raise there to call it off.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except OSError as error:
        raise InputError(f"{path}: cannot be written here ({error.strerror})") from error
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        before()
        try:
            scratch.replace(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be replaced ({error.strerror})") from error
    finally:
        scratch.unlink(missing_ok=True)


def write_csv(out: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """UTF-8, comma, CRLF, as RFC 4180 and every service wants it."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(headers)
        writer.writerows(rows)
        text.flush()
    finally:
        text.detach()


def write_archive(out: BinaryIO, tables: Iterable[Table]) -> None:
    """One zip archive of tables; the same content gives the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, headers, rows in tables:
            member = zipfile.ZipInfo(name, _STABLE_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = _OWNER_ONLY << 16
            with archive.open(member, "w", force_zip64=True) as stream:
                write_csv(stream, headers, rows)


def new_password() -> str:
    """20 letters and digits that are not mistaken for one another, with one of each sort."""
    middle = "".join(secrets.choice(_ALPHABET) for _ in range(17))
    return f"{secrets.choice(_ALPHABET[25:49])}{middle}{secrets.choice('23456789')}k"
