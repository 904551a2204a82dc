"""The signing key changes; what the old one signed still verifies, what it signs later does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_adversary import ORIGIN, open_log, sample_event

from proxy.audit import AuditTampered, VerifierKey, prove, query, verify, verify_proof
from proxy.audit._files import destroy
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.signing import SigningKey, load_signer
from proxy.errors import AuditUnavailable


def rotated(base: Path, times: int = 1) -> list[str]:
    """A log whose key changed; a checkpoint from before each change, and the newest."""
    notes = []
    with open_log(base) as log:
        for _ in range(times):
            log.record_sync([sample_event(1)])
            notes.append(log.checkpoint())
            log.change_key()
            log.record_sync([sample_event(2)])
        notes.append(log.checkpoint())
    return notes


def test_old_checkpoints_and_proofs_hold_under_the_first_key(tmp_path: Path) -> None:
    notes = rotated(tmp_path, 2)
    directory = tmp_path / "audit"
    ring = read_ring(Layout(directory))
    assert len(ring.keys) == 3
    for note in notes:
        report = verify(directory, str(ring.keys[0]), note)
        assert report.problems == []
        assert report.keys == 3
    assert verify(directory, str(ring.newest), notes[0]).ok
    changed = list(query(directory, {"type": "key-rotated"}))
    assert [one.event["key_version"] for one in changed] == [2, 3]
    assert verify_proof(prove(directory, changed[1].index, ring), ring).index == changed[1].index


def test_another_process_can_have_it_changed_and_it_is_written_on(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        with open_log(tmp_path) as client:
            client.change_key()
            client.record_sync([sample_event(1)])
        log.record_sync([sample_event(2)])
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(3)])
    assert verify(tmp_path / "audit").problems == []


def test_the_old_secret_is_nowhere_and_signs_nothing_new(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    path = tmp_path / "keys/audit.pem"
    old, secret = load_signer(path, ORIGIN, create=False), path.read_bytes()
    rotated(tmp_path)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes()
    layout = Layout(tmp_path / "audit")
    ring = read_ring(layout)
    newest = ring.open(layout.checkpoint.read_text())
    layout.checkpoint.write_text(old.sign(newest.text()))
    assert "forged-signature" in {one.kind for one in verify(layout.root).problems}


def test_an_invented_first_key_does_not_help_against_a_later_known_one(tmp_path: Path) -> None:
    """Whoever knows only the second key is not fooled by a log that the first alone signed."""
    notes = rotated(tmp_path)
    layout = Layout(tmp_path / "audit")
    known = str(read_ring(layout).newest)
    layout.checkpoint.write_text(notes[0])
    assert "forged-signature" in {one.kind for one in verify(layout.root, known).problems}


def test_a_forged_hand_over_is_found(tmp_path: Path) -> None:
    rotated(tmp_path)
    (path,) = (tmp_path / "audit/keys").iterdir()
    good = path.read_text()
    path.write_text(good.replace("index 2", "index 1"))
    assert not verify(tmp_path / "audit").ok
    with pytest.raises(AuditTampered):
        open_log(tmp_path)
    path.unlink()
    assert not verify(tmp_path / "audit").ok


@pytest.mark.parametrize("step", ["prepare", "hand-over", "destroyed"])
def test_a_crash_in_the_change_ends_with_one_key_in_force(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise OSError(5, "died here")

    with open_log(tmp_path) as log, monkeypatch.context() as patch:
        if step == "prepare":
            patch.setattr("proxy.audit._journal.Journal.hand_over", die)
        elif step == "hand-over":
            patch.setattr(SigningKey, "adopt", die)
        else:
            patch.setattr(SigningKey, "_replace", lambda key: destroy(key._path) or die())
        with pytest.raises(AuditUnavailable):
            log.change_key()
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(1)])
    report = verify(tmp_path / "audit")
    assert report.problems == []
    assert report.keys == (1 if step == "prepare" else 2)
    assert not (tmp_path / "keys/audit.pem.next").exists()
    VerifierKey.parse(report.key)
