"""Signed notes against an implementation that nobody here wrote, and against forgers."""

from __future__ import annotations

import aics_tlog
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit.errors import NoteError
from proxy.audit.note import Checkpoint, Signer, VerifierKey, check_origin, open_checkpoint

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer("preau.example/test", PRIVATE)
NOTE = SIGNER.sign(Checkpoint("preau.example/test", 7, b"r" * 32).text())


def test_our_checkpoints_satisfy_the_oracle() -> None:
    key = aics_tlog.parse_vkey(str(SIGNER.key))
    note = aics_tlog.parse_note(NOTE)
    assert aics_tlog.verify_note(note, [key])
    theirs = aics_tlog.parse_checkpoint(note.text)
    assert (theirs.origin, theirs.size, theirs.root) == ("preau.example/test", 7, b"r" * 32)


def test_the_oracles_checkpoints_satisfy_us() -> None:
    theirs = aics_tlog.sign_checkpoint(
        aics_tlog.Checkpoint("preau.example/test", 7, b"r" * 32), PRIVATE, "preau.example/test"
    )
    assert theirs.serialise() == NOTE
    key = aics_tlog.format_vkey(
        aics_tlog.vkey_from_ed25519("preau.example/test", PRIVATE.public_key())
    )
    assert key == str(SIGNER.key)
    assert open_checkpoint(NOTE, VerifierKey.parse(key)).size == 7


def test_witness_lines_are_carried_along() -> None:
    witness = Signer("witness.example", Ed25519PrivateKey.generate())
    line = witness.sign(NOTE.split("\n\n")[0] + "\n").split("\n\n")[1]
    assert open_checkpoint(NOTE + line, SIGNER.key).size == 7
    with pytest.raises(NoteError, match="bears no signature"):
        open_checkpoint(NOTE.split("\n\n")[0] + "\n\n" + line, SIGNER.key)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(place: int, flip: int) -> None:
    data = bytearray(NOTE.encode())
    data[place] ^= flip
    with pytest.raises(NoteError):
        open_checkpoint(data.decode(errors="replace"), SIGNER.key)


def test_another_key_of_the_same_name_is_refused() -> None:
    other = Signer("preau.example/test", Ed25519PrivateKey.generate())
    with pytest.raises(NoteError, match="bears no signature"):
        open_checkpoint(NOTE, other.key)


@pytest.mark.parametrize(
    "text",
    [
        "other.example\n7\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "preau.example/test\n07\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "preau.example/test\n-7\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "preau.example/test\n٧\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n",
        "preau.example/test\n7\ncnI=\n",
        "preau.example/test\n7\n",
    ],
)
def test_signed_nonsense_is_still_nonsense(text: str) -> None:
    with pytest.raises(NoteError):
        open_checkpoint(SIGNER.sign(text), SIGNER.key)


@pytest.mark.parametrize("text", ["", "no note", "a\n\n", "a\n\nb\n", "a\n\n— \n", "a\n\n— x y\n"])
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        open_checkpoint(text, SIGNER.key)


def test_keys_must_be_sound() -> None:
    good = str(SIGNER.key)
    name, identity, material = good.split("+", 2)
    weak = VerifierKey(name, b"\x01" + bytes(31))
    for bad in (
        str(weak),
        good.replace(identity, "00000000"),
        f"{name}+{identity}+AAAA",
        f"{name}+{identity}+{material[:-1]}",
        "x",
        "",
    ):
        with pytest.raises(NoteError):
            VerifierKey.parse(bad)
    assert VerifierKey.parse(f" {good}\n") == SIGNER.key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "x" * 256])
def test_an_origin_is_one_word(name: str) -> None:
    with pytest.raises(NoteError):
        check_origin(name)
