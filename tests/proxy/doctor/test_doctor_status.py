"""``preau status`` names a command for each part that is not good, and it exists."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from proxy.cli import build_parser
from proxy.cli.status import _MENDS
from tests.sim.school import School
from tests.sim.served import inside


def test_each_bad_part_has_its_command(tmp_path: Path) -> None:
    site = School(tmp_path, count=5).root
    parts = json.loads(inside("status", "--json", "--site", site).stdout)["parts"]
    assert {part["mend"] for part in parts if part["good"]} == {""}
    shutil.rmtree(site / "state/ca")
    (site / "state/keys/site.key").chmod(0o644)
    done = inside("status", "--json", "--site", site)
    mends = {p["name"]: p["mend"] for p in json.loads(done.stdout)["parts"] if not p["good"]}
    assert done.returncode == 1
    assert mends["ca"] == f"preau ca init --site {site}"
    assert mends["keys"] == f"preau keys status --site {site}"
    assert f"→ preau ca init --site {site}" in inside("status", "--site", site).stdout.decode()


def test_every_command_it_may_name_exists() -> None:
    for words in (*_MENDS.values(), "doctor"):
        assert build_parser(words.split()).parse_args(words.split()).verb == words.split()[0]
