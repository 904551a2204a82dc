"""The evidence file: what it proves to somebody who has only the file and a public key."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import aics_tlog
import orjson
import pytest
from hypothesis import given, settings
from reports_scene import logs, make_site, open_log, write_log

from proxy.audit import Event, make_event, query
from proxy.cli import main
from proxy.errors import InputError
from proxy.reports.claims import EXAMPLES, TYPES, collect, words_of
from proxy.reports.evidence import make_evidence, manifest_of, write
from proxy.reports.evidence_check import check_evidence, read_evidence
from proxy.reports.facts import read_facts
from proxy.reports.supplier import supplier

WHAT = {"service": "nuage", "policy": "0" * 16}


def against_nuage() -> list[Event]:
    where = {"endpoint": "/v1/people/{id}", "method": "POST"}
    one = [
        make_event("field-minimised", counts={"phone": 2}, action="drop", **WHAT, **where),
        make_event("tracker-blocked", rule="a.txt:1", list="a", category="ads", **WHAT),
        make_event("parameters-stripped", rule="a.txt:2", list="a", count=3, **WHAT, **where),
        make_event("request-refused", reason="field-refused", incident="0badcafe01", **WHAT),
        make_event(
            "tracker-blocked",
            rule="a.txt:1",
            list="a",
            category="ads",
            service="lointain",
            policy="0" * 16,
        ),
    ]
    return one * 9


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A site with a log whose signing key was changed once, and an evidence file."""
    root = make_site(tmp_path_factory.mktemp("evidence") / "site")
    with open_log(root) as log:
        log.record_sync(against_nuage())
        log.change_key()
        log.checkpoint()
        directory = root / "state/audit"
        claims = collect(directory, ["nuage"])
        report = supplier(read_facts(root, None), claims, "Nuage Inc.", "fr")
        files = make_evidence(directory, log, report, claims, "Nuage Inc.")
    return root, files


def test_a_file_just_made_holds(made: tuple[Path, dict[str, bytes]]) -> None:
    root, files = made
    ring = (root / "state/audit/key.vkey").read_text().strip()
    for key in (None, ring):
        verdict = check_evidence(files, key)
        assert verdict.ok, verdict.problems
        assert verdict.supplier == "nuage-inc"
        assert verdict.events == 4 * EXAMPLES
    claims = orjson.loads(files["report.json"])["data"]["claims"]
    assert [(c["type"], c["events"], c["things"]) for c in claims] == [
        ("tracker-blocked", 9, 0),
        ("parameters-stripped", 9, 27),
        ("field-minimised", 9, 18),
        ("request-refused", 9, 0),
    ]


def test_the_oracle_finds_the_same_with_the_file_alone(
    made: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    """As README.txt says, with an implementation that is not ours."""
    write(made[1], tmp_path / "out")
    out = tmp_path / "out"
    for line in (out / "MANIFEST").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    handed_over = sorted((out / "keys").iterdir())[-1].read_text()
    extra = base64.b64decode(handed_over.split("\n")[1].removeprefix("extra "))
    first = (out / "key.vkey").read_text().strip()
    newest = _vkey(first.split("+")[0], bytes.fromhex(json.loads(extra)["public_key"]))
    for event in (out / "events").iterdir():
        proof = (out / f"proofs/{event.stem}.tlog-proof").read_text()
        assert _holds(proof, event.read_bytes(), int(event.stem), newest)
        assert not _holds(proof, event.read_bytes() + b" ", int(event.stem), newest)
    proof = (out / "manifest.tlog-proof").read_text()
    line = base64.b64decode(proof.split("\n")[1].removeprefix("extra "))
    assert _holds(proof, line, int(proof.split("\n")[2].removeprefix("index ")), newest)
    said = json.loads(line)
    assert said["type"] == "evidence-made"
    assert said["manifest"] == hashlib.sha256((out / "MANIFEST").read_bytes()).hexdigest()


def _vkey(name: str, public: bytes) -> str:
    key = b"\x01" + public
    number = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    return f"{name}+{number.hex()}+{base64.b64encode(key).decode()}"


def _holds(proof: str, line: bytes, index: int, vkey: str) -> bool:
    head, note = proof.split("\n\n", 1)
    hashes = [base64.b64decode(text) for text in head.split("\n")[3:]]
    parsed = aics_tlog.parse_note(note)
    assert aics_tlog.verify_note(parsed, [aics_tlog.parse_vkey(vkey)])
    tree = aics_tlog.parse_checkpoint(parsed.text)
    return bool(aics_tlog.verify_leaf_inclusion(line, index, tree.size, hashes, tree.root))


def _changed(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    return {**files, name: bytes(content)}


def test_a_change_of_any_file_is_found(made: tuple[Path, dict[str, bytes]]) -> None:
    for name in made[1]:
        assert not check_evidence(_changed(made[1], name)).ok, name


def test_a_file_that_is_missing_or_added_is_found(made: tuple[Path, dict[str, bytes]]) -> None:
    files = made[1]
    for name in files:
        if name == "MANIFEST":
            continue
        left = {key: value for key, value in files.items() if key != name}
        assert not check_evidence(left).ok, name
    assert not check_evidence({**files, "events/999.json": b"{}"}).ok


def test_numbers_made_up_and_signed_over_again_are_found(
    made: tuple[Path, dict[str, bytes]],
) -> None:
    """A forger who fits the manifest to a changed report still has no event of the log."""
    files = dict(made[1])
    report = orjson.loads(files["report.json"])
    report["data"]["claims"][0]["events"] = 9_000
    files["report.json"] = orjson.dumps(report)
    listed = {n: c for n, c in files.items() if f"  {n}\n".encode() in files["MANIFEST"]}
    files["MANIFEST"] = manifest_of(listed)
    assert check_evidence(files).problems == ["MANIFEST: the log did not make this file"]


def test_another_key_is_not_believed(made: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root = make_site(tmp_path / "other")
    with open_log(root) as log:
        log.checkpoint()
    key = (root / "state/audit/key.vkey").read_text().strip()
    assert not check_evidence(made[1], key).ok


def test_the_same_files_make_the_same_zip(
    made: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    write(made[1], tmp_path / "a.zip")
    write(dict(reversed(made[1].items())), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert read_evidence(tmp_path / "a.zip") == made[1]


def test_what_does_not_belong_is_refused_before_it_is_read(tmp_path: Path) -> None:
    for name in ("../out", "/etc/x", "events/../../x", "extra.txt"):
        path = tmp_path / "bad.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("MANIFEST", "")
            archive.writestr(name, "x")
        with pytest.raises(InputError, match="does not belong"):
            read_evidence(path)
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="not an evidence file"):
        read_evidence(tmp_path / "no.zip")


@given(log=logs(50))
@settings(max_examples=40, deadline=None)
def test_findings_count_every_event_against_the_supplier_and_no_other(
    log: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = write_log(tmp_path_factory.getbasetemp() / "findings", log)
    claims = collect(directory, ["nuage", "cahier"])
    ours = [
        event
        for event in log
        if event["type"] in TYPES and event.get("service") in ("nuage", "cahier")
    ]
    assert sum(claim.events for claim in claims) == len(ours)
    assert {claim.words for claim in claims} == {words_of(event) for event in ours}
    found = {one.index: one.event for one in query(directory)}
    for claim in claims:
        assert 1 <= len(claim.examples) == min(claim.events, EXAMPLES)
        assert all(words_of(found[index]) == claim.words for index in claim.examples)


def test_the_command_makes_a_file_that_the_command_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_site(tmp_path / "site")
    with open_log(root) as log:
        log.record_sync(against_nuage())
        key = (root / "state/audit/key.vkey").read_text()
    shutil.move(root / "state/audit", tmp_path / "x")  # the site's own origin differs
    assert main(["keys", "init", "--site", str(root)]) == 0
    where = ["--site", str(root)]
    assert main(["report", "supplier", "nuage", *where, "--out", str(tmp_path / "e.zip")]) == 0
    assert main(["report", "verify", str(tmp_path / "e.zip")]) == 0
    assert "key came from the file" in capsys.readouterr().out
    assert main(["report", "verify", str(tmp_path / "e.zip"), "--key", key]) == 1
    newest = (root / "state/audit/key.vkey").read_text()
    (tmp_path / "vkey").write_text(newest)
    capsys.readouterr()
    verify = ["report", "verify", str(tmp_path / "e.zip"), "--key", str(tmp_path / "vkey")]
    assert main([*verify, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert [one.event["supplier"] for one in query(root / "state/audit", {"type": "evidence-made"})]
    assert main(["report", "supplier", "personne", *where]) == 2
    assert "no supplier personne" in capsys.readouterr().err
