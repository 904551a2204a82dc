"""The keys that sign a log, one after the other, each brought in by the one before.

A log keeps its origin for ever; its signing key may change. The old key's last act is to
sign a checkpoint over a ``key-rotated`` event that names the new public key. The proof of
that event (C2SP tlog-proof, ``keys/00000002.tlog-proof``) is the *hand-over*: who trusts
the first key needs nothing else to trust the second. From the size of that checkpoint on
only the new key counts, so a key stolen after it was retired can sign nothing new.

Whoever was given a later key trusts that one (the *anchor*) and its successors. What
earlier keys signed is then still read in the history, where the hashes under the newest
checkpoint judge it, but is never enough by itself: anybody can make up a first key.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from proxy.audit.errors import NoteError
from proxy.audit.layout import Layout
from proxy.audit.note import Checkpoint, VerifierKey, open_checkpoint
from proxy.audit.proofs import verify_proof


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A log's keys, oldest first."""

    keys: tuple[VerifierKey, ...]
    handed_over: tuple[int, ...] = ()
    """The size at which each key but the newest stopped signing."""
    anchor: int = 0
    """The first key that is trusted by itself."""

    @property
    def name(self) -> str:
        """The log's origin."""
        return self.keys[0].name

    @property
    def newest(self) -> VerifierKey:
        """The key that signs now."""
        return self.keys[-1]

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in ``note``, signed by a trusted key of the time."""
        return self._open(note, self.anchor)

    def open_past(self, note: str) -> Checkpoint:
        """The same of any key of the time: for what the hashes judge besides."""
        return self._open(note, 0)

    def _open(self, note: str, first: int) -> Checkpoint:
        failure = NoteError("it bears no signature of a key that is trusted")
        for place in range(len(self.keys) - 1, first - 1, -1):
            try:
                found = open_checkpoint(note, self.keys[place])
            except NoteError as error:
                failure = error
                continue
            since = self.handed_over[place - 1] if place else 0
            if found.size < since or (
                place < len(self.handed_over) and found.size > self.handed_over[place]
            ):
                raise NoteError(f"a key signed it that was not in force at size {found.size}")
            return found
        raise failure


def read_ring(layout: Layout, trusted: VerifierKey | None = None) -> KeyRing:
    """The keys of the log in ``layout``. Raises ``NoteError`` when they do not follow from
    each other, or when ``trusted`` is none of them."""
    first = VerifierKey.parse(layout.public_key.read_text())
    keys, sizes = [first], []
    for path in sorted(layout.keys.glob("*.tlog-proof")):
        key, size = _hand_over(path.read_text(), keys[-1])
        keys.append(key)
        sizes.append(size)
    if trusted is not None and trusted not in keys:
        raise NoteError(f"{layout.public_key} and {layout.keys} do not lead to the key given")
    return KeyRing(tuple(keys), tuple(sizes), 0 if trusted is None else keys.index(trusted))


def _hand_over(proof: str, old: VerifierKey) -> tuple[VerifierKey, int]:
    """The key that ``proof`` brings in, and the size up to which the old one may sign."""
    proven = verify_proof(proof, old)
    event = orjson.loads(proven.line)
    if event.get("type") != "key-rotated" or event.get("key") != "audit":
        raise NoteError("the hand-over of a signing key is another event")
    try:
        key = VerifierKey(old.name, bytes.fromhex(event["public_key"]))
    except (KeyError, ValueError):
        raise NoteError("the hand-over of a signing key names no key") from None
    return VerifierKey.parse(str(key)), proven.checkpoint.size
