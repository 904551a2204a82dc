"""Checkpoints given away: what was published stays, and can be held against the log."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from audit_adversary import ORIGIN, open_log, sample_event
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from outgoing_peers import Web

from proxy.audit import Checkpoint, NoteError
from proxy.audit.checkpoints import split_notes
from proxy.audit.note import Signer
from proxy.audit.publish import (
    FileTarget,
    GitTarget,
    PaperTarget,
    UrlTarget,
    from_words,
    sheet,
    svg,
    to_words,
)
from proxy.audit.publish.words import COUNT
from proxy.outbound import Outage, Place

SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x09" * 32))
CHECKPOINTS = st.builds(
    Checkpoint, st.just(ORIGIN), st.integers(0, 2**48 - 1), st.binary(min_size=32, max_size=32)
)


def note(size: int) -> str:
    return SIGNER.sign(Checkpoint(ORIGIN, size, bytes([size % 256]) * 32).text())


@given(CHECKPOINTS)
def test_words_say_the_checkpoint_and_nothing_else(checkpoint: Checkpoint) -> None:
    words = to_words(checkpoint)
    assert len(words) == COUNT
    assert from_words([" ".join(words).upper()], ORIGIN) == checkpoint
    assert from_words(["-".join(words[:9]), *words[9:]], ORIGIN) == checkpoint


@given(CHECKPOINTS, st.integers(0, COUNT - 1), st.integers(0, 0xFFFF))
def test_a_word_misheard_is_noticed(checkpoint: Checkpoint, place: int, other: int) -> None:
    words = to_words(checkpoint)
    wrong = to_words(Checkpoint(ORIGIN, other, b"\0" * 32))[2]
    if wrong == words[place]:
        return
    words[place] = wrong
    with pytest.raises(NoteError, match="fit together"):
        from_words(words, ORIGIN)


def test_words_of_another_log_or_of_another_form_are_refused() -> None:
    words = to_words(Checkpoint(ORIGIN, 5, b"\1" * 32))
    with pytest.raises(NoteError, match="another log"):
        from_words(words, "other.example")
    with pytest.raises(NoteError, match="21 words"):
        from_words(words[1:], ORIGIN)
    with pytest.raises(NoteError, match="word 2 cannot"):
        from_words([words[0], "école", *words[2:]], ORIGIN)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sheet_holds_the_words_and_the_note(language: str) -> None:
    text, image = sheet(note(70), language), svg(note(70), language)
    for word in to_words(Checkpoint(ORIGIN, 70, b"F" * 32)):
        assert word in text
        assert word in image
    assert note(70) in text
    import xml.etree.ElementTree as tree

    assert tree.fromstring(image).tag.endswith("svg")


def test_the_qr_code_is_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it encodes; that it encodes well is the library's own tested work."""
    import segno

    seen: list[str] = []
    made = segno.make_qr

    def spy(content: str, **options: str) -> segno.QRCode:
        seen.append(content)
        return made(content, **options)

    monkeypatch.setattr(segno, "make_qr", spy)
    svg(note(3))
    assert seen == [note(3)]


def test_a_file_keeps_every_checkpoint(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "public" / "checkpoint")
    for size in (1, 5, 5, 9):
        target.publish(note(size))
    assert target.path.read_text() == note(9)
    history = target.path.with_name("checkpoint.history")
    assert split_notes(history.read_text()) == [note(1), note(5), note(9)]


@settings(max_examples=30)
@given(st.integers(0, 300))
def test_a_history_torn_by_a_crash_is_mended(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    target = FileTarget(folder / "checkpoint")
    target.publish(note(1))
    target.publish(note(2))
    history = folder / "checkpoint.history"
    whole = history.read_bytes()
    history.write_bytes(whole[: len(whole) - min(cut, len(whole))])
    target.publish(note(3))
    found = split_notes(history.read_text())
    assert found[-1] == note(3)
    assert [n for n in (note(1), note(2)) if n in found] == found[:-1]
    assert history.read_text() == "".join(f"{one}\n" for one in found)


@pytest.mark.needs("git")
def test_git_gets_one_commit_a_checkpoint_and_pushes(tmp_path: Path) -> None:
    remote, tree = tmp_path / "remote.git", tmp_path / "tree"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    GitTarget(tree).publish(note(1))
    subprocess.run(["git", "-C", str(tree), "remote", "add", "up", str(remote)], check=True)
    target = GitTarget(tree, "up")
    for size in (2, 2, 3):
        target.publish(note(size))
    log = ["git", "-C", str(remote), "log", "--format=%s", "--all"]
    subjects = subprocess.run(log, capture_output=True, text=True, check=True).stdout.splitlines()
    assert subjects == [f"{ORIGIN}: {size} events" for size in (3, 2, 1)]
    remote.rename(tmp_path / "gone")
    with pytest.raises(Outage, match="git push"):
        target.publish(note(4))
    (tmp_path / "gone").rename(remote)
    target.publish(note(4))
    assert subprocess.run(log, capture_output=True, text=True, check=True).stdout.count("\n") == 4


def test_a_url_gets_the_note_or_the_target_says_why(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    got: list[tuple[str, str, bytes]] = []
    status = 201

    def take(method: str, path: str, headers: object, body: bytes) -> tuple[int, bytes]:
        got.append((method, path, body))
        return status, b""

    with Web(take) as web:
        UrlTarget(Place(f"{web.url}/c/school")).publish(note(4))
        UrlTarget(Place(f"{web.url}/c/school"), "POST").publish(note(5))
        status = 500
        with pytest.raises(Outage, match="500"):
            UrlTarget(Place(web.url)).publish(note(6))
    assert got[0] == ("PUT", "/c/school", note(4).encode())
    assert got[1][0] == "POST"
    with pytest.raises(Outage, match="no answer"):
        UrlTarget(Place(f"http://127.0.0.1:{free_port()}")).publish(note(7))


def test_paper_is_a_file_a_checkpoint(tmp_path: Path) -> None:
    PaperTarget(tmp_path / "sheets", "fr").publish(note(12))
    names = sorted(path.name for path in (tmp_path / "sheets").iterdir())
    assert names == ["checkpoint-000000000012.svg", "checkpoint-000000000012.txt"]


def test_a_target_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target in (
        FileTarget(tmp_path / "file" / "x"),
        PaperTarget(tmp_path / "file" / "x"),
        GitTarget(tmp_path / "file" / "x"),
    ):
        with pytest.raises(Outage):
            target.publish(note(1))


def test_a_real_logs_checkpoint_is_what_its_words_say(tmp_path: Path) -> None:
    from proxy.audit.export import LogReader

    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(40)])
    newest = LogReader(tmp_path / "audit").newest()
    assert newest is not None
    assert from_words(to_words(newest), ORIGIN) == newest
