"""Signed notes and their keys (C2SP signed-note), and checkpoints (C2SP tlog-checkpoint).

A checkpoint is three lines (origin, number of events, root hash in base64), an empty line
and a signature line. Whoever holds one can tell for ever whether a log is the one it was
taken from. Only Ed25519 (signature type 0x01) counts as the log's own signature; lines of
other keys (witnesses) are carried along and ignored here, as the specification asks.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from proxy.audit.errors import NoteError

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MOST_SIGNATURES = 64
# An attacker's public key of small order makes signatures that anyone can forge. The
# canonical encodings of those eight points have one of these y coordinates.
_SMALL_ORDER = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


def check_origin(name: str) -> str:
    """A key's name: not empty, no space, no ``+``, at most 255 bytes."""
    if not name or len(name.encode()) > 255 or not name.isprintable():
        raise NoteError("a log's origin must be 1 to 255 printable bytes")
    if "+" in name or any(character.isspace() for character in name):
        raise NoteError("a log's origin must hold neither a space nor '+'")
    return name


def _base64(text: str) -> bytes:
    """Canonical base64 only, as the specification demands."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteError("not canonical base64")
    return raw


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: what an auditor must hold to trust a log."""

    algorithm: ClassVar[bytes] = _ED25519
    """The signature type of the specification; witnesses' keys have another."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        text = self.name.encode() + b"\n" + self.algorithm + self.public
        return hashlib.sha256(text).digest()[:4]

    @cached_property
    def _ed25519(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(self.algorithm + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``name+id+base64`` (surrounding space is dropped)."""
        name, _, rest = text.strip().partition("+")
        identity, _, material = rest.partition("+")
        check_origin(name)
        raw = _base64(material)
        if len(raw) != 33 or raw[:1] != cls.algorithm:
            raise NoteError(
                f"verifier key of {name}: not an Ed25519 key of type {cls.algorithm.hex()}"
            )
        if raw[1:32] + bytes([raw[32] & 0x7F]) in _SMALL_ORDER:
            raise NoteError(f"verifier key of {name}: signatures under this key can be forged")
        key = cls(name, raw[1:])
        if key.key_id.hex() != identity.lower():
            raise NoteError(f"verifier key of {name}: its id does not belong to it")
        return key

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``text``."""
        try:
            self._ed25519.verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note that this key signed."""
        return open_checkpoint(note, self)


class Trust(Protocol):
    """Whose checkpoints are believed: one key, or a log's keys in their order (``KeyRing``)."""

    @property
    def name(self) -> str:
        """The log's origin."""

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in ``note``, verified. Raises ``NoteError``."""


class Signer:
    """The private half: signs note texts."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.key = VerifierKey(check_origin(name), private.public_key().public_bytes_raw())
        self._private = private

    def sign(self, text: str) -> str:
        """The whole note for ``text``."""
        return f"{text}\n{signature_line(self.key, self._private.sign(text.encode()))}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root hash, as signed."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """The line, newline and all, that says ``signature`` is ``key``'s."""
    return f"{_DASH}{key.name} {_encode(key.key_id + signature)}\n"


def signatures_of(note: str, key: VerifierKey) -> list[bytes]:
    """The signatures that claim to be ``key``'s; ``open_note`` says whether they hold."""
    found = []
    for line in note[note.rfind("\n\n") + 2 :].splitlines():
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        if name == key.name and (raw := _base64(blob))[:4] == key.key_id:
            found.append(raw[4:])
    return found


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note, once the signature of ``key`` over it is found good."""
    cut = note.rfind("\n\n")
    if cut < 0 or not note.endswith("\n"):
        raise NoteError("not a signed note")
    text, lines = note[: cut + 1], note[cut + 2 : -1].split("\n")
    if len(lines) > _MOST_SIGNATURES or any(ord(c) < 32 and c != "\n" for c in note):
        raise NoteError("not a signed note")
    good = False
    for line in lines:
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not name or not blob:
            raise NoteError("malformed signature line")
        raw = _base64(blob)
        if name == key.name and raw[:4] == key.key_id:
            if not key.verify(text.encode(), raw[4:]):
                raise NoteError(f"the signature of {key.name} does not hold")
            good = True
    if not good:
        raise NoteError(f"it bears no signature of {key.name} (key id {key.key_id.hex()})")
    return text


def count_signers(note: str, keys: Iterable[VerifierKey]) -> int:
    """How many of these keys signed ``note``; a key that stands twice is one."""
    count = 0
    for key in {key.public: key for key in keys}.values():
        with contextlib.suppress(NoteError):
            open_note(note, key)
            count += 1
    return count


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, verified."""
    checkpoint = parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise NoteError("not a checkpoint of this log")
    return checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note. Nothing is verified here."""
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise NoteError("not a checkpoint of this log")
    size, root = lines[1], _base64(lines[2])
    decimal = size.isascii() and size.isdigit() and len(size) <= 19 and str(int(size)) == size
    if not decimal or len(root) != 32:
        raise NoteError("malformed checkpoint")
    return Checkpoint(lines[0], int(size), root)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
