"""A log to write on, events to write, and an adversary with access to the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.audit import AuditLog, Event, make_event, open_audit
from proxy.audit._journal import Journal
from proxy.audit.layout import Layout
from proxy.audit.signing import load_signer

ORIGIN = "preau.example/test"


def sample_event(number: int = 0) -> Event:
    return make_event(
        "request-pseudonymised",
        gateway="gw1",
        service="google-classroom",
        policy="0123456789abcdef",
        count=number,
        counts={"full_name": 1},
    )


def open_log(base: Path, **options: Any) -> AuditLog:
    return open_audit(
        base / "audit", key_path=base / "keys" / "audit.pem", origin=ORIGIN, **options
    )


@pytest.fixture
def event() -> Callable[..., Event]:
    return sample_event


@pytest.fixture
def logs() -> Iterator[Callable[..., AuditLog]]:
    """Opens logs and closes what a test leaves open."""
    opened: list[AuditLog] = []

    def opener(base: Path, **options: Any) -> AuditLog:
        opened.append(open_log(base, **options))
        return opened[-1]

    yield opener
    for log in opened:
        log.close()


@pytest.fixture
def journals() -> Iterator[Callable[..., Journal]]:
    """Opens the bare files of a log, without thread or lock."""
    opened: list[Journal] = []

    def opener(base: Path, acknowledged: int | None = None) -> Journal:
        signer = load_signer(base / "keys" / "audit.pem", ORIGIN, create=True)
        opened.append(Journal(Layout(base / "audit"), signer, acknowledged))
        return opened[-1]

    yield opener
    for journal in opened:
        journal.close()


class Adversary:
    """Somebody who may write to the log's disk but does not hold its signing key."""

    def __init__(self, directory: Path) -> None:
        self.layout = Layout(directory)

    def lines(self, number: int) -> list[bytes]:
        return self.layout.segment(number).read_bytes().split(b"\n")[:-1]

    def put(self, number: int, lines: list[bytes]) -> None:
        self.layout.segment(number).write_bytes(b"".join(line + b"\n" for line in lines))

    def edit(self, index: int) -> None:
        lines = self.lines(index // 1024)
        lines[index % 1024] = lines[index % 1024].replace(b"full_name", b"last_name")
        self.put(index // 1024, lines)

    def delete(self, index: int) -> None:
        lines = self.lines(index // 1024)
        del lines[index % 1024]
        self.put(index // 1024, lines)

    def delete_and_close_up(self, index: int) -> None:
        """Delete and move every later line up, so that all segments look full."""
        numbers = self.layout.segment_numbers()
        everything = [line for number in numbers for line in self.lines(number)]
        del everything[index]
        for number in numbers:
            self.put(number, everything[number * 1024 : (number + 1) * 1024])

    def insert(self, index: int) -> None:
        lines = self.lines(index // 1024)
        lines.insert(index % 1024, b'{"type":"request-refused"}')
        self.put(index // 1024, lines)

    def swap(self, index: int) -> None:
        lines = self.lines(index // 1024)
        at = index % 1024
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
        self.put(index // 1024, lines)

    def truncate(self, size: int) -> None:
        for number in self.layout.segment_numbers():
            if number > size // 1024:
                self.layout.segment(number).unlink()
        self.put(size // 1024, self.lines(size // 1024)[: size % 1024])

    def forget_tiles(self) -> None:
        """Remove the tiles and make them again from the lines, to fit a change."""
        from proxy.audit.merkle import Tree, leaf_hashes
        from proxy.audit.tiles import write_full, write_partial

        shutil.rmtree(self.layout.root / "tile")
        tree = Tree()
        for number in self.layout.segment_numbers():
            for level, index, data in tree.extend(leaf_hashes(self.lines(number))):
                write_full(self.layout, level, index, data)
        for level, index, data in tree.partial():
            write_partial(self.layout, level, index, data)


@pytest.fixture(scope="session")
def sealed_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of 3,000 events and a little, made once: copy before you change it."""
    base = tmp_path_factory.mktemp("sealed")
    with open_log(base, gateway="gw1") as log:
        for start in range(0, 3000, 500):
            log.record_sync([sample_event(number) for number in range(start, start + 500)])
            log.checkpoint()
    return base


@pytest.fixture
def adversary(sealed_log: Path, tmp_path: Path) -> Adversary:
    """An adversary at work on a copy of the sealed log, in ``tmp_path``."""
    shutil.copytree(sealed_log, tmp_path, dirs_exist_ok=True)
    return Adversary(tmp_path / "audit")
