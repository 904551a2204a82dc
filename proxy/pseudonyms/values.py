"""Values at rest: sealed under a key of their own, found by a keyed fingerprint.

A value is encrypted with AES-256-GCM under a random data key used for it alone; the data key
is wrapped with AES-256-GCM under the site's wrapping key. Forgetting a value destroys its
wrapped data key: copies of the sealed value left in a backup of the table are then noise,
also for who holds the site key. Reference and kind are authenticated with both, so no row
can be moved to another reference.

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

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.keys import Keys

__all__ = ["WRAPPED_BYTES", "ValueSealer", "canonical", "new_reference"]

_NONCE = 12
_KEY = 32
_TAG = 16
_CODES = {kind: bytes((kind.code,)) for kind in Kind}
WRAPPED_BYTES = _NONCE + _KEY + _TAG


def new_reference() -> int:
    """A random 64-bit reference for a directory value, never 0.

    The importer refuses one that is taken; among 10 million values that happens once in
    370,000 imports.
    """
    return secrets.randbits(64) or new_reference()


class ValueSealer:
    """Seals, opens and fingerprints values with one site's keys. Safe to share by threads."""

    __slots__ = ("_fingerprint_key", "_vault_key", "_wrapping")

    def __init__(self, keys: Keys) -> None:
        self._wrapping = AESGCM(keys.wrapping_key)
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
        """A row of the vault: the wrapped key, then what it seals."""
        sealed, wrapped = self.seal(ref, kind, text, in_vault=True)
        return wrapped + sealed

    def open_row(self, ref: int, kind: Kind, row: bytes) -> str:
        """The inverse of ``seal_row``; raises as ``open`` does."""
        return self.open(ref, kind, row[WRAPPED_BYTES:], row[:WRAPPED_BYTES], in_vault=True)

    def seal(
        self, ref: int, kind: Kind, text: str, *, in_vault: bool = False
    ) -> tuple[bytes, bytes]:
        """``(sealed, wrapped key)`` under a new data key."""
        context = _context(ref, kind, in_vault)
        fresh = os.urandom(_KEY + 2 * _NONCE)  # one call to the kernel, not three
        key, nonce, other = fresh[:_KEY], fresh[_KEY:-_NONCE], fresh[-_NONCE:]
        sealed = nonce + AESGCM(key).encrypt(nonce, _encode(text), context)
        return sealed, other + self._wrapping.encrypt(other, key, context)

    def open(
        self, ref: int, kind: Kind, sealed: bytes, wrapped: bytes, *, in_vault: bool = False
    ) -> str:
        """The text; ``StoreUnavailable`` if either was altered, moved or made by another site."""
        context = _context(ref, kind, in_vault)
        try:
            key = self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
            plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
        except (InvalidTag, ValueError) as error:
            raise StoreUnavailable(
                "a sealed value does not open: damaged store or another site's key; "
                "compare 'preau keys status' with your record, restore a backup"
            ) from error
        return _decode(plain)


def _context(ref: int, kind: Kind, in_vault: bool) -> bytes:
    table = b"preau/1/vault" if in_vault else b"preau/1/value"
    return table + ref.to_bytes(8) + _CODES[kind]


def _encode(text: str) -> bytes:
    """Lone surrogates are legal in JSON and must come back too."""
    return text.encode("utf-8", "surrogatepass")


def _decode(plain: bytes) -> str:
    return plain.decode("utf-8", "surrogatepass")
