"""Values at rest: sealed under a key of their own, found by a keyed fingerprint.

A value is encrypted with AES-256-GCM under its reference's own key, made of ``site.key`` and of
``erasure.key`` (``erasable``). Forgetting a value destroys that key: copies of the row left in
backups are then noise, also for who holds all that is left of the keys. Reference and kind are
authenticated too, so no row can be moved to another reference.

Directory references are random: nothing recomputes them from a value. Vault references
(values outside the directory) are a keyed HMAC of kind and text, so that any worker finds
the same one without asking and a lost row comes back when its value is next seen.
"""

from __future__ import annotations

import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.errors import Erased, StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.keys import Keys

__all__ = ["ValueSealer", "canonical", "new_reference"]

_NONCE = 12
_CODES = {kind: bytes((kind.code,)) for kind in Kind}


def new_reference() -> int:
    """A random 64-bit reference for a directory value, never 0.

    The importer refuses one that is taken; among 10 million values that happens once in
    370,000 imports.
    """
    return secrets.randbits(64) or new_reference()


class ValueSealer:
    """Seals, opens and fingerprints values with one site's keys. Safe to share by threads."""

    __slots__ = ("_fingerprint_key", "_tree", "_vault_key")

    def __init__(self, keys: Keys) -> None:
        self._tree = keys.tree
        self._fingerprint_key = keys.fingerprint_key
        self._vault_key = keys.vault_key

    def __repr__(self) -> str:
        return "ValueSealer()"

    def fingerprint(self, kind: Kind, canonical_text: str) -> bytes:
        """16 bytes that find a value and reveal nothing without the site key."""
        message = bytes((kind.code,)) + _encode(canonical_text)
        return hmac.digest(self._fingerprint_key, message, "sha256")[:16]

    def source_key(self, source: str, identifier: str) -> bytes:
        """16 bytes that find a subject of a roster by its id there."""
        message = b"\x00" + _encode(f"{source}\x1f{identifier}")
        return hmac.digest(self._fingerprint_key, message, "sha256")[:16]

    @staticmethod
    def canonical(kind: Kind, text: str) -> str:
        """What spellings of one identifier have in common (``proxy.pseudonyms.canonical``)."""
        return canonical(kind, text)

    def vault_reference(self, kind: Kind, text: str, owner: int = 0, attempt: int = 0) -> int:
        """The reference of a text outside the directory; see ``proxy.pseudonyms.vault``."""
        head = bytes((kind.code, attempt)) + owner.to_bytes(8)
        digest = hmac.digest(self._vault_key, head + _encode(text), "sha256")
        return int.from_bytes(digest[:8]) or 1

    def place_tag(self, school: str, class_: str = "") -> int:
        """64 bits that say where a vault value was used, to who has the site's key."""
        digest = hmac.digest(self._vault_key, b"\xfe" + _encode(f"{school}\x1f{class_}"), "sha256")
        return int.from_bytes(digest[:8])

    def alias_place(self, service: str, shape: str, number: int) -> tuple[int, int]:
        """Where the vault keeps whose alias this is, and the alias's five digits of checksum."""
        message = b"\xff" + _encode(f"{service}\x1f{shape}\x1f{number}")
        digest = hmac.digest(self._vault_key, message, "sha256")
        return int.from_bytes(digest[:8]) or 1, int.from_bytes(digest[8:16]) % 100_000

    def seal_row(self, ref: int, kind: Kind, text: str) -> bytes:
        """A row of the vault."""
        return self.seal(ref, kind, text, in_vault=True)

    def open_row(self, ref: int, kind: Kind, row: bytes) -> str:
        """The inverse of ``seal_row``; raises as ``open`` does."""
        return self.open(ref, kind, row, in_vault=True)

    def seal(self, ref: int, kind: Kind, text: str, *, in_vault: bool = False) -> bytes:
        """The text under the value's own key, which comes from ``erasure.key`` (ADR 0012)."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher(ref).encrypt(nonce, _encode(text), _context(ref, kind, in_vault))
        return nonce + sealed

    def open(self, ref: int, kind: Kind, sealed: bytes, *, in_vault: bool = False) -> str:
        """The text; ``StoreUnavailable`` if it was altered, moved or made by another site.

        ``Erased`` if its key was destroyed: a backup brought the row back, or not all was deleted.
        """
        cipher = self._cipher(ref)
        try:
            context = _context(ref, kind, in_vault)
            return _decode(cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context))
        except (InvalidTag, ValueError) as error:
            raise StoreUnavailable(
                "a sealed value does not open: damaged store or another site's key; "
                "compare 'preau keys status' with your record, restore a backup"
            ) from error

    def seal_note(self, kind: str, ref: int, content: bytes) -> bytes:
        """What is noted about a reference: as unreadable as its value once it is erased."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher(ref).encrypt(nonce, content, _note_context(kind, ref))

    def open_note(self, kind: str, ref: int, sealed: bytes) -> bytes:
        """The inverse of ``seal_note``; raises as ``open`` does."""
        cipher = self._cipher(ref)
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _note_context(kind, ref))
        except (InvalidTag, ValueError) as error:
            raise StoreUnavailable("a sealed note does not open: damaged store?") from error

    def tombstone(self, fingerprint: bytes) -> int:
        """What is kept of an erased key of a person, to know it again: 64 keyed bits."""
        digest = hmac.digest(self._vault_key, b"\xfd" + fingerprint, "sha256")
        return int.from_bytes(digest[:8]) or 1

    def is_erased(self, ref: int) -> bool:
        """Whether this reference's key was destroyed."""
        return self._tree.is_forgotten(ref)

    def _cipher(self, ref: int) -> AESGCM:
        key = self._tree.key(ref)
        if key is None:
            raise Erased()
        return AESGCM(key)


def _note_context(kind: str, ref: int) -> bytes:
    return b"preau/1/note" + ref.to_bytes(8) + kind.encode()


def _context(ref: int, kind: Kind, in_vault: bool) -> bytes:
    table = b"preau/1/vault" if in_vault else b"preau/1/value"
    return table + ref.to_bytes(8) + _CODES[kind]


def _encode(text: str) -> bytes:
    """Lone surrogates are legal in JSON and must come back too."""
    return text.encode("utf-8", "surrogatepass")


def _decode(plain: bytes) -> str:
    return plain.decode("utf-8", "surrogatepass")
