"""Certificates of authorities that a site adds: read before it serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.problems import InvalidFiles
from proxy.runtime import Runtime
from tests.sim.school import School
from tests.sim.served import inside


def test_authorities_that_cannot_be_read_are_a_mistake_at_their_line(tmp_path: Path) -> None:
    """Else every connection to a service would fail, each in words about something else."""
    school = School(tmp_path, 2)
    file = school.root / "site.yaml"
    text = file.read_text()
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("upstream_ca"))
    for value, wrong in (("gone.pem", "No such file"), ("site.yaml", "holds no certificate")):
        file.write_text(
            text.replace(f"upstream_ca: {school.authority.pem}", f"upstream_ca: {value}")
        )
        done = inside("check", "--site", school.root)
        assert done.returncode == 1
        assert f"site.yaml:{line}:1: upstream_ca: " in done.stdout.decode()
        assert wrong in done.stdout.decode()
        with pytest.raises(InvalidFiles, match="cannot be served"):
            Runtime.open(school.root)
    file.write_text(text)
    assert inside("check", "--site", school.root).returncode == 0
