"""``preau directory`` on a real site: keys, SQLite and the audit log."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from proxy.cli import main, progress
from proxy.cli.directory import opened
from proxy.directory.index import Directory, Index
from proxy.pseudonyms.keyfiles import initialise
from proxy.site import load_site

HEADER = "id,kind,given_name,family_name,email,school\n"
GOOD = HEADER + "1,pupil,Zoé,Lefèvre,zoe@c.example,A\n2,staff,Paul,Durand,,A|B\n"
BAD = GOOD + "3,pupil,Secretname,Roy,not-an-address,A\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    assert main(["init", str(root)]) == 0
    keys = load_site(root).keys_dir
    if not keys.exists():
        initialise(keys)
    return root


@pytest.fixture
def command(site, tmp_path, capsys):
    def run(*arguments: str, roster: str = "") -> tuple[int, dict, str]:
        path = tmp_path / "r.csv"
        if roster:
            path.write_text(roster, encoding="utf-8")
            arguments = (*arguments, str(path))
        capsys.readouterr()
        code = main(["directory", *arguments, "--site", str(site), "--json"])
        captured = capsys.readouterr()
        return code, json.loads(captured.out or captured.err), captured.out + captured.err

    return run


def test_an_import_lands_again_changes_nothing_and_status_counts(command):
    code, report, _ = command("import", "--dry-run", roster=GOOD)
    assert (code, report["added"], report["version"]) == (0, 2, 0)
    code, report, _ = command("import", roster=GOOD)
    assert (code, report["added"], report["source"], report["version"]) == (0, 2, "csv", 1)
    code, report, _ = command("import", roster=GOOD)
    assert (code, report["unchanged"], report["version"]) == (0, 2, 1)
    code, status, output = command("status")
    assert (code, status["subjects"], status["schools"]) == (
        0, {"pupil": 1, "staff": 1}, {"A": 2, "B": 1},
    )  # fmt: skip
    assert "Zo" not in output


def test_a_bad_row_stops_the_import_unless_it_is_skipped(command):
    code, error, output = command("import", roster=BAD)
    assert code == 2
    assert error["problems"][0].endswith(
        "r.csv:4:5: expected an e-mail address (name@domain); correct or empty the cell / adresse "
        "(nom@domaine) attendue ; corrigez ou videz la cellule"
    )
    assert command("status")[1]["version"] == 0
    code, report, skipped = command("import", "--skip-bad-rows", roster=BAD)
    assert (code, report["added"], report["bad_rows"]) == (0, 2, 1)
    assert "Secretname" not in output + skipped


def test_a_shrink_wants_a_yes(command):
    command("import", roster=GOOD)
    code, error, _ = command("import", roster=HEADER + "1,pupil,Zoé,Lefèvre,zoe@c.example,A\n")
    assert (code, "--yes" in error["message"]) == (2, True)
    code, report, _ = command("import", "--yes", roster=HEADER + "1,pupil,Zoé,Lefèvre,,A\n")
    assert (code, report["left"]) == (0, 1)


def test_an_import_is_in_the_audit_log_in_figures(command, site, capsys):
    command("import", roster=GOOD)
    capsys.readouterr()
    assert main(["audit", "query", "--site", str(site), "--json"]) == 0
    output = capsys.readouterr().out
    assert "directory-imported" in output
    assert "Lef" not in output


def test_what_is_no_roster_is_an_input_error(command, site, tmp_path, capsys):
    assert main(["directory", "import", str(tmp_path / "no"), "--site", str(site)]) == 2
    assert "check the path" in capsys.readouterr().err


def test_an_import_builds_the_index_and_build_finds_it_there(command, site):
    command("import", roster=GOOD)
    (path,) = (load_site(site).state_dir / "directory").glob("*.directory")
    made = path.stat()
    assert command("build")[1]["subjects"] == {"pupil": 1, "staff": 1}
    assert path.stat().st_ino == made.st_ino
    path.unlink()
    command("build")
    assert path.exists()


def test_two_sources_join_by_address_and_say_so(command, tmp_path):
    command("import", "--source", "one", roster=GOOD)
    code, report, _ = command("import", "--source", "two", "--dry-run", roster=GOOD)
    assert (code, report["merged"], report["version"]) == (0, 1, 1)
    other = HEADER + "9,pupil,Marie,Roy,zoe@c.example,A\n"
    code, report, output = command("import", "--source", "two", roster=other)
    assert (code, report["merged"], len(report["conflicts"])) == (0, 0, 1)
    assert "zoe" not in output


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def go() -> None:
        with progress.shown() as report:
            for done in (2000, 4000):
                report(done)

    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.0)
    go()
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    go()
    assert "4,000 people read" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


def test_a_large_directory_is_indexed_by_another_process(site, capsys):
    names = ["".join("aeioubdfgl"[int(d)] for d in str(n)).title() for n in range(3000)]
    rows = "".join(f"{n},pupil,{name},{name}x,u{n}@c.example,A\n" for n, name in enumerate(names))
    path = site / "r.csv"
    path.write_text(HEADER + rows)
    assert main(["directory", "import", str(path), "--site", str(site)]) == 0
    with opened(site) as (_, store, sealer):
        assert next(store.values(1, 20_000), None) is not None
        folder = load_site(site).state_dir / "directory"
        (made,) = folder.glob("*.directory")
        whole = Index.build(store, sealer)
        index = Directory(store, sealer, (), folder).index
        assert index.counts() == whole.counts()
        for text in (f"{names[77]} {names[77]}x", f"{names[9]}x, {names[9]}", "u12@c.example"):
            assert index.find(text) == whole.find(text) != []
        assert list(folder.glob("*.directory")) == [made]
