"""``verify`` against what was kept elsewhere: words, published histories, witnessed notes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from audit_adversary import Adversary, open_log, sample_event
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit import Kept, VerifierKey, open_checkpoint, verify
from proxy.audit.publish import FileTarget, to_words
from proxy.cli import main
from proxy.witness import WitnessSigner

EVENTS = 1200


@pytest.fixture
def rewritten(tmp_path: Path) -> tuple[Path, str]:
    """A log rewritten by who holds its key, and the checkpoint of the first history."""
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(EVENTS)])
    note = (tmp_path / "audit" / "checkpoint").read_text()
    shutil.rmtree(tmp_path / "audit")
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n + 1) for n in range(2 * EVENTS)])
    return tmp_path / "audit", note


def key_of(directory: Path) -> VerifierKey:
    return VerifierKey.parse((directory / "key.vkey").read_text())


def kinds(directory: Path, kept: Kept) -> list[str]:
    return [problem.kind for problem in verify(directory, saved_checkpoint=kept).problems]


def test_words_on_a_wall_show_a_split_view(
    rewritten: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    directory, note = rewritten
    words = " ".join(to_words(open_checkpoint(note, key_of(directory))))
    code = main(["audit", "verify", "--dir", str(directory), "--checkpoint-words", words])
    assert code == 1
    assert "split-view" in capsys.readouterr().out
    assert main(["audit", "verify", "--dir", str(directory)]) == 0  # alone it looks whole


def test_words_of_the_log_itself_are_good(
    adversary: Adversary, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(adversary.layout.root)
    assert main(["audit", "publish", "--words", "--dir", directory]) == 0
    words = capsys.readouterr().out.strip()
    assert main(["audit", "verify", "--dir", directory, "--checkpoint-words", words]) == 0
    assert main(["audit", "verify", "--dir", directory, "--checkpoint-words", words[:-1]]) == 2


def test_a_published_history_shows_a_rollback_and_a_split_view(
    adversary: Adversary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = adversary.layout.root
    older = tmp_path / "older"
    shutil.copytree(directory, older)
    target = FileTarget(tmp_path / "public" / "checkpoint")
    target.publish(adversary.layout.checkpoint.read_text())
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(10)])
    target.publish(adversary.layout.checkpoint.read_text())
    history = str(tmp_path / "public" / "checkpoint.history")
    assert main(["audit", "verify", "--dir", str(directory), "--checkpoint", history]) == 0
    assert main(["audit", "verify", "--dir", str(older), "--checkpoint", history]) == 1
    assert "rolled-back" in capsys.readouterr().out


def test_any_one_of_many_kept_checkpoints_shows_the_change(rewritten: tuple[Path, str]) -> None:
    directory, note = rewritten
    own = (directory / "checkpoint").read_text()
    assert kinds(directory, Kept([own])) == []
    assert kinds(directory, Kept([own, note, own])) == ["split-view"]


def test_a_witnessed_checkpoint_needs_its_witnesses(adversary: Adversary) -> None:
    directory = adversary.layout.root
    note = adversary.layout.checkpoint.read_text()
    text = open_checkpoint(note, key_of(directory)).text()
    signers = [
        WitnessSigner(f"w{n}.example", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32))
        for n in (1, 2, 3)
    ]
    keys = [signer.key for signer in signers]
    signed = note + signers[0].cosign(text, 1) + signers[1].cosign(text, 2)
    assert kinds(directory, Kept([signed], (), keys, 2)) == []
    assert kinds(directory, Kept([signed], (), keys, 3)) == ["not-witnessed"]
    forged = note + signers[0].cosign(text.replace("3002", "3001"), 1)
    assert kinds(directory, Kept([forged], (), keys, 1)) == ["not-witnessed"]
    # The same witness twice is one witness.
    assert kinds(directory, Kept([signed], (), [keys[0], keys[0]], 2)) == ["not-witnessed"]
