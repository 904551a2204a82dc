"""Cosignatures (C2SP tlog-cosignature, Ed25519 type): a witness's word, with the time.

The signed message is ``cosignature/v1``, ``time N`` and the checkpoint's three lines; the
signature in the note is the time in eight bytes, then the Ed25519 signature. The type with
post-quantum keys (ML-DSA-44) is not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit.note import VerifierKey, check_origin, open_note, signature_line, signatures_of

_TIME = 8
_LATEST = 2**63 - 1


@dataclass(frozen=True)
class WitnessKey(VerifierKey):
    """A witness's public key with its name."""

    algorithm: ClassVar[bytes] = b"\x04"

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (time and all) is this witness's over ``text``."""
        time = int.from_bytes(signature[:_TIME])
        if len(signature) != _TIME + 64 or time > _LATEST:
            return False
        return super().verify(_message(time, text), signature[_TIME:])


class WitnessSigner:
    """The private half."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.key = WitnessKey(check_origin(name), private.public_key().public_bytes_raw())
        self._private = private

    def cosign(self, text: str, time: int) -> str:
        """The signature line over a checkpoint's text, as of ``time`` (Unix seconds)."""
        signature = self._private.sign(_message(time, text.encode()))
        return signature_line(self.key, time.to_bytes(_TIME) + signature)


def _message(time: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + text


def cosigned_at(note: str, key: WitnessKey) -> int:
    """When this witness signed ``note``. Raises ``NoteError`` when it did not."""
    open_note(note, key)
    return max(int.from_bytes(signature[:_TIME]) for signature in signatures_of(note, key))
