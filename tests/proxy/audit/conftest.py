"""A log to write on, events to write, and an adversary at work."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from audit_adversary import ORIGIN, Adversary, open_log, sample_event

from proxy.audit import AuditLog, Event
from proxy.audit._journal import Journal
from proxy.audit.layout import Layout
from proxy.audit.signing import load_signer


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
