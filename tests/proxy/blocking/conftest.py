from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from blocking_reference import PREAU

from proxy.blocking import Blocker, ListFile, build


@pytest.fixture
def write_list(tmp_path: Path) -> Callable[..., ListFile]:
    """Write a list file as a site would keep it."""

    def write(text: str, name: str = "test") -> ListFile:
        folder = tmp_path / "lists" / "block"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        return ListFile(name, path, f"lists/block/{name}.txt")

    return write


@pytest.fixture
def blocker_of(write_list: Callable[..., ListFile]) -> Callable[..., Blocker]:
    """A blocker from list texts: ``blocker_of(rules)`` or ``blocker_of(a=…, b=…)``."""

    def make(text: str | None = None, **texts: str) -> Blocker:
        if text is not None:
            texts = {"test": text, **texts}
        return build([write_list(content, name) for name, content in texts.items()])

    return make


@pytest.fixture(scope="session")
def preau() -> Blocker:
    """The list that Préau ships."""
    return build([ListFile("preau", PREAU, "lists/block/preau.txt")])
