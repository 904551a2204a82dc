"""What the directory asks of the keys: the seam to ``proxy.pseudonyms.values``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from proxy.kinds import Kind

if TYPE_CHECKING:
    from proxy.pseudonyms.keys import Keys

NAME_SEPARATOR = "\x1f"
"""Between given and family name in the canonical text of a ``full_name``."""


class ValueSealer(Protocol):
    """Canonical texts, keyed fingerprints, and sealing under a key of each value's own."""

    def canonical(self, kind: Kind, text: str, /) -> str:
        """What spellings of one identifier have in common; keeps ``NAME_SEPARATOR``."""

    def fingerprint(self, kind: Kind, canonical_text: str, /) -> bytes:
        """16 bytes that find a value and reveal nothing without the site's key."""

    def source_key(self, source: str, identifier: str, /) -> bytes:
        """16 bytes that find a subject of a source by its id there."""

    def seal(self, ref: int, kind: Kind, text: str, /) -> tuple[bytes, bytes]:
        """``(sealed, wrapped key)``."""

    def open(self, ref: int, kind: Kind, sealed: bytes, wrapped: bytes, /) -> str:
        """The canonical text; ``StoreUnavailable`` if it cannot be opened."""


class SiteSealer:
    """``ValueSealer`` under a site's keys."""

    def __init__(self, keys: Keys) -> None:
        from proxy.pseudonyms import values

        self._values = values.ValueSealer(keys)
        self.canonical = values.canonical
        self.fingerprint = self._values.fingerprint
        self.seal = self._values.seal
        self.open = self._values.open

    def __repr__(self) -> str:
        return "SiteSealer()"

    def source_key(self, source: str, identifier: str, /) -> bytes:
        """A fingerprint of kind ``text``, a kind that no directory value has."""
        return self._values.fingerprint(Kind.TEXT, f"source\x1f{source}\x1f{identifier}")
