"""Where exported events go. A sink takes lines, and says when the other side has them all.

``confirm`` returning is the promise that the cursor is moved on. A sink that raised is used
again only after ``abandon``: it begins anew, and so do the events since the last ``confirm``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from proxy.audit._files import sync_directory, write_all
from proxy.audit.export import syslog
from proxy.audit.export.formats import Entry, Formatter, Origin
from proxy.outbound import Outage, Place, Stream, StreamPlace, request


class Sink(Protocol):
    """One destination."""

    def send(self, entries: list[Entry], origin: Origin) -> None:
        """Hand events over, in order. Raises ``Outage``."""

    def confirm(self) -> None:
        """Return once the other side has all of them. Raises ``Outage``."""

    def abandon(self) -> None:
        """Forget what was not confirmed."""


class FileSink:
    """A file, a line an event; when it is full it becomes ``NAME.1``, that one ``NAME.2``…

    What a crash left of a line is cut off before the next is written.
    """

    def __init__(self, path: Path, formatter: Formatter, rotate: int, keep: int) -> None:
        self._path = path
        self._format = formatter
        self._rotate = rotate
        self._keep = keep
        self._file = -1

    def send(self, entries: list[Entry], origin: Origin) -> None:
        """Write the lines; rotate between two of them."""
        lines = b"".join(self._format(entry, origin) + b"\n" for entry in entries)
        try:
            if self._file < 0:
                self._open()
            if os.fstat(self._file).st_size >= self._rotate:
                self._turn()
            write_all(self._file, lines)
        except OSError as error:
            raise Outage(f"{self._path}: {error.strerror}") from None

    def confirm(self) -> None:
        """Flush to the disk."""
        try:
            if self._file >= 0:
                os.fsync(self._file)
        except OSError as error:
            raise Outage(f"{self._path}: {error.strerror}") from None

    def abandon(self) -> None:
        """Close; the next ``send`` opens again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        size = os.fstat(self._file).st_size
        whole = size
        while whole and os.pread(self._file, 1, whole - 1) != b"\n":
            tail = os.pread(self._file, min(whole, 65536), max(0, whole - 65536))
            whole = whole - len(tail) + tail.rfind(b"\n") + 1
        if whole != size:
            os.ftruncate(self._file, whole)
        sync_directory(self._path.parent)

    def _turn(self) -> None:
        os.fsync(self._file)
        self.abandon()
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class SyslogSink:
    """Syslog over TLS. A stream is confirmed by ending it (``outbound.stream`` says why)."""

    def __init__(self, place: StreamPlace, formatter: Formatter) -> None:
        self._place = place
        self._format = formatter
        self._stream: Stream | None = None

    def send(self, entries: list[Entry], origin: Origin) -> None:
        """Frame and send."""
        if self._stream is None:
            self._stream = Stream(self._place)
        frames = (
            syslog.frame(syslog.message(entry, origin, self._format(entry, origin)))
            for entry in entries
        )
        self._stream.send(b"".join(frames))

    def confirm(self) -> None:
        """End the stream; the next ``send`` begins another."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.finish()

    def abandon(self) -> None:
        """Drop the stream."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abandon()


class HttpSink:
    """A collector that takes lines by POST; its 2xx is the confirmation, at once."""

    def __init__(self, place: Place, formatter: Formatter) -> None:
        self._place = place
        self._format = formatter

    def send(self, entries: list[Entry], origin: Origin) -> None:
        """Post the lines."""
        lines = b"".join(self._format(entry, origin) + b"\n" for entry in entries)
        headers = {"Content-Type": "application/x-ndjson"}
        reply = request("POST", self._place, body=lines, headers=headers)
        if not reply.good:
            raise Outage(f"the collector answers {reply.status}")

    def confirm(self) -> None:
        """Nothing is open: each post was answered."""

    def abandon(self) -> None:
        """Nothing is open."""
