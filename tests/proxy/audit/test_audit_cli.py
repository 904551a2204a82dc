"""``preau audit``: exit codes, words and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit_adversary import Adversary, open_log, sample_event

from proxy.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(["audit", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_verify_says_good_and_bad(adversary: Adversary, capsys: pytest.CaptureFixture[str]) -> None:
    directory = adversary.layout.root
    code, out, _ = run(capsys, "verify", "--dir", directory)
    assert code == 0
    assert "3002 events, nothing changed" in out
    adversary.edit(2100)
    code, out, _ = run(capsys, "verify", "--dir", directory)
    assert code == 1
    assert "00000002.jsonl:53" in out
    code, out, _ = run(capsys, "verify", "--dir", directory, "--json")
    found = json.loads(out)
    assert (code, found["ok"], found["problems"][0]["index"]) == (1, False, 2100)


def test_verify_takes_a_key_and_a_checkpoint_from_elsewhere(
    adversary: Adversary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = adversary.layout.root
    saved = tmp_path / "saved"
    assert run(capsys, "checkpoint", "--dir", directory, "--out", saved)[0] == 0
    key = (directory / "key.vkey").read_text().strip()
    arguments = ("verify", "--dir", directory, "--checkpoint", saved, "--json", "--key")
    for given in (key, directory / "key.vkey"):
        code, out, _ = run(capsys, *arguments, given)
        found = json.loads(out)
        assert (code, found["key_from_directory"]) == (0, False)
        assert found["compared_with_saved_checkpoint"]
    adversary.truncate(1501)
    assert run(capsys, *arguments, key)[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--dir", "/nowhere"),
        ("verify", "--dir", "{}", "--key", "/nowhere/key"),
        ("verify", "--dir", "{}", "--key", "not+a+key"),
        ("verify", "--dir", "{}", "--checkpoint", "/nowhere/checkpoint"),
        ("prove", "99999", "--dir", "{}"),
        ("verify-proof", "/nowhere/proof", "--dir", "{}"),
        ("verify-proof", "{}/key.vkey"),
    ],
)
def test_what_cannot_be_used_is_exit_code_two(
    sealed_log: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    filled = [word.replace("{}", str(sealed_log / "audit")) for word in words]
    code, out, err = run(capsys, *filled)
    assert (code, out) == (2, "")
    assert err.startswith("preau: ")


@pytest.mark.parametrize("words", [("query", "--limit", "0"), ("query", "--limit", "x"), ()])
def test_wrong_usage_is_exit_code_two(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["audit", *words])
    assert caught.value.code == 2


def test_query_prints_lines_or_json(sealed_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("query", "--dir", sealed_log / "audit", "--type", "request-pseudonymised")
    code, out, _ = run(capsys, *words, "--limit", 3)
    assert code == 0
    assert len(out.splitlines()) == 3
    assert "service=google-classroom" in out
    assert "counts=full_name:1" in out
    _, out, _ = run(capsys, *words, "--limit", 2, "--json")
    assert [event["index"] for event in json.loads(out)] == [1, 2]
    _, out, _ = run(capsys, *words, "--until", "2020")
    assert out == ""


def test_prove_and_verify_proof(
    sealed_log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory, proof = sealed_log / "audit", tmp_path / "event.tlog-proof"
    assert run(capsys, "prove", 7, "--dir", directory, "--out", proof)[0] == 0
    key = (directory / "key.vkey").read_text().strip()
    code, out, _ = run(capsys, "verify-proof", proof, "--key", key)
    assert code == 0
    assert "holds: event 7" in out
    proof.write_text(proof.read_text().replace("index 7", "index 8"))
    code, out, _ = run(capsys, "verify-proof", proof, "--key", key, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    _, out, _ = run(capsys, "prove", 7, "--dir", directory)
    assert out.startswith("c2sp.org/tlog-proof@v1\n")
    _, out, _ = run(capsys, "prove", 7, "--dir", directory, "--json")
    assert json.loads(out)["index"] == 7


def test_export_is_the_lines_themselves(
    sealed_log: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["audit", "export", "--dir", str(sealed_log / "audit")]) == 0
    segments = sorted((sealed_log / "audit/segments").iterdir())
    assert capfdbinary.readouterr().out == b"".join(path.read_bytes() for path in segments)


def test_checkpoint_seals_a_running_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_log(tmp_path) as log:
        log.record_sync([sample_event()])
        code, out, _ = run(capsys, "checkpoint", "--dir", tmp_path / "audit", "--json")
        found = json.loads(out)
        assert (code, found["size"]) == (0, 2)
        assert found["note"].startswith("preau.example/test\n2\n")
        _, out, _ = run(capsys, "checkpoint", "--dir", tmp_path / "audit")
        assert out == found["note"]
