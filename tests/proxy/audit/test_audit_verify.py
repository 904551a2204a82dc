"""Tampering in every way we know is found, and the first bad place is named."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from audit_adversary import ORIGIN, Adversary, open_log, sample_event

from proxy.audit import NoteError, Report, verify
from proxy.audit.checkpoints import read_history
from proxy.audit.layout import Layout
from proxy.audit.note import Checkpoint, Signer
from proxy.audit.signing import load_signer


def check(adversary: Adversary, **options: str) -> Report:
    return verify(adversary.layout.root, **options)


def newest(adversary: Adversary) -> str:
    return adversary.layout.checkpoint.read_text()


def test_an_untouched_log_is_good(adversary: Adversary) -> None:
    report = check(adversary)
    assert report.problems == []
    assert (report.events, report.sealed, report.unsealed) == (3002, 3002, 0)
    assert report.checkpoints >= 3
    assert check(adversary, vkey=report.key, saved_checkpoint=newest(adversary)).ok


@pytest.mark.parametrize("index", [0, 1, 255, 256, 1023, 1024, 2047, 3000])
@pytest.mark.parametrize(
    ("act", "kind"),
    [("edit", "edited"), ("insert", "inserted"), ("swap", "reordered"), ("delete", "deleted")],
)
def test_the_changed_line_is_named(adversary: Adversary, act: str, kind: str, index: int) -> None:
    if act == "edit":
        index = min(max(index, 1), 3000)  # the first and last events have no such word
    getattr(adversary, act)(index)
    first = check(adversary).problems[0]
    edge = index % 256 == 255 or index % 1024 == 1023
    assert first.kind == kind or edge
    if not (act == "swap" and edge):
        assert first.index == index
        assert first.place == f"{index // 1024:08d}.jsonl:{index % 1024 + 1}"


def test_a_deletion_that_closes_the_gap_is_named(adversary: Adversary) -> None:
    adversary.delete_and_close_up(700)
    first = check(adversary).problems[0]
    assert (first.kind, first.index) == ("deleted", 700)


@pytest.mark.parametrize("size", [0, 1, 256, 1023, 1024, 2048, 3001])
def test_a_cut_is_named(adversary: Adversary, size: int) -> None:
    adversary.truncate(size)
    found = {(one.kind, one.index) for one in check(adversary).problems}
    assert ("truncated", size) in found


@pytest.mark.parametrize("act", ["edit", "delete_and_close_up", "insert", "swap", "truncate"])
def test_tiles_made_again_to_fit_do_not_help(adversary: Adversary, act: str) -> None:
    if act == "insert":  # keep every segment full, so that only the hashes can tell
        lines = adversary.lines(1)
        adversary.put(1, [*lines[:500], b'{"type":"x"}', *lines[500:-1]])
    else:
        getattr(adversary, act)(1600)
    adversary.forget_tiles()
    first = check(adversary).problems[0]
    assert first.kind in ("changed", "truncated")
    assert first.index is not None
    assert first.index <= 1600
    assert first.index >= 1024 or act == "insert"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_missing_segment_is_named(adversary: Adversary, number: int) -> None:
    adversary.layout.segment(number).unlink()
    first = check(adversary).problems[0]
    assert first.index == number * 1024


def test_a_history_of_forged_checkpoints_is_found(adversary: Adversary) -> None:
    """Change, make tiles to fit, and sign everything again with another key."""
    adversary.edit(100)
    adversary.forget_tiles()
    forger = load_signer(adversary.layout.root / "forger.pem", ORIGIN, create=True)
    resign(adversary, forger)
    kinds = {one.kind for one in check(adversary).problems}
    assert kinds == {"forged-signature"}


def resign(adversary: Adversary, signer: Signer) -> None:
    from proxy.audit.merkle import Tree, leaf_hashes

    tree = Tree()
    for number in adversary.layout.segment_numbers():
        tree.extend(leaf_hashes(adversary.lines(number)))
    note = signer.sign(Checkpoint(ORIGIN, tree.size, tree.root()).text())
    adversary.layout.checkpoint.write_text(note)
    for path in adversary.layout.history_files():
        path.unlink()


def test_a_whole_log_signed_again_with_a_new_key_shows_against_the_known_key(
    adversary: Adversary,
) -> None:
    known = check(adversary).key
    adversary.edit(100)
    adversary.forget_tiles()
    forger = load_signer(adversary.layout.root / "forger.pem", ORIGIN, create=True)
    resign(adversary, forger)
    adversary.layout.public_key.write_text(f"{forger.key}\n")
    assert check(adversary).ok  # alone, the directory cannot tell: the report says so
    assert check(adversary).key_from_directory
    kinds = {one.kind for one in check(adversary, vkey=known).problems}
    assert {"key-changed", "forged-signature"} <= kinds


def test_a_log_rewritten_by_the_key_holder_shows_against_a_saved_checkpoint(
    adversary: Adversary, tmp_path: Path
) -> None:
    saved = newest(adversary)
    adversary.edit(100)
    adversary.forget_tiles()
    resign(adversary, load_signer(tmp_path / "keys/audit.pem", ORIGIN, create=False))
    assert check(adversary).ok
    assert check(adversary, saved_checkpoint=saved).problems[0].kind == "split-view"


def test_a_log_rolled_back_to_an_older_copy_shows_against_a_saved_checkpoint(
    tmp_path: Path,
) -> None:
    with open_log(tmp_path) as log:
        log.record_sync([sample_event()])
    shutil.copytree(tmp_path / "audit", tmp_path / "old")
    with open_log(tmp_path) as log:
        log.record_sync([sample_event()])
        saved = log.checkpoint()
    assert verify(tmp_path / "audit", saved_checkpoint=saved).ok
    assert verify(tmp_path / "old").ok
    assert verify(tmp_path / "old", saved_checkpoint=saved).problems[0].kind == "rolled-back"


def test_an_older_checkpoint_of_the_same_log_is_no_alarm(adversary: Adversary) -> None:
    for _, note in read_history(adversary.layout):
        assert check(adversary, saved_checkpoint=note).ok


def test_a_newest_checkpoint_put_back_is_found(adversary: Adversary) -> None:
    old = next(note for _, note in read_history(adversary.layout) if "\n1501\n" in note)
    adversary.layout.checkpoint.write_text(old)
    assert check(adversary).problems[0].kind == "rolled-back"


@pytest.mark.parametrize("line", [1, 2, 4])
def test_an_edited_checkpoint_is_a_forgery(adversary: Adversary, line: int) -> None:
    lines = newest(adversary).split("\n")
    lines[line] = lines[line].replace("3002", "3001") if line == 1 else lines[line][::-1]
    adversary.layout.checkpoint.write_text("\n".join(lines))
    assert "forged-signature" in {one.kind for one in check(adversary).problems}


def test_a_missing_checkpoint_is_found(adversary: Adversary) -> None:
    adversary.layout.checkpoint.unlink()
    assert check(adversary).problems[0].kind == "checkpoint-missing"


def test_a_history_note_edited_is_a_forgery(adversary: Adversary) -> None:
    path = next(iter(adversary.layout.history_files()))
    path.write_text(path.read_text().replace("\n1501\n", "\n1500\n"))
    assert check(adversary).problems[0].kind == "forged-signature"


@pytest.mark.parametrize(("level", "index"), [(0, 3), (0, 10)])
def test_a_tile_changed_or_taken_is_found(adversary: Adversary, level: int, index: int) -> None:
    path = adversary.layout.tile(level, index)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    assert check(adversary).problems[0].index == index * 256
    path.unlink()
    assert check(adversary).problems[0].kind == "tile-missing"


def test_no_single_byte_of_a_segment_can_change_unseen(adversary: Adversary) -> None:
    dice = random.Random(3)
    for _ in range(40):
        path = adversary.layout.segment(dice.randrange(3))
        before = path.read_bytes()
        data = bytearray(before)
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
        path.write_bytes(data)
        assert not check(adversary).ok
        path.write_bytes(before)
    assert check(adversary).ok


def test_unsealed_events_are_counted_and_prove_nothing(adversary: Adversary) -> None:
    with adversary.layout.segment(2).open("ab") as file:
        file.write(b'{"type":"x"}\n{"torn')
    report = check(adversary)
    assert report.ok
    assert (report.events, report.unsealed) == (3003, 1)


def test_where_there_is_no_log_nothing_is_said(tmp_path: Path, adversary: Adversary) -> None:
    with pytest.raises(NoteError, match="no audit log"):
        verify(tmp_path / "keys")
    adversary.layout.public_key.unlink()
    with pytest.raises(NoteError, match="--key"):
        check(adversary)


def test_a_log_being_written_verifies_at_any_moment(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        futures = [log.append([b'{"n":%d}' % n for n in range(700)]) for _ in range(30)]
        for _ in range(10):
            assert verify(Layout(tmp_path / "audit").root).problems == []
        for future in futures:
            future.result(10)
