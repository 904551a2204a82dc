"""Logs to write on, and an adversary with access to the disk. Shared by the audit tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from proxy.audit import AuditLog, Event, make_event, open_audit
from proxy.audit.layout import Layout
from proxy.audit.merkle import Tree, leaf_hashes
from proxy.audit.tiles import write_full, write_partial

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
        numbers = self.layout.segment_numbers()
        everything = [line for number in numbers for line in self.lines(number)]
        everything[index : index + 2] = everything[index : index + 2][::-1]
        for number in numbers:
            self.put(number, everything[number * 1024 : (number + 1) * 1024])

    def truncate(self, size: int) -> None:
        for number in self.layout.segment_numbers():
            if number > size // 1024:
                self.layout.segment(number).unlink()
        self.put(size // 1024, self.lines(size // 1024)[: size % 1024])

    def forget_tiles(self) -> None:
        """Remove the tiles and make them again from the lines, to fit a change."""
        shutil.rmtree(self.layout.root / "tile")
        tree = Tree()
        for number in self.layout.segment_numbers():
            for level, index, data in tree.extend(leaf_hashes(self.lines(number))):
                write_full(self.layout, level, index, data)
        for level, index, data in tree.partial():
            write_partial(self.layout, level, index, data)
