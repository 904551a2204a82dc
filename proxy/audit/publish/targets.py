"""Where a checkpoint is published. Each keeps a history: old checkpoints are the point.

A target takes a note and returns when it is there, or raises ``Outage``. Publishing the same
note twice does no harm.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proxy.audit._files import sync_directory, write_all, write_atomically
from proxy.audit.note import parse_checkpoint
from proxy.audit.publish.paper import sheet, svg
from proxy.outbound import Outage, Place, request

_GIT_SECONDS = 60


class Target(Protocol):
    """One place."""

    def publish(self, note: str) -> None:
        """Put it there. Raises ``Outage``."""


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A file with the newest note, and beside it ``NAME.history`` with every one.

    The history has the form of ``checkpoints/*.notes``; ``preau audit verify --checkpoint``
    reads it whole.
    """

    path: Path

    def publish(self, note: str) -> None:
        """History first, so that the newest is never one that the history lacks."""
        history = self.path.with_name(f"{self.path.name}.history")
        entry = f"{note}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append(history, entry)
            write_atomically(self.path, note.encode(), mode=0o644)
        except OSError as error:
            raise Outage(f"{self.path}: {error.strerror}") from None

    def _append(self, history: Path, entry: bytes) -> None:
        """After the last whole note: what a crash left of one is cut off."""
        descriptor = os.open(history, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, 65536, max(0, size - 65536))
            # Notes hold one empty line inside and end with one: whole ones end where an empty
            # line follows a signature. What a crash left behind that is cut off.
            keep = _whole(tail)
            if keep != len(tail):
                os.ftruncate(descriptor, size - len(tail) + keep)
                tail = tail[:keep]
            if not tail.endswith(entry):
                write_all(descriptor, entry)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(history.parent)


def _whole(tail: bytes) -> int:
    """How many bytes of ``tail`` are whole notes."""
    end = len(tail)
    while (end := tail.rfind(b"\n\n", 0, end)) >= 0:
        line = tail[tail.rfind(b"\n", 0, end) + 1 : end]
        if line.startswith("\u2014 ".encode()):
            return end + 2
    return 0


@dataclass(frozen=True, slots=True)
class UrlTarget:
    """An HTTPS address; ``PUT`` replaces, ``POST`` adds."""

    place: Place
    method: str = "PUT"

    def publish(self, note: str) -> None:
        """2xx is success."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        reply = request(self.method, self.place, body=note.encode(), headers=headers)
        if not reply.good:
            raise Outage(f"{self.place.url} answers {reply.status}")


@dataclass(frozen=True, slots=True)
class GitTarget:
    """A git work tree: one commit a checkpoint, pushed when ``remote`` is named.

    The plain ``git`` program does it, with the tree's own settings and credentials. A push
    that fails is tried again; the commits wait.
    """

    tree: Path
    remote: str = ""
    name: str = "checkpoint"

    def publish(self, note: str) -> None:
        """Write, commit, push."""
        if not (self.tree / ".git").exists():
            self._git("init", "--quiet")
        write_atomically(self.tree / self.name, note.encode(), mode=0o644)
        self._git("add", "--", self.name)
        if self._git("status", "--porcelain", "--", self.name).strip():
            checkpoint = parse_checkpoint(note.partition("\n\n")[0] + "\n")
            words = f"{checkpoint.origin}: {checkpoint.size} events"
            self._git("commit", "--quiet", "--message", words, "--", self.name)
        if self.remote:
            self._git("push", "--quiet", self.remote, "HEAD")

    def _git(self, *words: str) -> str:
        """Run it; nobody is there to be asked for a password."""
        identity = ("-c", "user.name=Preau", "-c", "user.email=preau@localhost")
        command = ["git", "-C", str(self.tree), *identity, *words]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            self.tree.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(  # noqa: S603 # our own words; no shell
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_GIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Outage(f"git {words[0]} in {self.tree}: no end in {_GIT_SECONDS} s") from None
        except OSError as error:
            raise Outage(f"git {words[0]} in {self.tree}: {error.strerror}") from None
        if done.returncode:
            told = (done.stderr.strip().splitlines() or ["failed"])[-1]
            raise Outage(f"git {words[0]} in {self.tree}: {told}")
        return done.stdout


@dataclass(frozen=True, slots=True)
class PaperTarget:
    """A folder of sheets to print: one SVG and one text a checkpoint."""

    folder: Path
    language: str = "fr"

    def publish(self, note: str) -> None:
        """Both forms, named by the number of events."""
        size = parse_checkpoint(note.partition("\n\n")[0] + "\n").size
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for suffix, form in (("svg", svg), ("txt", sheet)):
                path = self.folder / f"checkpoint-{size:012d}.{suffix}"
                write_atomically(path, form(note, self.language).encode(), mode=0o644)
        except OSError as error:
            raise Outage(f"{self.folder}: {error.strerror}") from None
