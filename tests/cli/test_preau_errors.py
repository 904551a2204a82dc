"""Every verb with a site that is not there, or not ready: said plainly, never a traceback."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from proxy.cli import VERBS, main
from tests.sim.served import inside

NEED_A_SITE = (
    "serve",
    "upgrade",
    "check",
    "doctor",
    "explain https://x.example/",
    "explain --batch",
    "pseudonymise --service x",
    "restore --service x",
    "directory import roster.csv",
    "directory status",
    "roster export --service x --output roster.csv",
    "subject find x",
    "subject report x",
    "subject object x --all",
    "subject withdraw x --all",
    "subject consent x --give",
    "subject erase x --yes",
    "canary plant",
    "canary list",
    "canary remove",
    "canary report",
    "lists status",
    "test",
    "exception list",
    "block log",
    "keys init",
    "keys rotate --yes",
    "keys status",
    "ca init",
    "ca export",
    "audit verify",
    "audit query",
    "audit checkpoint",
    "audit prove 0",
    "audit export",
    "audit publish",
    "audit publish --words",
    "audit follow",
    "report families",
    "report supplier x",
    "status",
    "backup make x.tar.gz",
    "pac",
)


ROSTER = "kind,id,given_name,family_name\n"


def test_no_verb_is_forgotten_here() -> None:
    assert set(VERBS) - {command.split()[0] for command in NEED_A_SITE} == {
        "demo",
        "init",
        "witness",
    }


@pytest.mark.parametrize("command", NEED_A_SITE)
@pytest.mark.parametrize("as_json", [False, True])
def test_without_a_site(
    command: str, as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*command.split(), "--site", str(tmp_path / "absent")]
    if command.startswith("directory import"):
        roster = tmp_path / "roster.csv"
        roster.write_text(ROSTER)
        words[2] = str(roster)
    assert main([*words, "--json"] if as_json else words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    message = json.loads(shown.err)["message"] if as_json else shown.err
    assert str(tmp_path / "absent") in message
    assert "site.yaml" in shown.err
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("serve", 2),
        ("pseudonymise --service apple", 2),
        ("restore --service apple", 2),
        ("keys status", 1),  # this one and the next were asked whether all is well
        ("status", 1),
    ],
)
def test_without_keys(
    command: str, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    main(["init", str(tmp_path / "site")])
    capfd.readouterr()
    assert main([*command.split(), "--site", str(tmp_path / "site")]) == code
    shown = capfd.readouterr()
    if command != "status":
        assert shown.out == ""
    assert "preau keys init" in shown.out + shown.err


def test_serve_without_an_authority(tmp_path: Path) -> None:
    site = tmp_path / "site"
    main(["init", str(site)])
    main(["keys", "init", "--site", str(site)])
    done = inside("serve", "--site", site, "--listen", "127.0.0.1:0", "--status", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "preau ca init" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("option", ["--listen", "--status"])
def test_serve_where_another_program_listens(tmp_path: Path, option: str) -> None:
    site = tmp_path / "site"
    for words in (["init", str(site)], ["keys", "init"], ["ca", "init"]):
        main([*words, "--site", str(site)])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        addresses = {"--listen": "127.0.0.1:0", "--status": "127.0.0.1:0"} | {option: where}
        done = inside("serve", "--site", site, *(w for pair in addresses.items() for w in pair))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"cannot listen on {where}" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("frobnicate",),
        ("serve", "--listen", "nonsense"),
        ("serve", "--resolve", "nonsense"),
        ("explain",),
        ("audit", "query", "--limit", "0"),
    ],
)
def test_a_wrong_command_line_is_2(words: tuple[str, ...], tmp_path: Path) -> None:
    site = tmp_path / "site"
    for made in (["init", str(site)], ["keys", "init"]):
        main([*made, "--site", str(site)])
    done = inside(*words, *(("--site", site) if words else ()))
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr.decode()
