"""One scene for all leak tests: 600 people are imported once.

It ends with the package: one process runs one gateway at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.leak.mirror import echo
from tests.leak.scene import Scene, open_scene


@pytest.fixture(scope="package")
def whole_scene(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    """The scene, and at its end a line that says what was covered."""
    with open_scene(tmp_path_factory.mktemp("leak")) as scene:
        yield scene
        reporter = request.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(scene.tally.line(len(scene.author.used)))


@pytest.fixture
def scene(whole_scene: Scene) -> Scene:
    """The scene with a cloud that echoes."""
    whole_scene.cloud.reply = whole_scene.h2_cloud.reply = echo
    whole_scene.cloud.chunked = False
    return whole_scene
