"""Proofs against the oracle, both ways, and the log's directory as C2SP tiles."""

from __future__ import annotations

import base64
from pathlib import Path

import aics_tlog
import pytest
from audit_adversary import Adversary
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.audit import (
    NoteError,
    VerifierKey,
    consistent,
    open_checkpoint,
    prove,
    prove_consistency,
    verify_proof,
)
from proxy.audit.checkpoints import read_history
from proxy.audit.layout import Layout
from proxy.audit.merkle import leaf_hash


def key_of(directory: Path) -> VerifierKey:
    return VerifierKey.parse((directory / "key.vkey").read_text())


@given(index=st.integers(0, 3001))
@settings(max_examples=50, deadline=None)
def test_an_events_proof_satisfies_us_and_the_oracle(sealed_log: Path, index: int) -> None:
    directory = sealed_log / "audit"
    proof = prove(directory, index, key_of(directory))
    found = verify_proof(proof, key_of(directory))
    assert found.index == index
    head, note = proof.split("\n\n", 1)
    hashes = [base64.b64decode(line) for line in head.split("\n")[3:]]
    parsed = aics_tlog.parse_note(note)
    assert aics_tlog.verify_note(parsed, [aics_tlog.parse_vkey(str(key_of(directory)))])
    theirs = aics_tlog.parse_checkpoint(parsed.text)
    assert aics_tlog.verify_leaf_inclusion(found.line, index, theirs.size, hashes, theirs.root)


def test_the_oracle_reads_our_directory_as_a_tiled_log(sealed_log: Path) -> None:
    directory = sealed_log / "audit"
    checkpoint = open_checkpoint((directory / "checkpoint").read_text(), key_of(directory))
    reader = aics_tlog.FileSystemTileReader(directory)
    report = aics_tlog.audit_tiles(reader, checkpoint.size, checkpoint.root, entries=False)
    assert report.tiles == 13
    for index in (0, 255, 256, 1024, 3001):
        proof = aics_tlog.inclusion_proof_from_tiles(reader, index, checkpoint.size)
        lines = (directory / f"segments/{index // 1024:08d}.jsonl").read_bytes().split(b"\n")
        line = lines[index % 1024]
        assert aics_tlog.verify_leaf_inclusion(line, index, checkpoint.size, proof, checkpoint.root)


def test_any_two_kept_checkpoints_are_provably_consistent(sealed_log: Path) -> None:
    directory = sealed_log / "audit"
    kept = [open_checkpoint(note, key_of(directory)) for _, note in read_history(Layout(directory))]
    assert len(kept) >= 3
    for old in kept:
        for new in kept:
            if old.size > new.size:
                continue
            proof = prove_consistency(directory, old.size, new.size)
            assert consistent(old, new, proof)
            if old.size:
                assert aics_tlog.verify_consistency(old.size, new.size, old.root, new.root, proof)
            if 0 < old.size < new.size:
                assert not consistent(old, new, proof[:-1])


def test_a_proof_changed_anywhere_does_not_hold(sealed_log: Path) -> None:
    key = key_of(sealed_log / "audit")
    proof = prove(sealed_log / "audit", 1234, key)
    lines = proof.split("\n")
    for number, line in enumerate(lines):
        if not line:
            continue
        changed = line.replace("1234", "1235") if "index" in line else line[:-9] + "AAAAAAAA" + "="
        with pytest.raises(NoteError):
            verify_proof("\n".join([*lines[:number], changed, *lines[number + 1 :]]), key)
        with pytest.raises(NoteError):
            verify_proof("\n".join([*lines[:number], *lines[number + 1 :]]), key)


def test_a_proof_without_its_event_needs_it_given(sealed_log: Path) -> None:
    key = key_of(sealed_log / "audit")
    proof = prove(sealed_log / "audit", 5, key)
    line = verify_proof(proof, key).line
    bare = "\n".join(text for text in proof.split("\n") if not text.startswith("extra "))
    assert verify_proof(bare, key, line).index == 5
    with pytest.raises(NoteError, match="give it"):
        verify_proof(bare, key)
    with pytest.raises(NoteError, match="not number 5"):
        verify_proof(bare, key, line + b" ")
    with pytest.raises(NoteError, match="another event"):
        verify_proof(proof, key, line + b" ")


@pytest.mark.parametrize("index", [-1, 3002, 10**9])
def test_there_is_no_proof_of_what_is_not_there(sealed_log: Path, index: int) -> None:
    with pytest.raises(NoteError, match="covers events 0 to 3001"):
        prove(sealed_log / "audit", index, key_of(sealed_log / "audit"))


def test_a_changed_event_cannot_be_proven(adversary: Adversary) -> None:
    adversary.edit(77)
    with pytest.raises(NoteError, match="not what was signed"):
        prove(adversary.layout.root, 77, key_of(adversary.layout.root))
    assert prove(adversary.layout.root, 78, key_of(adversary.layout.root))


def test_a_pruned_log_still_proves_what_is_left(tmp_path: Path, journals) -> None:
    """C2SP minimum index 65,536: segments and tiles below it are gone."""
    journal = journals(tmp_path)
    journal.append([b'{"n":%d}' % n for n in range(66_000)])
    journal.seal()
    layout = Layout(tmp_path / "audit")
    for number in range(64):
        layout.segment(number).unlink()
    for index in range(256):
        layout.tile(0, index).unlink()
    found = verify_proof(prove(layout.root, 65_999, key_of(layout.root)), key_of(layout.root))
    assert found.line == b'{"n":65999}'
    assert leaf_hash(found.line)
    assert prove_consistency(layout.root, 65_536, 66_000)
