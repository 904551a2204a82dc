"""A new site from nothing, with the very commands that ``preau init`` prints, as a person would."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from cryptography import x509

from proxy.demo.people import cast
from proxy.demo.rosters import write_oneroster
from proxy.demo.site import SCHOOL
from tests.sim.served import PREAU, environment, inside, preau


def test_the_printed_commands_make_a_site_that_works(tmp_path: Path) -> None:
    site = tmp_path / "my site"
    write_oneroster(cast(40, school=SCHOOL), tmp_path / "roster")
    made = preau("init", site, "--json", cwd=tmp_path)
    commands = json.loads(made.stdout)["next"]
    assert [shlex.split(command)[1:3] for command in commands[1:]] == [
        ["check", "--site"],
        ["keys", "init"],
        ["ca", "init"],
        ["ca", "export"],
        ["directory", "import"],
        ["status", "--site"],
        ["serve", "--site"],
    ]
    for command in commands[1:-1]:
        words = shlex.split(command.replace("FILE…", "roster"))
        done = preau(*words[1:], cwd=tmp_path)
        assert done.returncode == 0, (command, done.stderr.decode(), done.stdout.decode())
    assert b"BAD" not in done.stdout
    assert done.stdout.count(b"good") == 5
    assert x509.load_pem_x509_certificate((tmp_path / "preau-ca.pem").read_bytes())
    assert shlex.split(commands[0])[1] == str(site / "site.yaml")


def test_status_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    inside("init", tmp_path / "site")
    pack = tmp_path / "site/services/apple.yaml"
    pack.write_text(pack.read_text().replace("treatment: tunnel", "treatment: tunel"))
    done = inside("status", "--site", tmp_path / "site", "--json")
    assert done.returncode == 1
    parts = {part["name"]: part for part in json.loads(done.stdout)["parts"]}
    assert not any(part["good"] for part in parts.values())
    assert "services/apple.yaml:" in parts["policy"]["detail"]
    assert "did you mean 'tunnel'" in parts["policy"]["detail"]
    assert "preau keys init" in parts["keys"]["detail"]
    assert "preau ca init" in parts["ca"]["detail"]
    assert "no log yet" in parts["audit"]["detail"]


def test_check_of_a_broken_file(tmp_path: Path) -> None:
    inside("init", tmp_path / "site")
    pack = tmp_path / "site/services/google-classroom.yaml"
    text = pack.read_text().replace("is: family_name", "is: familly_name", 1)
    pack.write_text(text)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "familly_name" in row)
    column = text.splitlines()[line - 1].index("familly_name") + 1
    done = inside("check", "--site", tmp_path / "site")
    assert done.returncode == 1
    first = done.stdout.decode().splitlines()[0]
    assert first.startswith(f"services/google-classroom.yaml:{line}:{column}: ")
    assert "did you mean 'family_name'?" in first
    pack.write_text("service: [\n")
    done = inside("check", "--site", tmp_path / "site", "--json")
    assert done.returncode == 1
    problem = json.loads(done.stdout)["problems"][0]
    assert problem["file"] == "services/google-classroom.yaml"


def test_help_groups_every_verb() -> None:
    from proxy.cli import VERBS

    text = inside("--help").stdout.decode()
    for group in ("Run:", "Set up:", "See and try:", "Upkeep:", "Proof and information:"):
        assert f"\n{group}\n" in text
    for verb in VERBS:
        assert f"\n  {verb} " in text


def test_output_that_nobody_reads_to_the_end_is_no_error(tmp_path: Path) -> None:
    inside("init", tmp_path / "site")
    command = shlex.join([*PREAU, "check", "--site", str(tmp_path / "site")])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -c 1"], capture_output=True, env=environment(), check=False
    )
    assert done.stderr == b""


def test_a_terminal_without_accents_gets_an_answer(tmp_path: Path) -> None:
    poor = environment(PYTHONIOENCODING="ascii")
    done = preau("init", tmp_path / "site", env=poor)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"FILE?" in done.stdout
