"""A small site on disk, for tests that read files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SERVICE = """\
service: {name}
title: {name}
purpose: To test.
supplier: {{name: Supplier, country: FR, jurisdictions: [FR]}}
charter: {{adhered: {adhered}, evidence: folder 12}}
hosts: [{hosts}]
treatment: {treatment}
"""

type WriteService = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site's folder with a site.yaml and no service."""
    (tmp_path / "services").mkdir()
    (tmp_path / "lists").mkdir()
    (tmp_path / "site.yaml").write_text("site: Test\n")
    return tmp_path


@pytest.fixture
def write_service(root: Path) -> WriteService:
    """Write a service; ``more`` is appended to its file."""

    def write(
        name: str,
        hosts: str,
        treatment: str = "inspect",
        adhered: str = "yes",
        more: str = "",
    ) -> Path:
        path = root / "services" / f"{name}.yaml"
        text = SERVICE.format(name=name, hosts=hosts, treatment=treatment, adhered=adhered)
        path.write_text(text + more)
        return path

    return write
