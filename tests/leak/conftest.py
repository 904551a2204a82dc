"""One scene for all leak tests: 600 people are imported once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.leak.mirror import echo
from tests.leak.scene import Scene, open_scene

_covered: list[str] = []


@pytest.fixture(scope="package")
def whole_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The scene; at its end it says what was covered."""
    with open_scene(tmp_path_factory.mktemp("leak")) as scene:
        yield scene
        _covered.append(scene.tally.line(len(scene.author.used)))


@pytest.fixture
def scene(whole_scene: Scene) -> Scene:
    """The scene with a cloud that echoes."""
    whole_scene.cloud.reply = whole_scene.h2_cloud.reply = echo
    whole_scene.cloud.chunked = False
    return whole_scene


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures of the run."""
    for line in _covered:
        terminalreporter.write_line(line)
